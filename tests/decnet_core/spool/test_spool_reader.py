# SPDX-License-Identifier: MIT
"""Whatever writers leave behind, a reader sees every whole line exactly once, in order."""

from __future__ import annotations

import os
import tempfile
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet_core.events.codec import MAX_LINE_BYTES, decode
from decnet_core.spool import segments
from decnet_core.spool.positions import START, Position
from decnet_core.spool.reader import ReadResult, SpoolReader, look
from decnet_core.spool.settings import SpoolSettings
from decnet_core.spool.writer import SpoolWriter


def put(directory: Path, number: int, content: bytes) -> None:
    directory.mkdir(exist_ok=True)
    segments.path_of(directory, number).write_bytes(content)


lines = st.lists(st.binary(max_size=40).map(lambda text: text.replace(b"\n", b"")), max_size=8)
torn = st.binary(max_size=20).map(lambda text: text.replace(b"\n", b""))
files = st.lists(st.tuples(lines, torn), min_size=1, max_size=5)


@given(files=files, max_lines=st.integers(1, 5), max_bytes=st.integers(1, 60))
def test_any_limits_see_every_whole_line_once(
    files: list[tuple[list[bytes], bytes]], max_lines: int, max_bytes: int
) -> None:
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name) / "spool"
        directory.mkdir()
        for number, (whole, tail) in enumerate(files, start=1):
            put(directory, number, b"".join(line + b"\n" for line in whole) + tail)
        reader = SpoolReader(directory, "ingest")
        found: list[bytes] = []
        torn_count, position = 0, START
        while True:
            batch = reader.read(position, max_lines, max_bytes)
            found += batch.lines
            torn_count += batch.torn
            assert len(batch.lines) <= max_lines
            if batch.next == position:
                break
            position = batch.next
        assert found == [line for whole, _ in files for line in whole]
        assert torn_count == sum(bool(tail) for _, tail in files[:-1])
        assert position.segment == len(files)
        assert reader.lag_bytes(position) == len(files[-1][1])


@given(cut=st.integers(0, 800))
def test_writer_killed_at_any_byte_leaves_whole_lines_only(cut: int) -> None:
    from decnet_core.events.catalogue import CommandRun
    from decnet_core.events.envelope import Event
    from decnet_core.events.ids import uuid7

    def event(number: int) -> Event:
        return Event(id=uuid7(number), ts=number, sensor="s", payload=CommandRun("ssh", "é\n" * 5))

    with tempfile.TemporaryDirectory() as name:
        directory = Path(name) / "spool"
        directory.mkdir()
        writer = SpoolWriter(directory, SpoolSettings(fsync="off"))
        for number in range(5):
            writer.append(event(number))
        writer.close()
        path = segments.path_of(directory, 1)
        content = path.read_bytes()[:cut]
        path.write_bytes(content)
        writer = SpoolWriter(directory, SpoolSettings(fsync="off"))
        writer.append(event(99))
        writer.close()
        batch = SpoolReader(directory, "ingest").read(START)
        assert [decode(line).ts for line in batch.lines] == [*range(content.count(b"\n")), 99]
        assert batch.torn == (not content.endswith(b"\n") and bool(content))


def test_unfinished_last_line_is_waited_for(tmp_path: Path) -> None:
    put(tmp_path, 1, b"one\ntw")
    reader = SpoolReader(tmp_path, "ingest")
    batch = reader.read(START)
    assert (batch.lines, batch.torn) == ([b"one"], 0)
    put(tmp_path, 1, b"one\ntwo\n")
    assert reader.read(batch.next).lines == [b"two"]


def test_reader_waits_at_the_end_and_follows_into_the_next_segment(tmp_path: Path) -> None:
    put(tmp_path, 1, b"one\n")
    reader = SpoolReader(tmp_path, "ingest")
    end = reader.read(START).next
    assert end == Position(1, 4)
    assert reader.read(end).next == end
    put(tmp_path, 2, b"")
    assert reader.read(end).next == Position(2, 0)


def test_position_beyond_the_end_moves_on(tmp_path: Path) -> None:
    """Power failed after lines were read and before they were on the disk."""
    put(tmp_path, 1, b"one\n")
    reader = SpoolReader(tmp_path, "ingest")
    lost = Position(1, 400)
    assert reader.read(lost).next == lost
    assert reader.lag_bytes(lost) == 0
    put(tmp_path, 2, b"two\n")
    assert reader.read(lost).lines == [b"two"]


def test_removed_segments_are_skipped_and_counted(tmp_path: Path) -> None:
    put(tmp_path, 2, b"two\n")
    put(tmp_path, 5, b"five\n")
    reader = SpoolReader(tmp_path, "ingest")
    first = reader.read(START)
    assert (first.lines, first.missing) == ([b"two", b"five"], 2)
    assert reader.read(Position(1, 3)).missing == 3
    assert reader.read(Position(5, 0)).missing == 0


def test_empty_or_absent_spool_has_nothing(tmp_path: Path) -> None:
    reader = SpoolReader(tmp_path / "none", "ingest")
    batch = reader.read(START)
    assert (batch.lines, batch.next) == ([], START)


def read_both(directory: Path, position: Position = START) -> ReadResult:
    """Read with the usual limits, with a reader and without."""
    found = SpoolReader(directory, "ingest").read(position)
    assert look(directory, position) == found
    return found


def test_a_batch_is_a_thousand_lines_unless_told_otherwise(tmp_path: Path) -> None:
    put(tmp_path, 1, b"x\n" * 1200)
    assert len(read_both(tmp_path).lines) == 1000
    assert read_both(tmp_path).next == Position(1, 2000)


def test_a_batch_is_four_mib_unless_told_otherwise(tmp_path: Path) -> None:
    line = b"x" * ((1 << 20) - 1)
    put(tmp_path, 1, (line + b"\n") * 6)
    assert read_both(tmp_path).lines == [line] * 4


@pytest.mark.parametrize(("limit", "lines"), [(1, 1), (2, 1), (3, 2), (99, 50), (100, 50), (101, 51)])
def test_a_batch_ends_with_the_line_that_reaches_the_limit_of_bytes(tmp_path: Path, limit: int, lines: int) -> None:
    put(tmp_path, 1, b"x\n" * 200)
    assert look(tmp_path, START, 1000, limit).lines == [b"x"] * lines


def test_a_limit_of_nothing_reads_nothing(tmp_path: Path) -> None:
    put(tmp_path, 1, b"x\n")
    assert (look(tmp_path, START, 0).lines, look(tmp_path, START, 1, 0).lines) == ([], [])


def test_empty_lines_are_lines(tmp_path: Path) -> None:
    put(tmp_path, 1, b"\n")
    put(tmp_path, 2, b"\n\nx\n\n")
    assert read_both(tmp_path).lines == [b"", b"", b"", b"x", b""]


@pytest.mark.parametrize("size", [(16 << 10) - 1, 16 << 10, 20_000, MAX_LINE_BYTES])
def test_a_line_is_whole_however_few_bytes_are_wanted(tmp_path: Path, size: int) -> None:
    put(tmp_path, 1, b"x" * size + b"\nnext\n")
    found = look(tmp_path, START, 10, 1)
    assert [len(line) for line in found.lines] == [size]
    assert look(tmp_path, found.next, 10, 1).lines == [b"next"]


def test_a_segment_that_goes_while_it_is_its_turn_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in (1, 2, 3):
        put(tmp_path, number, b"%d\n" % number)
    reader, listing = SpoolReader(tmp_path, "ingest"), segments.sizes

    def then_remove(directory: Path) -> dict[int, int]:
        found = listing(directory)
        segments.path_of(directory, 2).unlink(missing_ok=True)
        return found

    monkeypatch.setattr(segments, "sizes", then_remove)
    batch = reader.read(START)
    assert (batch.lines, batch.missing, batch.next) == ([b"1", b"3"], 1, Position(3, 2))


def test_reading_leaves_no_file_open(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        put(tmp_path, number, b"%d\n" % number)
    before = len(os.listdir("/proc/self/fd"))
    for limit in (1, 2, 100):
        look(tmp_path, START, limit)
    assert len(os.listdir("/proc/self/fd")) <= before


@pytest.mark.parametrize("size", [MAX_LINE_BYTES, MAX_LINE_BYTES + 1, 10_000_000])
def test_overlong_line_is_passed_in_bounded_memory(tmp_path: Path, size: int) -> None:
    put(tmp_path, 1, b"one\n" + b"x" * size + b"\ntwo\n")
    reader = SpoolReader(tmp_path, "ingest")
    tracemalloc.start()
    batch = reader.read(START, max_bytes=100_000_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    if size <= MAX_LINE_BYTES:
        assert [len(line) for line in batch.lines] == [3, size, 3]
        return
    assert batch.lines == [b"one", b"two"]
    (overlong,) = batch.overlong
    assert (overlong.position, overlong.size, overlong.head) == (Position(1, 4), size, b"x" * 256)
    assert peak < 5 * MAX_LINE_BYTES


def test_overlong_line_without_an_end_is_waited_for_or_torn(tmp_path: Path) -> None:
    put(tmp_path, 1, b"one\n" + b"x" * (MAX_LINE_BYTES * 2))
    reader = SpoolReader(tmp_path, "ingest")
    batch = reader.read(START)
    assert (batch.lines, batch.next, batch.torn) == ([b"one"], Position(1, 4), 0)
    put(tmp_path, 2, b"two\n")
    batch = reader.read(batch.next)
    assert (batch.lines, batch.torn) == ([b"two"], 1)


def test_acknowledgement_survives_reopening(tmp_path: Path) -> None:
    SpoolReader(tmp_path, "ingest").acknowledge(Position(3, 17))
    reopened = SpoolReader(tmp_path, "ingest")
    assert reopened.acknowledged() == Position(3, 17)
    assert SpoolReader(tmp_path, "forwarder").acknowledged() == START


def test_lag_is_what_is_left_to_read(tmp_path: Path) -> None:
    put(tmp_path, 1, b"x" * 10)
    put(tmp_path, 3, b"x" * 5)
    reader = SpoolReader(tmp_path, "ingest")
    assert [reader.lag_bytes(Position(*at)) for at in ((0, 0), (1, 4), (2, 0), (3, 5), (9, 0))] == [15, 11, 5, 0, 0]


def test_foreign_files_in_the_directory_are_ignored(tmp_path: Path) -> None:
    for name in ("notes.txt", "x.jsonl", "\uff11.jsonl", ".jsonl", "-1.jsonl"):
        (tmp_path / name).write_bytes(b"line\n")
    put(tmp_path, 1, b"one\n")
    assert SpoolReader(tmp_path, "ingest").read(START).lines == [b"one"]


@pytest.mark.parametrize(("first", "missing"), [(32768, 32767), (32769, 1)])
def test_a_spool_that_was_lost_is_one_segment_missing_for_nobody_knows_how_many(
    tmp_path: Path, first: int, missing: int
) -> None:
    segments.path_of(tmp_path, first).write_bytes(b"line\n")
    found = look(tmp_path, Position(1, 5))
    assert (found.lines, found.missing) == ([b"line"], missing)
