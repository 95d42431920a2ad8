# SPDX-License-Identifier: MIT
"""The quarantine keeps what it can, within its limit, and says what it could not."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet_core.events.codec import MAX_LINE_BYTES
from decnet_core.spool import segments
from decnet_core.spool.quarantine import Quarantine, QuarantinedLine, kept_lines


def records(directory: Path) -> list[QuarantinedLine]:
    found = []
    for number in segments.sizes(directory):
        content = segments.path_of(directory, number).read_bytes()
        found += [msgspec.json.decode(line, type=QuarantinedLine) for line in content.splitlines()]
    return found


def test_record_says_what_why_and_where_from(tmp_path: Path) -> None:
    quarantine = Quarantine(tmp_path / "q")
    quarantine.put("not JSON", "cowrie.json:10", b"\x1b[2J\xff\0 text")
    quarantine.sync()
    (record,) = records(tmp_path / "q")
    assert (record.reason, record.source, record.line) == ("not JSON", "cowrie.json:10", "\x1b[2J\\xff\0 text")
    assert abs(record.at - time.time_ns()) < 3600 * 10**9
    assert record.content() == b"\x1b[2J\xff\0 text"
    raw = (tmp_path / "q" / "0000000001.jsonl").read_bytes()
    assert b"\x1b" not in raw
    assert b'"from"' in raw
    quarantine.close()


def test_a_line_is_found_where_it_begins(tmp_path: Path) -> None:
    quarantine = Quarantine(tmp_path, max_bytes=8 * 400)
    for number in range(4):
        quarantine.put("bad", "here", b"x" * 100 + b"%d" % number)
    quarantine.close()
    found = list(kept_lines(tmp_path))
    assert [place.segment for place, _ in found] == [1, 1, 2, 2]
    assert [place.offset == 0 for place, _ in found] == [True, False, True, False]
    for place, line in found:
        record = segments.path_of(tmp_path, place.segment).read_bytes()[place.offset :].splitlines()[0]
        assert msgspec.json.decode(record, type=QuarantinedLine) == line


def test_oldest_records_make_room(tmp_path: Path) -> None:
    quarantine = Quarantine(tmp_path, max_bytes=16_384)
    for number in range(500):
        quarantine.put("bad", str(number), b"x" * 100)
    kept = records(tmp_path)
    assert sum(segments.sizes(tmp_path).values()) <= 16_384
    assert [int(record.source) for record in kept] == list(range(500 - len(kept), 500))
    assert len(kept) > 50
    assert quarantine.counters()["quarantined"] == 500
    assert quarantine.counters()["quarantine_files_removed"] > 0
    quarantine.close()


def counts(quarantine: Quarantine) -> tuple[float, float, float]:
    """Return how many lines were kept and lost, and how many files removed."""
    found = quarantine.counters()
    return found["quarantined"], found["quarantine_lost"], found["quarantine_files_removed"]


RECORD = len(b'{"reason":"bad","from":"f","line":"","at":1800000000000000000}\n')


def test_a_file_is_filled_to_an_eighth_of_the_limit_and_the_ninth_displaces_the_first(tmp_path: Path) -> None:
    quarantine = Quarantine(tmp_path, max_bytes=8 * 1000)
    assert counts(quarantine) == (0, 0, 0)
    for number in range(16):  # two fill a file
        quarantine.put("bad", "f", b"%03d" % number + b"x" * (497 - RECORD))
    assert segments.sizes(tmp_path) == dict.fromkeys(range(1, 9), 1000)
    assert counts(quarantine) == (16, 0, 0)
    quarantine.put("bad", "f", b"last")
    assert segments.sizes(tmp_path) == {**dict.fromkeys(range(2, 9), 1000), 9: RECORD + 4}
    assert counts(quarantine) == (17, 0, 1)
    quarantine.put("bad", "f", b"x" * 1000)
    assert list(segments.sizes(tmp_path)) == list(range(3, 11))
    quarantine.close()


def test_a_limit_too_small_for_a_record_keeps_one_a_file(tmp_path: Path) -> None:
    quarantine = Quarantine(tmp_path, max_bytes=7)
    for number in range(10):
        quarantine.put("bad", str(number), b"line")
    assert [record.source for record in records(tmp_path)] == ["2", "3", "4", "5", "6", "7", "8", "9"]
    quarantine.close()


def test_a_later_process_goes_on_in_a_file_of_its_own(tmp_path: Path) -> None:
    for number in range(3):
        quarantine = Quarantine(tmp_path)
        quarantine.put("bad", str(number), b"line")
        quarantine.close()
    assert list(segments.sizes(tmp_path)) == [1, 2, 3]
    assert [record.source for record in records(tmp_path)] == ["0", "1", "2"]


def test_a_quarantine_holds_16_mib_unless_told_otherwise(tmp_path: Path) -> None:
    quarantine = Quarantine(tmp_path)
    while len(segments.sizes(tmp_path)) < 2:
        quarantine.put("bad", "f", b"x" * 4096)
    first = segments.sizes(tmp_path)[1]
    assert (2 << 20) - (4096 + RECORD) < first <= 2 << 20
    quarantine.close()


def test_reason_and_source_are_cut(tmp_path: Path) -> None:
    quarantine = Quarantine(tmp_path)
    quarantine.put("r" * 9000, "s" * 9000, b"line")
    (record,) = records(tmp_path)
    assert (record.reason, record.source, record.line) == ("r" * 512, "s" * 512, "line")
    quarantine.close()


def test_what_was_kept_is_synced_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    quarantine, synced = Quarantine(tmp_path), 0

    def fsync(_: int) -> None:
        nonlocal synced
        synced += 1

    quarantine.sync()
    quarantine.put("bad", "f", b"one")  # which syncs the directory
    monkeypatch.setattr(os, "fsync", fsync)
    quarantine.sync()
    quarantine.sync()
    assert synced == 1
    quarantine.put("bad", "f", b"two")
    quarantine.close()
    assert synced == 2
    quarantine.close()


def refuse(*_: object) -> int:
    raise OSError(28, "No space left on device")


def test_a_disk_that_refuses_is_reported_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    quarantine = Quarantine(tmp_path)
    with monkeypatch.context() as disk:
        disk.setattr(os, "write", refuse)
        disk.setattr(os, "fsync", refuse)
        quarantine.put("bad", "f", b"lost")
        quarantine.sync()
    assert "cannot keep a quarantined line" in caplog.text
    assert "No space left on device" in caplog.text
    assert counts(quarantine) == (0, 1, 0)
    with monkeypatch.context() as disk:
        quarantine.put("bad", "f", b"kept")
        disk.setattr(os, "fsync", refuse)
        quarantine.sync()  # power loss may cost it, nothing else does
    assert counts(quarantine) == (1, 1, 0)
    quarantine.close()


def test_nothing_follows_half_a_line_that_could_not_be_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    quarantine = Quarantine(tmp_path)
    quarantine.put("bad", "f", b"one")
    with monkeypatch.context() as disk:
        disk.setattr(os, "write", refuse)
        disk.setattr(os, "ftruncate", refuse)
        quarantine.put("bad", "f", b"two")
    quarantine.put("bad", "f", b"three")
    assert [record.line for record in records(tmp_path)] == ["one", "three"]
    assert list(segments.sizes(tmp_path)) == [1, 2]
    quarantine.close()


def test_a_line_is_kept_whole_up_to_the_longest_that_an_event_may_have(tmp_path: Path) -> None:
    quarantine = Quarantine(tmp_path)
    quarantine.put("too long", "f", b"x" * 10_000_000)
    assert records(tmp_path)[0].line == "x" * MAX_LINE_BYTES
    quarantine.close()


@given(st.lists(st.binary(max_size=9000), max_size=5))
def test_every_line_can_be_read_back_as_it_was(lines: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        quarantine = Quarantine(Path(directory))
        for line in lines:
            quarantine.put("bad", "f", line)
        quarantine.close()
        kept = list(kept_lines(Path(directory)))
        assert [line.content() for _, line in kept] == lines
        assert [place for place, _ in kept] == sorted({place for place, _ in kept})


def test_reading_passes_over_what_is_half_written_and_follows_no_link(tmp_path: Path) -> None:
    quarantine = Quarantine(tmp_path / "q")
    quarantine.put("bad", "f", b"one")
    quarantine.close()
    with (tmp_path / "q" / "0000000001.jsonl").open("ab") as file:
        file.write(b'{"reason":"ba')
    assert [line.content() for _, line in kept_lines(tmp_path / "q")] == [b"one"]
    (tmp_path / "q" / "0000000002.jsonl").symlink_to("/etc/hostname")
    with pytest.raises(OSError, match="symbolic"):
        list(kept_lines(tmp_path / "q"))


def test_full_disk_costs_a_record_and_nothing_else(small_disk: Path) -> None:
    quarantine = Quarantine(small_disk / "q")
    quarantine.put("bad", "f", b"first")
    (small_disk / "ballast").write_bytes(b"x" * os.statvfs(small_disk).f_bavail * 4096)
    for _ in range(10):
        quarantine.put("bad", "f", b"x" * 4000)
    assert quarantine.counters()["quarantine_lost"] == 9 + (quarantine.counters()["quarantined"] == 1)
    (small_disk / "ballast").unlink()
    quarantine.put("bad", "f", b"last")
    assert records(small_disk / "q")[-1].line == "last"
    quarantine.close()


@given(st.text(), st.text(), st.binary())
def test_any_bytes_can_be_kept(reason: str, source: str, line: bytes) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        quarantine = Quarantine(Path(name))
        quarantine.put(reason, source, line)
        quarantine.close()
        assert len(records(Path(name))) == 1
