# SPDX-License-Identifier: MIT
"""What the writer promises: nothing half-written, nothing lost to a kill, nothing stopped by a full disk."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from decnet_core.durable import make_directory
from decnet_core.events.codec import BadEventError, decode
from decnet_core.events.envelope import Event
from decnet_core.exits import StartupError
from decnet_core.spool import segments
from decnet_core.spool.positions import START, Position, acknowledgement
from decnet_core.spool.reader import SpoolReader
from decnet_core.spool.settings import SpoolSettings
from decnet_core.spool.writer import SpoolBusyError, SpoolWriter

MakeEvent = Callable[..., Event]
SMALL = SpoolSettings(segment_bytes=4096, quota_bytes=1 << 20, fsync="batch")


def numbers_read(directory: Path) -> list[int]:
    reader = SpoolReader(directory, "check")
    return [decode(line).ts for line in reader.read(START, 10**9, 10**9).lines]


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_event_is_in_the_file_when_append_returns(tmp_path: Path, make_event: MakeEvent) -> None:
    writer = SpoolWriter(tmp_path, SMALL)
    writer.append(make_event(7))
    assert decode((tmp_path / "0000000001.jsonl").read_bytes().rstrip(b"\n")) == make_event(7)
    writer.close()


def test_second_writer_is_told_what_to_do(tmp_path: Path) -> None:
    first = SpoolWriter(tmp_path, SMALL)
    with pytest.raises(SpoolBusyError, match="state directory of its own"):
        SpoolWriter(tmp_path, SMALL)
    first.close()
    SpoolWriter(tmp_path, SMALL).close()


def test_unusable_directory_is_a_start_up_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StartupError, match="cannot use spool"):
        SpoolWriter(tmp_path / "file" / "spool", SMALL)


def test_every_opening_begins_a_new_segment(tmp_path: Path) -> None:
    for _ in range(3):
        SpoolWriter(tmp_path, SMALL).close()
    assert list(segments.sizes(tmp_path)) == [1, 2, 3]


def test_numbers_go_on_after_all_segments_were_lost(tmp_path: Path) -> None:
    SpoolReader(tmp_path, "ingest").acknowledge(Position(41, 10))
    SpoolWriter(tmp_path, SMALL).close()
    assert list(segments.sizes(tmp_path)) == [42 + 65536]


def test_the_end_is_where_the_next_line_will_be(tmp_path: Path, make_event: MakeEvent) -> None:
    writer = SpoolWriter(tmp_path, SMALL)
    assert writer.end() == Position(1, 0)
    writer.append(make_event(7))
    assert writer.end() == Position(1, (tmp_path / "0000000001.jsonl").stat().st_size)
    writer.close()


def test_between_segments_the_end_is_the_beginning_of_the_next(
    tmp_path: Path, make_event: MakeEvent, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that takes half a line, does not let it be cut off and has no room for another file."""
    spool = tmp_path / "spool"
    writer = SpoolWriter(spool, SMALL)
    writer.append(make_event(1))
    write = os.write
    with monkeypatch.context() as disk:
        disk.setattr(os, "write", lambda descriptor, data: write(descriptor, data[: len(data) // 2]))
        disk.setattr(os, "ftruncate", refuse)
        disk.setattr(os, "open", refuse)
        writer.append(make_event(2))
        writer.append(make_event(3))
        assert writer.end() == Position(2, 0)
    segments.path_of(spool, 2).touch()  # a number that somebody has used is passed over
    writer.append(make_event(4))
    assert writer.end() == Position(3, 0)
    writer.append(make_event(5))
    reader = SpoolReader(spool, "check")
    assert [decode(line).ts for line in reader.read(Position(3, 0)).lines] == [2, 3, 4, 5]
    assert writer.end() == reader.read(START).next
    writer.close()


def refuse(*_: object) -> int:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_unencodable_event_writes_nothing(tmp_path: Path, make_event: MakeEvent) -> None:
    writer = SpoolWriter(tmp_path, SMALL)
    with pytest.raises(BadEventError):
        writer.append(make_event(1, "x" * (1 << 20)))
    with pytest.raises(BadEventError):
        writer.append(make_event(1, "\udc80"))
    assert segments.sizes(tmp_path) == {1: 0}
    writer.close()


def test_files_are_for_owner_and_group_even_under_a_strict_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        writer = SpoolWriter(tmp_path / "spool" / "w", SMALL)
        SpoolReader(tmp_path / "spool" / "w", "ingest")
    finally:
        os.umask(before)
    writer.close()
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "spool").rglob("*")}
    files = {"0000000001.jsonl": 0o640, "w.json": 0o640}
    assert modes == {"w": 0o770, ".readers": 0o750, "ingest": 0o750, **files}


def test_segment_ends_before_its_size_is_exceeded(tmp_path: Path, make_event: MakeEvent) -> None:
    writer = SpoolWriter(tmp_path, SMALL)
    for number in range(100):
        writer.append(make_event(number))
    writer.close()
    assert len(segments.sizes(tmp_path)) > 2
    assert max(segments.sizes(tmp_path).values()) <= SMALL.segment_bytes
    assert numbers_read(tmp_path) == list(range(100))


def test_segment_goes_when_every_reader_has_acknowledged_it(tmp_path: Path, make_event: MakeEvent) -> None:
    writer = SpoolWriter(tmp_path, SMALL)
    fast, slow = SpoolReader(tmp_path, "fast"), SpoolReader(tmp_path, "slow")
    for number in range(100):
        writer.append(make_event(number))
    end = fast.read(START, 1000).next
    fast.acknowledge(end)
    writer.collect_garbage()
    assert next(iter(segments.sizes(tmp_path))) == 1
    slow.acknowledge(Position(2, 0))
    writer.collect_garbage()
    assert next(iter(segments.sizes(tmp_path))) == 2
    slow.acknowledge(end)
    writer.collect_garbage()
    assert list(segments.sizes(tmp_path)) == [end.segment]
    assert writer.counters()["spool_dropped"] == 0
    writer.close()


def test_nothing_goes_while_no_reader_is_registered(tmp_path: Path, make_event: MakeEvent) -> None:
    writer = SpoolWriter(tmp_path, SMALL)
    for number in range(100):
        writer.append(make_event(number))
    writer.collect_garbage()
    assert numbers_read(tmp_path) == list(range(100))
    writer.close()


def test_unreadable_acknowledgement_keeps_everything(tmp_path: Path, make_event: MakeEvent) -> None:
    writer = SpoolWriter(tmp_path, SMALL)
    SpoolReader(tmp_path, "ingest").acknowledge(Position(9, 0))
    acknowledgement(tmp_path, "ingest").write_bytes(b"\xff{")
    for number in range(100):
        writer.append(make_event(number))
    writer.collect_garbage()
    assert numbers_read(tmp_path) == list(range(100))
    writer.close()


def test_quota_drops_the_oldest_and_counts_exactly_what_nobody_saw(tmp_path: Path, make_event: MakeEvent) -> None:
    settings = SpoolSettings(segment_bytes=4096, quota_bytes=5 * 4096)
    writer = SpoolWriter(tmp_path, settings)
    reader = SpoolReader(tmp_path, "ingest")
    for number in range(10):
        writer.append(make_event(number))
    reader.acknowledge(reader.read(START).next)
    for number in range(10, 500):
        writer.append(make_event(number))
    left = [decode(line).ts for line in reader.read(START, 10**6, 10**9).lines]
    assert left == list(range(left[0], 500))
    assert writer.counters()["spool_quota_dropped"] == left[0] - 10
    assert sum(segments.sizes(tmp_path).values()) <= settings.quota_bytes
    writer.close()


def test_sync_is_needed_after_append_and_not_after_sync(tmp_path: Path, make_event: MakeEvent) -> None:
    writer = SpoolWriter(tmp_path, SMALL)
    assert not writer.dirty
    for number in range(100):  # several segments wait for the sync
        writer.append(make_event(number))
        assert writer.dirty
    writer.sync()
    assert not writer.dirty
    writer.close()


def test_always_syncs_in_append_and_off_never(tmp_path: Path, make_event: MakeEvent) -> None:
    always = SpoolWriter(tmp_path / "always", SpoolSettings(fsync="always"))
    always.append(make_event(1))
    assert (always.dirty, always.counters()["spool_syncs"]) == (False, 1)
    always.close()
    off = SpoolWriter(tmp_path / "off", SpoolSettings(fsync="off"))
    off.append(make_event(1))
    assert not off.dirty
    off.close()
    assert off.counters()["spool_syncs"] == 0


def test_no_descriptor_is_left_open(tmp_path: Path, make_event: MakeEvent) -> None:
    before = open_descriptors()
    writer = SpoolWriter(tmp_path, SMALL)
    for number in range(1000):
        writer.append(make_event(number))
    assert open_descriptors() < before + 12
    writer.close()
    writer.close()
    assert open_descriptors() == before


def test_full_disk_delays_events_and_loses_none(small_disk: Path, make_event: MakeEvent) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 40_000)
    writer = SpoolWriter(small_disk / "spool", SpoolSettings(segment_bytes=8192, quota_bytes=1 << 20))
    for number in range(400):
        writer.append(make_event(number))
    assert writer.counters()["spool_backlog"] > 100
    assert writer.dirty
    seen = numbers_read_plain(small_disk / "spool")
    assert seen == list(range(len(seen)))
    ballast.unlink()
    acknowledged = acknowledgement(small_disk / "spool", "ingest")
    make_directory(acknowledged.parent, 0o750)
    acknowledged.write_bytes(msgspec.json.encode(Position(3, 0)))  # room comes also from what was acknowledged
    writer.sync()
    writer.append(make_event(400))
    assert writer.counters()["spool_backlog"] == 0
    assert writer.counters()["spool_dropped"] == 0
    seen = numbers_read_plain(small_disk / "spool")
    assert seen == list(range(seen[0], 401))
    writer.close()


def numbers_read_plain(directory: Path) -> list[int]:
    """Without a reader of our own: registering one needs room on the disk."""
    found = []
    for number in segments.sizes(directory):
        content = segments.path_of(directory, number).read_bytes()
        assert content.endswith(b"\n") or not content
        found += [decode(line).ts for line in content.splitlines()]
    return found


def test_backlog_loses_the_oldest_and_counts_them(small_disk: Path, make_event: MakeEvent) -> None:
    writer = SpoolWriter(small_disk / "spool", SpoolSettings(backlog_events=10))
    (small_disk / "ballast").write_bytes(b"x" * os.statvfs(small_disk).f_bavail * 4096)
    for number in range(200):
        writer.append(make_event(number))
    written = writer.counters()["spool_appended"]
    assert writer.counters()["spool_dropped"] == 200 - written - 10
    (small_disk / "ballast").unlink()
    writer.close()
    assert numbers_read_plain(small_disk / "spool") == [*range(int(written)), *range(190, 200)]


def test_what_a_full_disk_costs_at_the_end_is_counted(small_disk: Path, make_event: MakeEvent) -> None:
    writer = SpoolWriter(small_disk / "spool", SpoolSettings())
    (small_disk / "ballast").write_bytes(b"x" * os.statvfs(small_disk).f_bavail * 4096)
    for number in range(100):
        writer.append(make_event(number))
    writer.close()
    assert writer.counters()["spool_dropped"] == 100 - writer.counters()["spool_appended"] > 0


def test_short_write_leaves_no_half_line(tmp_path: Path) -> None:
    """A file size limit makes the kernel take the first part of a line only."""
    script = f"""
import resource
from pathlib import Path
from decnet_core.spool.segments import Segment
segment = Segment(Path({str(tmp_path)!r}), 1)
segment.append(b"first\\n")
resource.setrlimit(resource.RLIMIT_FSIZE, (10, resource.RLIM_INFINITY))
try:
    segment.append(b"second line\\n")
except OSError:
    pass
else:
    raise SystemExit("the short write was not noticed")
assert not segment.torn
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
segment.append(b"third\\n")
"""
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[1] == resource.RLIM_INFINITY
    subprocess.run([sys.executable, "-c", script], check=True)
    assert (tmp_path / "0000000001.jsonl").read_bytes() == b"first\nthird\n"


KILLED = """
import os
import sys
from pathlib import Path
from decnet_core.events.catalogue import CommandRun
from decnet_core.events.envelope import Event
from decnet_core.events.ids import uuid7_of
from decnet_core.spool.settings import SpoolSettings
from decnet_core.spool.writer import SpoolWriter
writer = SpoolWriter(Path(sys.argv[1]), SpoolSettings(segment_bytes=16384, quota_bytes=1 << 26, fsync="off"))
number = int(sys.argv[2])
while True:
    writer.append(Event(id=uuid7_of(number, b""), ts=number, sensor="s", payload=CommandRun("ssh", "x" * 100)))
    number += 1
    os.write(1, b".")
"""


def test_sigkill_loses_nothing_that_append_returned_for(tmp_path: Path) -> None:
    begun = 0
    for _ in range(3):
        child = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(tmp_path), str(begun)], stdout=subprocess.PIPE, bufsize=0
        )
        assert child.stdout is not None
        said = len(child.stdout.read(100))
        while said < 300 and child.poll() is None:
            said += len(child.stdout.read(100))
        child.kill()
        said += len(child.stdout.read())
        child.wait()
        child.stdout.close()
        assert said >= 300
        found = numbers_read(tmp_path)
        assert found == list(range(len(found)))
        assert begun + said <= len(found) <= begun + said + 1
        begun = len(found)
