# SPDX-License-Identifier: MIT
"""What an operator is told of a spool in trouble, exactly; and what a full segment, system call or queue holds."""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from decnet_core.events.envelope import Event
from decnet_core.spool import segments
from decnet_core.spool.positions import START, Position
from decnet_core.spool.reader import SpoolReader, look
from decnet_core.spool.settings import SpoolSettings
from decnet_core.spool.writer import SpoolBusyError, SpoolWriter

MakeEvent = Callable[..., Event]
LARGE = SpoolSettings(segment_bytes=1 << 20, quota_bytes=1 << 24)
SMALL = SpoolSettings(segment_bytes=4096, quota_bytes=1 << 20)
KIB = b"x" * 1023
"""With its line feed, a line of 1 KiB: four fill a segment of SMALL."""


class Disk:
    """The disk below the spool; refuses on demand, and remembers the size of every write and what was synced."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.full = False
        self.broken = False
        self.full_after: int | None = None
        """The number of writes after which it is full."""
        self.writes: list[int] = []
        self.synced: list[str] = []
        self._write, self._fsync = os.write, os.fsync
        monkeypatch.setattr(os, "write", self.write)
        monkeypatch.setattr(os, "fsync", self.fsync)

    def write(self, descriptor: int, data: bytes) -> int:
        self.writes.append(len(data))
        if self.full or (self.full_after is not None and len(self.writes) > self.full_after):
            raise OSError(errno.ENOSPC, "No space left on device")
        return self._write(descriptor, data)

    def fsync(self, descriptor: int) -> None:
        if self.broken:
            raise OSError(errno.EIO, "Input/output error")
        self.synced.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
        self._fsync(descriptor)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


@pytest.fixture
def open_writer(tmp_path: Path) -> Iterator[Callable[[SpoolSettings], SpoolWriter]]:
    opened: list[SpoolWriter] = []

    def open_one(settings: SpoolSettings) -> SpoolWriter:
        opened.append(SpoolWriter(tmp_path, settings))
        return opened[-1]

    yield open_one
    for writer in opened:
        writer.close()


OpenWriter = Callable[[SpoolSettings], SpoolWriter]


def test_a_quiet_spool_says_nothing_and_counts_what_it_took(
    open_writer: OpenWriter, make_event: MakeEvent, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    writer = open_writer(LARGE)
    for number in range(3):
        writer.append(make_event(number))
    assert writer.offer([KIB, KIB]) == 2
    writer.sync()
    writer.sync()
    assert writer.counters() == {
        "spool_appended": 5,
        "spool_bytes": segments.sizes(tmp_path)[1],
        "spool_refused": 0,
        "spool_quota_dropped": 0,
        "spool_closed_dropped": 0,
        "spool_segments_removed": 0,
        "spool_syncs": 1,
        "spool_sync_errors": 0,
        "spool_backlog": 0,
        "spool_dropped": 0,
    }
    assert not caplog.records


def test_a_disk_that_refuses_is_reported_once_and_its_recovery_too(
    open_writer: OpenWriter, make_event: MakeEvent, disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    writer = open_writer(LARGE)
    disk.full = True
    for number in range(3):
        writer.append(make_event(number))
    assert writer.counters()["spool_refused"] == 3  # one try for each: the first one waiting goes first
    assert (writer.waiting, writer.dirty) == (3, True)
    disk.full = False
    writer.append(make_event(3))
    writer.append(make_event(4))
    assert writer.waiting == 0
    assert [(record.levelname, record.getMessage().partition(" spool=")[0]) for record in caplog.records] == [
        ("ERROR", "cannot write"),
        ("WARNING", "spool can be written again"),
    ]
    disk.full = True
    writer.append(make_event(5))
    assert len(caplog.records) == 3
    disk.full = False


def test_what_waits_makes_the_spool_dirty_even_where_nothing_is_synced(
    open_writer: OpenWriter, make_event: MakeEvent, disk: Disk
) -> None:
    writer = open_writer(SpoolSettings(fsync="off"))
    disk.full = True
    writer.append(make_event(1))
    assert (writer.dirty, writer.waiting) == (True, 1)
    disk.full = False
    writer.sync()
    assert (writer.dirty, writer.waiting) == (False, 0)
    assert writer.counters()["spool_appended"] == 1


def test_many_refused_lines_cost_two_tries_and_one_refused_line_one(open_writer: OpenWriter, disk: Disk) -> None:
    """The second try is with the first line alone: it may fit where all of them do not."""
    writer = open_writer(LARGE)
    disk.full = True
    assert writer.offer([KIB]) == 0
    assert len(disk.writes) == 1
    assert writer.offer([KIB, KIB, KIB]) == 0
    assert disk.writes[1:] == [3072, 1024]
    disk.full = False


def test_one_line_that_is_refused_after_others_costs_one_try_too(open_writer: OpenWriter, disk: Disk) -> None:
    writer = open_writer(LARGE)
    disk.full_after = 1
    assert writer.offer([KIB] * 257) == 256
    assert disk.writes == [256 << 10, 1024]
    assert writer.counters()["spool_refused"] == 1


def test_nothing_is_offered_past_what_waits(open_writer: OpenWriter, make_event: MakeEvent, disk: Disk) -> None:
    writer = open_writer(LARGE)
    disk.full = True
    writer.append(make_event(1))
    assert writer.offer([KIB]) == 0
    assert len(disk.writes) == 2  # both were the event that waits
    disk.full = False
    assert writer.offer([KIB]) == 1


def test_a_system_call_takes_at_most_256_kib(open_writer: OpenWriter, disk: Disk) -> None:
    writer = open_writer(LARGE)
    assert writer.offer([KIB] * 600) == 600
    assert disk.writes == [256 << 10, 256 << 10, 88 << 10]


def test_a_segment_is_filled_to_its_last_byte(open_writer: OpenWriter, tmp_path: Path, disk: Disk) -> None:
    writer = open_writer(SMALL)
    assert writer.offer([KIB]) == 1
    assert writer.offer([KIB] * 5) == 5
    assert segments.sizes(tmp_path) == {1: 4096, 2: 2048}
    assert disk.writes[:2] == [1024, 3072]
    assert writer.offer([KIB[:-1], KIB]) == 2
    assert segments.sizes(tmp_path) == {1: 4096, 2: 4095}
    assert writer.offer([b""]) == 1
    assert segments.sizes(tmp_path) == {1: 4096, 2: 4096}


def test_line_feeds_count(open_writer: OpenWriter, tmp_path: Path) -> None:
    assert open_writer(SMALL).offer([b""] * 5000) == 5000
    assert segments.sizes(tmp_path) == {1: 4096, 2: 904}


def test_a_line_larger_than_a_segment_has_one_of_its_own(open_writer: OpenWriter, tmp_path: Path) -> None:
    writer = open_writer(SMALL)
    assert writer.offer([b"x" * 5000, KIB]) == 2
    assert segments.sizes(tmp_path) == {1: 5001, 2: 1024}
    assert writer.end() == Position(2, 1024)
    assert writer.counters()["spool_refused"] == 0


def test_a_sync_that_fails_is_counted_and_tried_again(
    open_writer: OpenWriter, make_event: MakeEvent, disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    writer = open_writer(LARGE)
    writer.append(make_event(1))
    disk.broken = True
    writer.sync()
    counts = writer.counters()
    assert (writer.dirty, counts["spool_sync_errors"], counts["spool_syncs"]) == (True, 1, 0)
    assert "cannot sync" in caplog.text
    disk.broken = False
    writer.sync()
    counts = writer.counters()
    assert (writer.dirty, counts["spool_sync_errors"], counts["spool_syncs"]) == (False, 1, 1)


def test_append_waits_for_the_disk_when_more_than_four_finished_segments_do(
    open_writer: OpenWriter, disk: Disk
) -> None:
    writer = open_writer(SMALL)
    disk.synced = []
    for _ in range(5):
        writer.offer([KIB] * 4)
    assert writer.counters()["spool_syncs"] == 0  # four are finished, the fifth is being written
    writer.offer([KIB])
    assert writer.counters()["spool_syncs"] == 1
    writer.offer([KIB] * 4)
    writer.sync()
    assert writer.counters()["spool_syncs"] == 7
    names = [name for name in disk.synced if name.endswith(".jsonl")]
    assert names == [f"{number:010d}.jsonl" for number in range(1, 8)]  # the oldest first, or power loss leaves a gap


def test_a_segment_in_which_nothing_was_written_is_not_synced(open_writer: OpenWriter, disk: Disk) -> None:
    writer = open_writer(SMALL)
    disk.full_after = 1
    assert writer.offer([KIB] * 5) == 4
    writer.sync()
    assert writer.counters()["spool_syncs"] == 1
    disk.full_after = None


def test_a_segment_that_is_on_the_disk_is_not_synced_again(open_writer: OpenWriter) -> None:
    writer = open_writer(SMALL)
    writer.offer([KIB] * 4)
    writer.sync()
    writer.offer([KIB])
    writer.sync()
    assert writer.counters()["spool_syncs"] == 2


def test_a_sync_makes_room_first_and_then_writes_what_waits(
    open_writer: OpenWriter, make_event: MakeEvent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full of segments that have been acknowledged since the last segment was begun."""
    writer = open_writer(SMALL)
    writer.offer([KIB] * 5)
    write = os.write

    def only_without_the_first(descriptor: int, data: bytes) -> int:
        if 1 in segments.sizes(tmp_path):
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, data)

    with monkeypatch.context() as disk:
        disk.setattr(os, "write", only_without_the_first)
        writer.append(make_event(1))
    assert writer.waiting == 1
    SpoolReader(tmp_path, "ingest").acknowledge(Position(2, 0))
    with monkeypatch.context() as disk:
        disk.setattr(os, "write", only_without_the_first)
        writer.sync()
    assert (writer.dirty, writer.waiting) == (False, 0)
    assert writer.counters()["spool_segments_removed"] == 1


def test_a_new_segment_makes_room_by_itself(open_writer: OpenWriter, tmp_path: Path) -> None:
    writer = open_writer(SMALL)
    SpoolReader(tmp_path, "ingest").acknowledge(Position(9, 0))
    writer.offer([KIB] * 13)
    assert segments.sizes(tmp_path) == {4: 1024}


def test_a_file_that_cannot_be_removed_stops_nobody(
    open_writer: OpenWriter, tmp_path: Path, make_event: MakeEvent
) -> None:
    in_the_way = segments.path_of(tmp_path, 1)
    in_the_way.mkdir()
    writer = open_writer(SMALL)
    SpoolReader(tmp_path, "ingest").acknowledge(Position(2, 0))
    writer.collect_garbage()
    writer.append(make_event(1))
    assert writer.counters()["spool_segments_removed"] == 0
    in_the_way.rmdir()


def test_the_quota_is_for_all_segments_with_the_one_being_written(
    open_writer: OpenWriter, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    writer = open_writer(SpoolSettings(segment_bytes=4096, quota_bytes=3 * 4096))
    writer.offer([KIB] * 12)
    assert writer.counters()["spool_quota_dropped"] == 0
    assert writer.offer([KIB]) == 1
    assert list(segments.sizes(tmp_path)) == [2, 3, 4]
    assert (writer.counters()["spool_quota_dropped"], writer.counters()["spool_dropped"]) == (4, 4)
    assert "segment=1 events lost=4" in caplog.text


def test_every_loss_is_part_of_what_was_dropped(
    tmp_path: Path, make_event: MakeEvent, disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    writer = SpoolWriter(tmp_path, SpoolSettings(segment_bytes=4096, quota_bytes=3 * 4096, backlog_events=2))
    writer.offer([KIB] * 13)
    disk.full = True
    for number in range(5):
        writer.append(make_event(number))
    writer.close()
    writer.close()
    disk.full = False
    counts = writer.counters()
    assert (counts["spool_quota_dropped"], counts["spool_closed_dropped"], counts["spool_backlog"]) == (4, 2, 2)
    assert counts["spool_dropped"] == 4 + 2 + 3
    assert caplog.text.count("disk full at the end, events lost=2") == 1


def test_a_writer_that_was_refused_the_directory_leaves_nothing_open(tmp_path: Path, open_writer: OpenWriter) -> None:
    open_writer(SMALL)
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        with pytest.raises(SpoolBusyError):
            SpoolWriter(tmp_path, SMALL)
    assert len(os.listdir("/proc/self/fd")) <= before


def test_a_disk_without_room_for_another_file_goes_on_in_the_one_there_is(
    open_writer: OpenWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = open_writer(SMALL)
    writer.offer([KIB] * 4)
    with monkeypatch.context() as disk:
        disk.setattr(os, "open", no_more_files)
        assert writer.offer([KIB] * 2) == 2
    assert segments.sizes(tmp_path) == {1: 6144}
    assert writer.offer([KIB]) == 1
    assert segments.sizes(tmp_path) == {1: 6144, 2: 1024}
    assert look(tmp_path, START).lines == [KIB] * 7


def no_more_files(*_: object) -> int:
    raise OSError(errno.ENOSPC, "No space left on device")
