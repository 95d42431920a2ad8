# SPDX-License-Identifier: MIT
"""The listener's checkpoint alone: what a successor knows after a crash at any place, and what it forgets."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import pytest
from tests.decnet_swarm.swarm_workers import fill, made

from decnet_core.spool import segments
from decnet_core.spool.positions import START, Position
from decnet_core.spool.reader import look
from decnet_core.spool.segments import path_of
from decnet_swarm.listener import records as module
from decnet_swarm.listener.records import MOST_READ, Records, near_the_end
from decnet_swarm.wire import SpoolPosition

PLACE = SpoolPosition(1, 2, "check")


def saved(tmp_path: Path, end: Position = START) -> Path:
    """Write a checkpoint that says that the listener's spool is accounted for up to `end`."""
    file = tmp_path / "listener.json"
    records = Records(file)
    records.stored("berlin-1", "decoys", PLACE, 5)
    records.save(end)
    return file


def spooled(tmp_path: Path, numbers: Iterable[int], name: str = "berlin-1") -> Path:
    """Append these events of a sensor to the listener's spool, in a segment of their own."""
    fill(tmp_path, numbers, "listener", name)
    return tmp_path / "spool" / "listener"


def after(spool: Path, lines: int) -> Position:
    return look(spool, START, lines).next


def known(records: Records, numbers: Iterable[int], name: str = "berlin-1") -> list[bool]:
    return [records.is_known(name, made(number, name=name).id) for number in numbers]


def test_a_first_start_knows_nothing_and_has_nothing_to_note(tmp_path: Path) -> None:
    records = Records(tmp_path / "listener.json")
    assert (records.found, records.fresh, records.sensors, records.remembered) == (False, False, 0, 0)


def test_what_was_stored_is_noted_once(tmp_path: Path) -> None:
    records = Records(tmp_path / "listener.json")
    records.stored("berlin-1", "decoys", PLACE, 5)
    stored = records.fresh
    records.save(Position(1, 1))
    assert (stored, records.fresh) == (True, False)
    again = Records(tmp_path / "listener.json")
    assert (again.found, again.fresh, again.sensors) == (True, False, 1)
    assert dict(again.places("berlin-1")) == {"decoys": PLACE}


def test_events_after_the_checkpoint_are_known_once_each(tmp_path: Path) -> None:
    spool = spooled(tmp_path, range(10))
    records = Records(saved(tmp_path, after(spool, 4)))
    records.recover(spool)
    assert records.remembered == 6
    assert known(records, range(12)) == [False] * 4 + [True] * 6 + [False] * 2
    assert known(records, range(12)) == [False] * 12
    assert records.remembered == 0


def test_more_events_than_one_read_holds_are_known(tmp_path: Path) -> None:
    spool = spooled(tmp_path, range(2500))
    records = Records(saved(tmp_path))
    records.recover(spool)
    assert records.remembered == 2500


def test_each_sensors_events_are_its_own(tmp_path: Path) -> None:
    spooled(tmp_path, range(2))
    spool = spooled(tmp_path, range(3), "paris-1")
    records = Records(saved(tmp_path))
    records.recover(spool)
    assert records.remembered == 5
    assert not records.is_known("paris-1", made(0).id)
    assert not records.is_known("rome-1", made(0).id)
    records.settle("berlin-1")
    assert records.remembered == 3
    assert known(records, range(3), "paris-1") == [True] * 3


def test_a_line_that_is_no_event_hides_none_after_it(tmp_path: Path) -> None:
    spool = spooled(tmp_path, [0])
    with path_of(spool, 1).open("ab") as file:
        file.write(b"no event\n")
    spooled(tmp_path, [1])
    records = Records(saved(tmp_path))
    records.recover(spool)
    assert known(records, range(2)) == [True, True]


def test_the_checkpoints_end_stays_until_nothing_can_come_again(tmp_path: Path) -> None:
    """A second crash must find the ids again."""
    spool = spooled(tmp_path, range(3))
    file = saved(tmp_path)
    records = Records(file)
    records.recover(spool)
    records.stored("paris-1", "decoys", PLACE, 6)
    assert known(records, [0]) == [True]
    records.save(after(spool, 3))
    second = Records(file)
    second.recover(spool)
    assert (second.sensors, second.remembered) == (2, 3)
    assert known(second, range(3)) == [True] * 3
    second.save(after(spool, 3))
    third = Records(file)
    third.recover(spool)
    assert third.remembered == 0


def test_there_is_something_to_note_when_a_sensor_is_done_with_what_was_known(tmp_path: Path) -> None:
    spool = spooled(tmp_path, range(3))
    records = Records(saved(tmp_path))
    records.settle("berlin-1")
    assert not records.fresh
    records.recover(spool)
    assert not records.fresh
    records.settle("berlin-1")
    assert (records.fresh, records.remembered) == (True, 0)
    assert known(records, [0]) == [False]


def test_what_is_acknowledged_as_known_is_on_the_disk_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced = []

    def sync(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)

    for number in range(3):
        spool = spooled(tmp_path, [number])
    records = Records(saved(tmp_path, Position(2, 0)))
    monkeypatch.setattr(os, "fsync", sync)
    records.recover(spool)
    assert synced == ["0000000002.jsonl", "0000000003.jsonl"]


def test_a_segment_that_the_writer_frees_meanwhile_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = spooled(tmp_path, range(2))
    listed = segments.sizes(spool)
    monkeypatch.setattr(segments, "sizes", lambda _: {**listed, 2: 10})
    records = Records(saved(tmp_path))
    records.recover(spool)
    assert records.remembered == 2


def test_what_stands_before_the_end_that_is_read_is_left_to_ingest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        spool = spooled(tmp_path, [number])
    monkeypatch.setattr(module, "MOST_READ", path_of(spool, 3).stat().st_size + 1)
    records = Records(saved(tmp_path))
    records.recover(spool)
    assert known(records, range(3)) == [False, False, True]


def test_only_the_end_of_a_long_spool_is_read_for_ids() -> None:
    size = MOST_READ // 4
    assert near_the_end({}) == Position(0, 0)
    assert near_the_end({7: MOST_READ * 2}) == Position(7, 0)
    assert near_the_end({1: size, 2: size, 3: size, 4: size}) == Position(1, 0)
    assert near_the_end({1: size, 2: size, 3: size, 4: size, 5: 1}) == Position(2, 0)
    assert near_the_end({1: 1, 2: MOST_READ, 3: 0}) == Position(2, 0)


@pytest.mark.parametrize("damage", [b"", b"{", b"\xff", b'{"end":5}', b"[]", b'{"sensors":{"\xff":{}}}'])
def test_a_damaged_checkpoint_is_reported_and_treated_as_none(
    tmp_path: Path, damage: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "listener.json"
    file.write_bytes(damage)
    records = Records(file)
    assert (records.found, records.sensors) == (False, 0)
    assert "cannot be read" in caplog.text


def test_an_unreadable_checkpoint_is_reported_and_treated_as_none(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "listener.json").mkdir()
    assert not Records(tmp_path / "listener.json").found
    assert "Is a directory" in caplog.text


def test_checkpoint_keeps_each_sensors_places_apart(tmp_path: Path) -> None:
    records = Records(tmp_path / "listener.json")
    records.stored("a", "decoys", SpoolPosition(1, 2, "x"), 5)
    records.stored("b", "decoys", SpoolPosition(3, 4, "y"), 5)
    records.save(Position(1, 1))
    again = Records(tmp_path / "listener.json")
    assert again.found
    assert dict(again.places("a")) == {"decoys": SpoolPosition(1, 2, "x")}
    assert dict(again.places("b")) == {"decoys": SpoolPosition(3, 4, "y")}
    assert dict(again.places("c")) == {}
