# SPDX-License-Identifier: MIT
"""Repeats of one source in the spool: bounded, exact, and none lost with the process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest
from tests.decnet_core.spool import folding_child

from decnet_core.bus.memory import MemoryBus
from decnet_core.events.catalogue import HttpRequest, LoginAttempt
from decnet_core.events.codec import decode, encode
from decnet_core.events.envelope import Event
from decnet_core.events.ids import uuid7
from decnet_core.runtime.context import Context
from decnet_core.settings import Settings
from decnet_core.spool.folding import JOURNALS, Folding
from decnet_core.spool.settings import FoldingSettings, SpoolSettings
from decnet_core.spool.writer import SpoolWriter
from decnet_core.state import State

SETTINGS = FoldingSettings(burst_bytes=3072, bytes_per_second=1, window_seconds=60)
"""Three small events are written whole."""


class Sensor:
    """A spool with its folds, as the runtime opens it."""

    def __init__(self, directory: Path, settings: FoldingSettings = SETTINGS) -> None:
        self.spool = SpoolWriter(directory, SpoolSettings())
        self.folding = Folding(directory, settings)
        for event in self.folding.left_behind():
            self.spool.append(event)
        self.folding.clear()

    def context(self, state: State) -> Context:
        return Context(worker="w", state=state, sensor="s", settings=Settings({}, {}, ""), bus=MemoryBus(),
                       spool=self.spool, folding=self.folding, produces=(LoginAttempt, HttpRequest))  # fmt: skip


def written(directory: Path) -> list[Event]:
    """The events of a spool, each id once: what ingest makes of it."""
    lines = [line for file in sorted(directory.glob("*.jsonl")) for line in file.read_bytes().splitlines()]
    return list({event.id: event for event in map(decode, lines)}.values())


def tried(events: Iterable[Event]) -> Counter[str | None]:
    found: Counter[str | None] = Counter()
    for event in events:
        if isinstance(event.payload, LoginAttempt):
            for one, count in event.payload.variants():
                found[one.password] += count
    return found


@pytest.fixture
def state(tmp_path: Path) -> State:
    state = State(tmp_path / "state")
    state.create()
    return state


def guess(password: str) -> LoginAttempt:
    return LoginAttempt(service="ssh", username="root", password=password, success=False)


async def test_a_flood_takes_little_room_and_its_totals_are_exact(state: State) -> None:
    directory = state.spool / "w"
    ctx = Sensor(directory).context(state)
    request = HttpRequest(method="GET", target="/", headers=(("X-Filler", "y" * 8000),), status=200)
    for number in range(5000):
        ctx.emit(request, decky="web-01", src=("192.0.2.1", 1024 + number), session=str(number))
    await ctx.close()
    events = written(directory)
    assert sum(event.payload.occurrences for event in events) == 5000
    assert len(events) < 10
    assert sum(file.stat().st_size for file in directory.glob("*.jsonl")) < 100_000


async def test_the_first_events_of_each_source_and_decky_are_written_whole(state: State) -> None:
    ctx = Sensor(state.spool / "w").context(state)
    for source in ("192.0.2.1", "192.0.2.2"):
        for decky in ("web-01", "db-01"):
            for number in range(3):
                ctx.emit(guess(str(number)), decky=decky, src=(source, 1))
    assert len(written(state.spool / "w")) == 12
    await ctx.close()


async def test_each_credential_that_was_tried_is_there_with_its_count(state: State) -> None:
    ctx = Sensor(state.spool / "w").context(state)
    for number in range(400):
        ctx.emit(guess(f"p{number % 40}"), src=("192.0.2.1", 1))
    await ctx.close()
    assert tried(written(state.spool / "w")) == {f"p{number}": 10 for number in range(40)}


async def test_a_window_ends_by_itself(state: State) -> None:
    ctx = Sensor(state.spool / "w", FoldingSettings(burst_bytes=0, window_seconds=0.1)).context(state)
    ctx.emit(guess("a"), src=("192.0.2.1", 1))
    ctx.emit(guess("b"), src=("192.0.2.1", 1))
    assert written(state.spool / "w") == []
    ctx.appended.clear()
    await ctx.appended.wait()
    assert tried(written(state.spool / "w")) == {"a": 1, "b": 1}
    await ctx.close()


async def test_an_event_with_an_id_of_its_own_is_never_folded(state: State) -> None:
    ctx = Sensor(state.spool / "w").context(state)
    for number in range(50):
        ctx.emit(guess("a"), id=uuid7(number), src=("192.0.2.1", 1))
    assert len(written(state.spool / "w")) == 50
    await ctx.close()


@pytest.mark.parametrize("windows", [0, 1, 2, 3])
def test_nothing_that_was_folded_is_lost_or_doubled_by_a_kill(tmp_path: Path, windows: int) -> None:
    """A child is killed in the middle of a window, after some that ended, the last without the disk having them."""
    directory = tmp_path / "spool"
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            _be_killed(directory, windows, writing)
        finally:
            os._exit(1)
    os.close(writing)
    assert os.read(reading, 1) == b"x"
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(reading)
    sensor = Sensor(directory)
    sensor.spool.close()
    assert tried(written(directory)) == {f"p{number}": windows + 1 for number in range(20)}
    assert [(directory / name).stat().st_size for name in JOURNALS] == [0, 0]


def _be_killed(directory: Path, windows: int, writing: int) -> None:
    sensor = Sensor(directory)
    for window in range(windows + 1):
        for number in range(20):
            event = Event(id=uuid7(1), ts=1, sensor="s", payload=guess(f"p{number}"), src_ip="192.0.2.1")
            line = encode(event)
            if not sensor.folding.takes(event, line, now=0):
                sensor.spool.append_line(line)
        if window < windows:
            for event in sensor.folding.folded():
                sensor.spool.append(event)
            if window % 2:
                sensor.folding.sync(sensor.spool)
            sensor.folding.forget()
    os.write(writing, b"x")
    signal.pause()


def test_a_torn_line_of_the_journal_is_passed_over(tmp_path: Path) -> None:
    sensor = Sensor(tmp_path / "spool", FoldingSettings(burst_bytes=0))
    event = Event(id=uuid7(1), ts=1, sensor="s", payload=guess("a"), src_ip="192.0.2.1")
    assert sensor.folding.takes(event, encode(event), now=0)
    sensor.spool.close()
    journal = tmp_path / "spool" / JOURNALS[0]
    journal.write_bytes(journal.read_bytes() + b'[0,2,3,["ab"')
    again = Sensor(tmp_path / "spool")
    again.spool.close()
    assert written(tmp_path / "spool") == [event]


def test_a_window_that_cannot_keep_all_values_ends_within_a_second(tmp_path: Path) -> None:
    folding = Folding(_made(tmp_path / "spool"), FoldingSettings(burst_bytes=0, window_seconds=60))
    for number in range(100):
        event = Event(id=uuid7(1), ts=1, sensor="s", payload=guess(str(number)), src_ip="192.0.2.1")
        assert folding.takes(event, encode(event), now=10.0)
    assert folding.ends_in(10.25) == pytest.approx(0.75)
    folding.close()


def test_when_the_disk_refuses_the_journal_events_are_written_whole(tmp_path: Path) -> None:
    folding = Folding(_made(tmp_path / "spool"), FoldingSettings(burst_bytes=0))
    folding.close()
    event = Event(id=uuid7(1), ts=1, sensor="s", payload=guess("a"), src_ip="192.0.2.1")
    assert not folding.takes(event, encode(event), now=0)
    assert not folding.open


def _made(directory: Path) -> Path:
    directory.mkdir()
    return directory


@pytest.mark.fault
def test_a_worker_that_is_killed_again_and_again_has_counted_each_event_once(tmp_path: Path) -> None:
    """At most the one event that was being recorded when the kill came is there without having been told."""
    told, kills = 0, 6
    for round_ in range(kills):
        child = subprocess.Popen([sys.executable, folding_child.__file__, str(tmp_path)], stdout=subprocess.PIPE)
        assert child.stdout is not None
        least = told + 300 + 1500 * round_
        while told < least:
            told += len(os.read(child.stdout.fileno(), 1 << 16))
        child.kill()
        told += len(child.stdout.read())
        child.stdout.close()
        child.wait()
    sensor = Sensor(tmp_path / "spool" / "flooded")
    sensor.spool.close()
    assert told <= sum(event.payload.occurrences for event in written(tmp_path / "spool" / "flooded")) <= told + kills
