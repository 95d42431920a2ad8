# SPDX-License-Identifier: MIT
"""When a worker asks to be parked, and when it looks again."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from decnet_core.bus.memory import MemoryBus
from decnet_core.runtime.context import Context
from decnet_core.runtime.parking import AGAIN_SECONDS, Parking
from decnet_core.settings import Settings
from decnet_core.state import State


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_without_a_supervisor_that_parks_the_interval_stays_as_it_is() -> None:
    assert Parking().rest(0.0, 10.0) == 10.0


def test_a_worker_asks_when_it_was_idle_for_long_enough_and_looks_just_then(clock: list[float]) -> None:
    parking, asked = Parking(), []
    parking.enable(30.0, lambda *request: asked.append(request))
    assert parking.rest(clock[0], 10.0) == 10.0
    clock[0] = 1025.0
    assert parking.rest(clock[0], 10.0) == 5.0
    assert asked == []
    clock[0] = 1030.0
    assert parking.rest(1029.5, 10.0, 90.0) == AGAIN_SECONDS
    assert asked == [(1029.5, 1120.0)]


def test_it_asks_again_for_as_long_as_it_runs_but_not_for_every_nudge(clock: list[float]) -> None:
    parking, asked = Parking(), []
    parking.enable(30.0, lambda *request: asked.append(request))
    parking.rest(clock[0], 10.0)
    for _ in range(1000):
        clock[0] += 0.05
        assert parking.rest(clock[0], 10.0) <= 10.0
    assert 5 <= len(asked) <= 7  # in 20 s, after pauses that become twice as long each time
    assert asked[0] == (pytest.approx(1030.0, abs=0.1), None)


def test_what_it_finds_makes_it_start_anew(clock: list[float]) -> None:
    parking, asked = Parking(), []
    parking.enable(30.0, lambda *request: asked.append(request))
    parking.rest(clock[0], 10.0)
    clock[0] = 1029.0
    parking.worked()
    parking.rest(clock[0], 10.0)
    clock[0] = 1058.9
    assert parking.rest(clock[0], 10.0) == pytest.approx(0.1)
    assert asked == []


def test_the_wait_is_never_longer_than_the_workers_own_interval(clock: list[float]) -> None:
    parking = Parking()
    parking.enable(0.0, lambda *_: None)
    assert parking.rest(clock[0], 0.01) == 0.01


def test_a_job_beside_the_main_loop_keeps_it_awake_and_is_due_by_itself(clock: list[float]) -> None:
    parking, asked = Parking(), []
    parking.enable(30.0, lambda *request: asked.append(request))
    parking.side_due = 2000.0
    with parking.side_job():
        parking.rest(900.0, 10.0)
        assert parking.rest(900.0, 10.0) == 10.0
    assert parking.rest(clock[0], 10.0) == 10.0
    clock[0] = 1030.0
    parking.rest(clock[0], 10.0)
    parking.side_due = 1040.0
    clock[0] = 1035.0
    parking.rest(clock[0], 10.0, 90.0)
    assert asked == [(1030.0, 2000.0), (1035.0, 1040.0)]


async def test_who_serves_is_busy_while_visitors_come_or_stay_and_else_at_rest(tmp_path: Path) -> None:
    noted: list[str] = []

    class Noting(Parking):
        def busy(self, seconds: float) -> float:
            noted.append(f"busy {seconds:g}")
            return 0.0

        def rest(self, began: float, seconds: float, due_seconds: float | None = None) -> float:
            noted.append(f"rest {seconds:g}")
            return 0.0

    settings = Settings({}, {}, "")
    ctx = Context(worker="web", state=State(tmp_path), sensor="s", settings=settings, bus=MemoryBus())
    ctx.parking = Noting()
    looks = iter([(0, False), (0, False), (1, False), (1, True), (1, False)])

    def visits() -> tuple[float, bool]:
        found = next(looks, None)
        if found is None:
            ctx.stop()
        return found or (1, False)

    await ctx.serve(visits, 10.0)
    assert noted == ["busy 10", "rest 10", "busy 10", "busy 10", "rest 10", "rest 10"]


@pytest.mark.parametrize("work", [Parking.worked, lambda parking: parking.take_break(999.0, 10.0, 40.0)])
def test_that_there_is_something_to_do_is_told_once(clock: list[float], work: Callable[[Parking], object]) -> None:
    parking, told = Parking(), list[float]()
    parking.enable(30.0, lambda *_: None, tell_worked=lambda: told.append(clock[0]))
    parking.rest(clock[0], 10.0)
    assert told == []
    work(parking)
    work(parking)
    assert told == [clock[0]]


def test_a_break_is_asked_for_at_once_and_again_a_moment_later(clock: list[float]) -> None:
    parking, asked, breaks = Parking(), list[tuple[object, ...]](), list[tuple[float, float]]()
    parking.enable(30.0, lambda *request: asked.append(request), lambda *request: breaks.append(request))
    assert parking.take_break(999.0, 10.0, 40.0) == AGAIN_SECONDS
    parking.take_break(1000.0, 10.0, 40.0)
    assert breaks == [(999.0, 1040.0)]
    clock[0] += AGAIN_SECONDS
    parking.take_break(1000.2, 10.0, 40.0)
    assert breaks[1:] == [(1000.2, 1000.0 + AGAIN_SECONDS + 40.0)]
    with parking.side_job():
        clock[0] += 1.0
        assert parking.take_break(clock[0], 10.0, 40.0) == 10.0
    assert len(breaks) == 2
    assert asked == []
    assert parking.has_worked


def test_there_is_no_break_without_a_supervisor_that_parks() -> None:
    assert Parking().take_break(0.0, 10.0, 40.0) == 10.0
