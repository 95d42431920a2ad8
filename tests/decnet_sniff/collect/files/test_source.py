# SPDX-License-Identifier: MIT
"""A log is read whole and in order, whatever rotation, truncation and restarts do to its files."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.examples import examples

from decnet_sniff.collect.files.positions import FilePosition, Positions
from decnet_sniff.collect.files.source import FileSource

LINGER = 10**12
Key = tuple[str, int, bytes]


class Reader:
    """A source as the worker drives it; what it read is kept by what event ids are made of."""

    def __init__(self, pattern: Path | str, linger: int = LINGER) -> None:
        self.pattern = str(pattern)
        self.linger = linger
        self.lines: list[bytes] = []
        self.keys: set[Key] = set()
        self.source = FileSource(self.pattern, [], linger)

    def read(self, later: int = 0) -> list[bytes]:
        """Look and read all; return the lines that have new ids."""
        fresh = []
        now = time.time_ns() + later
        while True:
            self.source.look(now)
            while (found := self.source.next_lines(now)) is not None:
                follower, lines = found
                for line in lines:
                    key = (follower.head, line.offset, line.text)
                    if key not in self.keys:
                        self.keys.add(key)
                        fresh.append(line.text)
            if not self.source.waiting:
                self.lines += fresh
                return fresh

    def restart(self) -> None:
        saved = msgspec.json.decode(msgspec.json.encode(self.source.positions()), type=list[FilePosition])
        self.source.close()
        self.source = FileSource(self.pattern, saved, self.linger)


def append(path: Path, text: bytes) -> None:
    with path.open("ab") as file:
        file.write(text)


def rotate(path: Path, *, copy: bool = False) -> None:
    """Do as logrotate does: x.1 becomes x.2, x becomes x.1."""
    number = 1
    while Path(f"{path}.{number}").exists():
        number += 1
    for older in range(number, 1, -1):
        Path(f"{path}.{older - 1}").rename(f"{path}.{older}")
    if copy:
        shutil.copyfile(path, f"{path}.1")
        os.truncate(path, 0)
    else:
        path.rename(f"{path}.1")
        path.touch()


def test_lines_are_read_as_they_are_written(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    reader = Reader(log)
    assert reader.read() == []
    append(log, b"one\ntw")
    assert reader.read() == [b"one"]
    append(log, b"o\nthree\n")
    assert reader.read() == [b"two", b"three"]
    assert reader.read() == []


def test_rotated_file_is_finished_before_the_new_one_is_begun(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    reader = Reader(log)
    append(log, b"one\n")
    reader.read()
    append(log, b"two\n")
    rotate(log)
    append(log, b"three\n")
    assert reader.read() == [b"two", b"three"]


def test_lines_that_a_program_still_writes_to_the_rotated_file_are_read(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    reader = Reader(log)
    append(log, b"one\n")
    reader.read()
    rotate(log)
    append(log, b"three\n")
    assert reader.read() == [b"three"]
    append(tmp_path / "x.log.1", b"two\n")
    assert reader.read() == [b"two"]
    assert reader.read(2 * LINGER) == []
    append(log, b"four\n")
    assert reader.read() == [b"four"]


def test_last_line_without_line_feed_is_read_when_its_file_is_over(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    reader = Reader(log)
    append(log, b"one\nunfinished")
    reader.read()
    log.unlink()
    assert reader.read() == []
    assert reader.read(2 * LINGER) == [b"unfinished"]
    assert reader.source.positions() == []


@pytest.fixture
def volumes(tmp_path: Path) -> Iterator[list[Path]]:
    """Two file systems, each of which counts its files from the beginning."""
    places = [tmp_path / "a", tmp_path / "b"]
    with contextlib.ExitStack() as stack:
        for place in places:
            place.mkdir()
            done = subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(place)], capture_output=True, check=False)
            if done.returncode:
                pytest.skip(f"cannot mount a tmpfs here: {done.stderr.decode()}")
            stack.callback(subprocess.run, ["umount", "-l", str(place)], check=True)
        yield places


def test_files_of_several_file_systems_may_have_the_same_number(tmp_path: Path, volumes: list[Path]) -> None:
    logs = [place / "x.log" for place in volumes]
    for log in logs:
        append(log, b"one of %b\n" % log.parent.name.encode())
    assert len({log.stat().st_ino for log in logs}) == 1
    reader = Reader(tmp_path / "*" / "x.log")
    assert len(reader.read()) == 2
    reader.restart()
    reader.keys.clear()  # to see what is read a second time
    for log in logs:
        append(log, b"two of %b\n" % log.parent.name.encode())
    assert sorted(reader.read()) == [b"two of a", b"two of b"]
    reader.restart()
    append(logs[0], b"three of a\n")
    rotate(logs[0])  # while nobody looks: it leaves the pattern, and the other file still has its number
    assert reader.read() == [b"three of a"]


def test_truncated_file_is_read_from_its_start(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    reader = Reader(log)
    append(log, b"one\ntwo\n")
    reader.read()
    log.write_bytes(b"three\n")
    assert reader.read() == [b"three"]
    assert reader.source.counts["truncated"] == 1


def test_truncated_file_that_grew_longer_than_before_is_noticed(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    reader = Reader(log)
    append(log, b"one\n")
    reader.read()
    log.write_bytes(b"another first line\nand a second\n")
    assert reader.read() == [b"another first line", b"and a second"]


def test_copytruncate_loses_nothing_that_the_copy_has(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    reader = Reader(log)
    append(log, b"one\n")
    reader.read()
    append(log, b"two\n")
    rotate(log, copy=True)
    append(log, b"three, longer than all before\n")
    assert reader.read() == [b"two", b"three, longer than all before"]


def test_hole_of_a_cut_log_is_passed_over(tmp_path: Path) -> None:
    """A program that does not append goes on at its old offset; what is before reads as NUL."""
    log = tmp_path / "x.log"
    reader = Reader(log)
    with log.open("wb", buffering=0) as file:
        file.write(b"one\n" * 100_000)
        assert len(reader.read()) == 100_000
        os.truncate(log, 0)
        file.write(b"two\n")
        assert reader.read() == [b"two"]


@pytest.mark.parametrize("pattern", ["x.log", "x.log*"])
def test_nothing_is_lost_or_doubled_over_a_restart_with_rotations(tmp_path: Path, pattern: str) -> None:
    log = tmp_path / "x.log"
    reader = Reader(tmp_path / pattern)
    append(log, b"one\n")
    reader.read()
    append(log, b"two\n")
    for text in (b"three\n", b"four\n", b"five\n"):
        rotate(log)
        append(log, text)
    reader.restart()
    assert reader.read() == [b"two", b"three", b"four", b"five"]
    reader.restart()
    assert reader.read() == []


def test_reused_inode_is_not_mistaken_for_the_old_file(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    reader = Reader(log)
    append(log, b"one\ntwo\n")
    reader.read()
    position = reader.source.positions()[0]
    reader.source.close()
    log.write_bytes(b"ten\nsix\nmore\n")  # the same inode, the same length and more, other lines
    reader.source = FileSource(str(log), [position])
    assert reader.read() == [b"ten", b"six", b"more"]


def test_removed_unread_file_is_counted_as_lost(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    reader = Reader(log)
    append(log, b"one\nunfinished")
    reader.read()
    reader.restart()
    log.unlink()
    reader.read()
    assert reader.source.counts["lost"] == 1


def test_years_of_parts_are_read_in_order_with_few_open_files(tmp_path: Path) -> None:
    for day in range(60):
        part = tmp_path / f"x.log.2025-{day // 28 + 1:02}-{day % 28 + 1:02}"
        part.write_bytes(b"day %d\n" % day)
        os.utime(part, (10**9 + day, 10**9 + day))
    append(tmp_path / "x.log", b"today\n")
    before = len(list(Path("/proc/self/fd").iterdir()))
    reader = Reader(tmp_path / "x.log*")
    assert reader.read() == [*(b"day %d" % day for day in range(60)), b"today"]
    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 6
    assert len(reader.source.positions()) == 61
    reader.restart()
    assert reader.read() == []
    append(tmp_path / "x.log.2025-01-01", b"late\n")
    assert reader.read() == [b"late"]
    reader.source.close()


def test_compressed_parts_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "x.log.2.gz").write_bytes(b"\x1f\x8b\n")
    append(tmp_path / "x.log", b"one\n")
    assert Reader(tmp_path / "x.log*").read() == [b"one"]


def test_several_logs_take_turns(tmp_path: Path) -> None:
    for name in ("a.log", "b.log"):
        append(tmp_path / name, b"x" * 50 + b"\n" + b"y" * 40 + b"\n" * 5000)
    source = FileSource(str(tmp_path / "*.log"), [])
    source.look(time.time_ns())
    seen = []
    while (found := source.next_lines(time.time_ns())) is not None:
        seen.append(Path(found[0].path).name)
    assert seen == ["a.log", "b.log"]
    source.close()


def test_unreadable_file_does_not_stop_the_others(tmp_path: Path) -> None:
    (tmp_path / "a.log").symlink_to("a.log")
    (tmp_path / "b.log").mkdir()
    os.mkfifo(tmp_path / "c.log")
    append(tmp_path / "d.log", b"one\n")
    assert Reader(tmp_path / "*.log").read() == [b"one"]


def test_overlong_line_is_skipped_and_reported(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    append(log, b"one\n" + b"x" * 10_000_000)
    source = FileSource(str(log), [])
    source.look(time.time_ns())
    lines = []
    while (found := source.next_lines(time.time_ns())) is not None:
        lines += found[1]
    assert [line.text for line in lines] == [b"one"]
    append(log, b"x\ntwo\n")
    while (found := source.next_lines(time.time_ns())) is not None:
        lines += found[1]
    assert [(line.offset, line.size, len(line.text)) for line in lines[1:]] == [
        (4, 10_000_001, 4096),
        (10_000_006, 3, 3),
    ]
    assert [line.overlong for line in lines] == [False, True, False]
    source.close()


def test_positions_survive_and_garbage_is_no_position(tmp_path: Path) -> None:
    file = tmp_path / "positions" / "collect.json"
    positions = Positions(file, dict[str, list[FilePosition]])
    assert positions.load() == {}
    saved = {"web": [FilePosition("/x", 7, 9, "ab", 2, "cd", 1, 10)]}
    positions.save(saved)
    assert Positions(file, dict[str, list[FilePosition]]).load() == saved
    file.write_bytes(b"\xff{")
    assert Positions(file, dict[str, list[FilePosition]]).load() == {}


class Program:
    """A program that writes a log, and what rotates it; knows every line that a reader must find."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self.log.touch()
        self.lines: list[bytes] = []
        self._partial = b""
        self._pieces = itertools.count()

    def append(self) -> None:
        line = b"line %d" % len(self.lines)
        append(self.log, line + b"\n")
        self.lines.append(self._partial + line)
        self._partial = b""

    def partial(self) -> None:
        piece = b"half %d " % next(self._pieces)
        append(self.log, piece)
        self._partial += piece

    def late(self) -> None:
        """Write to the part that was rotated last, as a program does that was not told."""
        part = Path(f"{self.log}.1")
        if part.exists() and part.read_bytes()[-1:] in (b"", b"\n"):
            append(part, b"line %d\n" % len(self.lines))
            self.lines.append(b"line %d" % len(self.lines))

    def rename(self) -> None:
        self.end_line()
        rotate(self.log)

    def copytruncate(self) -> None:
        if self._partial:
            self.append()
        rotate(self.log, copy=True)

    def end_line(self) -> None:
        """What has no line feed yet will never have one."""
        if self._partial:
            self.lines.append(self._partial)
            self._partial = b""


OPERATIONS = ("append", "partial", "late", "rename", "copytruncate", "read", "restart")


@settings(max_examples=examples(150), deadline=None)
@given(
    operations=st.lists(st.sampled_from(OPERATIONS), min_size=1, max_size=30),
    pattern=st.sampled_from(("x.log", "x.log*")),
)
def test_any_history_gives_every_line_exactly_once(operations: list[str], pattern: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        program = Program(Path(name) / "x.log")
        reader = Reader(Path(name) / pattern)
        reader.read()
        for operation in operations:
            getattr(reader if operation in {"read", "restart"} else program, operation)()
        reader.read(3 * LINGER)
        program.end_line()
        for part in Path(name).iterdir():
            part.unlink()
        reader.read(3 * LINGER)
        reader.read(5 * LINGER)
        reader.source.close()
        assert sorted(reader.lines) == sorted(program.lines)
