# SPDX-License-Identifier: MIT
from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from decnet_core.events.codec import encode
from decnet_core.events.envelope import Event
from decnet_core.spool.positions import START, Position, acknowledgement
from decnet_core.spool.reader import SpoolReader
from decnet_core.spool.writer import SpoolWriter
from decnet_workers.ingest.open_spools import OpenSpools

Maker = Callable[..., list[Event]]
Opener = Callable[..., SpoolWriter]


def fill(spool: SpoolWriter, events: list[Event]) -> None:
    for event in events:
        spool.append(event)


def names(spools: OpenSpools, lines: int = 1000) -> list[tuple[str, int]]:
    return sorted((read.spool.name, len(read.batch.lines)) for read in spools.read({}, lines, 1 << 20))


def test_spools_are_found_as_they_appear(state: Path, open_spool: Opener, make_events: Maker) -> None:
    spools = OpenSpools(state / "spool")
    assert names(spools) == []
    fill(open_spool("sniff"), make_events(2))
    assert names(spools) == [("sniff", 2)]
    fill(open_spool("decoys"), make_events(3))
    assert names(spools) == [("decoys", 3), ("sniff", 2)]
    assert spools.counters()["spools"] == 2


def test_no_spool_waits_for_ever_behind_a_busy_one(state: Path, open_spool: Opener, make_events: Maker) -> None:
    for name in ("a", "b", "c"):
        fill(open_spool(name), make_events(5))
    spools = OpenSpools(state / "spool")
    first = {names(spools, lines=5)[0][0] for _ in range(3)}
    assert first == {"a", "b", "c"}


def test_two_busy_spools_take_turns(state: Path, open_spool: Opener, make_events: Maker) -> None:
    for name in ("a", "b"):
        fill(open_spool(name), make_events(5))
    spools = OpenSpools(state / "spool")
    assert {names(spools, lines=5)[0][0] for _ in range(2)} == {"a", "b"}


def test_a_quiet_spool_does_not_end_the_turn(state: Path, open_spool: Opener, make_events: Maker) -> None:
    open_spool("a")
    open_spool("c")
    fill(open_spool("b"), make_events(1))
    spools = OpenSpools(state / "spool")
    for read in spools.read({}, 100, 1 << 20):
        read.spool.position = read.batch.next  # the first look goes past the beginning of each
    fill(open_spool("d"), make_events(1))
    assert names(spools) == [("d", 1)]


@pytest.mark.parametrize(("lines", "found"), [(5, [5]), (6, [5, 1]), (7, [5, 2])])
def test_no_more_lines_are_taken_together_than_asked(
    state: Path, open_spool: Opener, make_events: Maker, lines: int, found: list[int]
) -> None:
    for name in ("a", "b", "c"):
        fill(open_spool(name), make_events(5))
    reads = OpenSpools(state / "spool").read({}, lines, 1 << 20)
    assert [len(read.batch.lines) for read in reads] == found


@pytest.mark.parametrize(("more", "found"), [(0, [5]), (1, [5, 1])])
def test_no_spool_is_read_when_the_bytes_are_used_up(
    state: Path, open_spool: Opener, make_events: Maker, more: int, found: list[int]
) -> None:
    events = make_events(5)
    for name in ("a", "b", "c"):
        fill(open_spool(name), events)
    reads = OpenSpools(state / "spool").read({}, 100, sum(len(encode(event)) for event in events) + more)
    assert [len(read.batch.lines) for read in reads] == found


def test_the_databases_position_is_where_it_goes_on(state: Path, open_spool: Opener, make_events: Maker) -> None:
    fill(open_spool("sniff"), make_events(3))
    reader = SpoolReader(state / "spool" / "sniff", "ingest")
    second = reader.read(START, max_lines=1).next
    reader.acknowledge(second)
    (read,) = OpenSpools(state / "spool").read({"sniff": second}, 100, 1 << 20)
    assert len(read.batch.lines) == 2


def test_a_spool_that_was_lost_and_made_again_is_read_from_its_beginning(
    state: Path, open_spool: Opener, make_events: Maker
) -> None:
    fill(open_spool("sniff"), make_events(1))
    (read,) = OpenSpools(state / "spool").read({"sniff": Position(7, 1000)}, 100, 1 << 20)
    assert len(read.batch.lines) == 1


def test_a_spool_replaced_while_it_is_read_is_noticed(state: Path, open_spool: Opener, make_events: Maker) -> None:
    spool = open_spool("sniff")
    fill(spool, make_events(3))
    spools = OpenSpools(state / "spool")
    (read,) = spools.read({}, 100, 1 << 20)
    read.spool.position = read.batch.next
    spool.close()
    (state / "spool" / "sniff").rename(state / "old")
    assert names(spools) == []
    fill(open_spool("sniff"), make_events(1))
    assert names(spools) == [("sniff", 1)]


def test_one_spool_that_cannot_be_read_does_not_stop_the_others(
    state: Path, open_spool: Opener, make_events: Maker, caplog: pytest.LogCaptureFixture
) -> None:
    fill(open_spool("good"), make_events(2))
    bad = state / "spool" / "bad"
    bad.mkdir()
    obstacle = acknowledgement(bad, "ingest")
    obstacle.mkdir(parents=True)
    (obstacle / "in the way").touch()
    spools = OpenSpools(state / "spool")
    with caplog.at_level(logging.INFO):
        assert names(spools) == [("good", 2)]
        assert names(spools) == [("good", 2)]
    assert len([record for record in caplog.records if "spool=bad" in record.getMessage()]) == 1
    assert spools.counters() == {"spools": 1, "spools_failing": 1, "spool_errors": 2}
    shutil.rmtree(obstacle)
    names(spools)
    assert spools.counters()["spools_failing"] == 0


def test_a_spool_that_can_be_read_again_is_reported_once(
    state: Path, open_spool: Opener, make_events: Maker, caplog: pytest.LogCaptureFixture
) -> None:
    fill(open_spool("good"), make_events(2))
    segment = state / "spool" / "bad" / "0000000001.jsonl"
    segment.mkdir(parents=True)
    spools = OpenSpools(state / "spool")
    caplog.set_level(logging.INFO)
    for _ in range(2):
        assert names(spools) == [("good", 2)]
    assert spools.counters() == {"spools": 2, "spools_failing": 1, "spool_errors": 2}
    segment.rmdir()
    for _ in range(2):
        names(spools)
    segment.mkdir()
    names(spools)
    assert [record.getMessage() for record in caplog.records] == [
        "cannot use spool=bad: Is a directory; the others continue",
        "spool can be read again spool=bad",
        "cannot use spool=bad: Is a directory; the others continue",
    ]


def test_a_spool_that_is_gone_is_no_longer_counted(state: Path, open_spool: Opener, make_events: Maker) -> None:
    for name in ("a", "b"):
        fill(open_spool(name), make_events(1))
    spools = OpenSpools(state / "spool")
    assert len(names(spools)) == 2
    (state / "spool" / "a").rename(state / "away")
    assert names(spools) == [("b", 1)]
    assert spools.counters() == {"spools": 1, "spools_failing": 0, "spool_errors": 0}


def test_a_spool_that_refuses_its_acknowledgement_gets_it_later(
    state: Path, open_spool: Opener, make_events: Maker
) -> None:
    for name in ("bad", "good"):
        fill(open_spool(name), make_events(1))
    spools = OpenSpools(state / "spool")
    ends = {}
    for read in spools.read({}, 100, 1 << 20):
        ends[read.spool.name] = read.spool.position = read.batch.next
    obstacle = acknowledgement(state / "spool" / "bad", "ingest").with_suffix(".json.new")
    obstacle.mkdir()
    spools.acknowledge(finished_only=True)
    assert SpoolReader(state / "spool" / "good", "ingest").acknowledged() == ends["good"]
    assert spools.errors == 1
    obstacle.rmdir()
    spools.acknowledge(finished_only=True)
    assert SpoolReader(state / "spool" / "bad", "ingest").acknowledged() == ends["bad"]


def test_a_spool_that_has_every_acknowledgement_is_not_written_to(
    state: Path, open_spool: Opener, make_events: Maker
) -> None:
    fill(open_spool("sniff"), make_events(1))
    spools = OpenSpools(state / "spool")
    (read,) = spools.read({}, 100, 1 << 20)
    read.spool.position = read.batch.next
    spools.acknowledge(finished_only=False)
    file = acknowledgement(state / "spool" / "sniff", "ingest")
    before = file.stat()
    for finished_only in (True, False):
        spools.acknowledge(finished_only=finished_only)
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_spool_whose_lag_cannot_be_known_hides_no_other(state: Path, open_spool: Opener, make_events: Maker) -> None:
    for name in ("bad", "good"):
        fill(open_spool(name), make_events(1))
    spools = OpenSpools(state / "spool")
    names(spools)
    (state / "spool" / "bad").rename(state / "aside")
    (state / "spool" / "bad").write_bytes(b"no folder")
    assert spools.lag_bytes() == (state / "spool" / "good" / "0000000001.jsonl").stat().st_size
    assert spools.errors == 1


def test_a_lost_spool_folder_is_an_error_that_is_shown_and_passes(
    state: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shutil.rmtree(state / "spool")
    spools = OpenSpools(state / "spool")
    assert spools.read({}, 10, 10) == []
    assert spools.counters()["spools_failing"] == 1
    assert "No such file" in caplog.text
    (state / "spool").mkdir()
    assert spools.read({}, 10, 10) == []
    assert spools.counters()["spools_failing"] == 0


def test_spools_are_acknowledged_when_a_segment_is_done_and_at_the_end(
    state: Path, open_spool: Opener, make_events: Maker
) -> None:
    fill(open_spool("sniff"), make_events(2))
    spools = OpenSpools(state / "spool")
    (read,) = spools.read({}, 1, 1 << 20)
    read.spool.position = read.batch.next
    told = SpoolReader(state / "spool" / "sniff", "ingest")
    spools.acknowledge(finished_only=True)
    assert told.acknowledged().segment == 1  # the first one, so that a new spool can be told from a lost one
    first = told.acknowledged()
    (read,) = spools.read({}, 1, 1 << 20)
    read.spool.position = read.batch.next
    spools.acknowledge(finished_only=True)
    assert told.acknowledged() == first
    spools.acknowledge(finished_only=False)
    assert told.acknowledged() == read.batch.next
    assert spools.lag_bytes() == 0


def test_lag_is_what_is_not_committed(state: Path, open_spool: Opener, make_events: Maker) -> None:
    fill(open_spool("sniff"), make_events(3))
    spools = OpenSpools(state / "spool")
    (read,) = spools.read({}, 100, 1 << 20)
    assert spools.lag_bytes() == sum(len(line) + 1 for line in read.batch.lines)
    read.spool.position = read.batch.next
    assert spools.lag_bytes() == 0
