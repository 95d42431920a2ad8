# SPDX-License-Identifier: MIT
"""The fleet as tasks: a crash of one never touches its siblings, and who holds the loop is blamed by name."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from tests.decnet_core.supervise.supervised_workers import Crashing, CrashingExposed, CrashingOnce, Refusing, Steady

from decnet_core.events.catalogue import SessionOpened
from decnet_core.runtime.context import Context
from decnet_core.runtime.restarts.policy import Phase
from decnet_core.runtime.worker import NoSettings, Worker
from decnet_core.settings import Settings
from decnet_core.supervise import stalls as stalls_module
from decnet_core.supervise.lifecycle import Status
from decnet_core.supervise.preload import loading
from decnet_core.supervise.stalls import Stalls, watched
from decnet_core.supervise.task_fleet import SupervisedTask, TaskFleet

HELD_SECONDS = 1.5


class Holding(Worker[NoSettings]):
    """Holds the event loop, for longer than a busy machine takes it away from others."""

    name = "holding"

    async def run(self, ctx: Context) -> None:
        time.sleep(HELD_SECONDS)  # noqa: ASYNC251  # the fault under test
        await ctx.stopping.wait()


class Stumbling(Worker[NoSettings]):
    """Has a spool, and fails in its first life while it stops."""

    name = "stumbling"
    produces = (SessionOpened,)

    async def run(self, ctx: Context) -> None:
        if not (ctx.state.root / "stumbled").exists():
            raise ValueError("first life")
        await ctx.stopping.wait()

    async def stop(self, ctx: Context) -> None:
        if not (ctx.state.root / "stumbled").exists():
            (ctx.state.root / "stumbled").touch()
            raise RuntimeError("can't start new thread")


class Dreaming(Worker[NoSettings]):
    """Never becomes ready, and does not stop when asked."""

    name = "dreaming"

    async def start(self, ctx: Context) -> None:
        await asyncio.Event().wait()


class Clinging(Worker[NoSettings]):
    """Does not let go of what it holds, whoever cancels it the first time."""

    name = "clinging"

    async def run(self, ctx: Context) -> None:
        await ctx.stopping.wait()

    async def stop(self, ctx: Context) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        await asyncio.Event().wait()


class Computing(Worker[NoSettings]):
    """Fails while its thread is at work."""

    name = "computing"

    async def run(self, ctx: Context) -> None:
        ctx.spawn(ctx.in_thread(self.compute, ctx.state.root / "computed"), name="compute", may_end=True)
        await asyncio.sleep(0)
        raise ValueError("first life")

    def compute(self, path: Path) -> None:
        time.sleep(2)
        path.touch()


class Leaving(Worker[NoSettings]):
    """Ends the interpreter, as a library may that was written for a process of its own."""

    name = "leaving"

    async def run(self, ctx: Context) -> None:
        if (ctx.state.root / "left").exists():
            asyncio.get_running_loop().call_soon(sys.exit, 4)
            await ctx.stopping.wait()
        (ctx.state.root / "left").touch()
        sys.exit(3)


WORKERS: dict[str, type[Worker[Any]]] = {
    w.name: w
    for w in (
        Clinging,
        Computing,
        Crashing,
        CrashingExposed,
        CrashingOnce,
        Dreaming,
        Holding,
        Leaving,
        Refusing,
        Steady,
        Stumbling,
    )
}


def load(name: str) -> type[Worker[Any]]:
    return loading.at("no_such_module:Worker") if name == "broken" else WORKERS[name]


@contextlib.asynccontextmanager
async def running(state: Path, *names: str, **besides: float) -> AsyncIterator[tuple[TaskFleet, Stalls]]:
    supervision = {"first_delay_seconds": 0.01, "longest_delay_seconds": 0.02, "crash_limit": 3, **besides}
    settings = Settings({"state": {"dir": str(state)}, "supervise": supervision}, {}, "test")
    with watched() as stalls:
        fleet = TaskFleet(settings, stalls, load=load)
        try:
            async with asyncio.timeout(60):
                await fleet.start(names)
            yield fleet, stalls
        finally:
            await fleet.stop()


def one(fleet: TaskFleet, name: str) -> Status:
    return next(status for status in fleet.status() if status.name == name)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.01)


async def test_all_run_in_this_process(tmp_path: Path) -> None:
    async with running(tmp_path, "steady") as (fleet, _):
        assert one(fleet, "steady").phase is Phase.READY
        assert one(fleet, "steady").pid == os.getpid()
    assert one(fleet, "steady").phase is Phase.STOPPED


async def test_a_crash_of_one_never_touches_its_sibling(tmp_path: Path) -> None:
    async with running(tmp_path, "steady", "crashing") as (fleet, _):
        await until(lambda: one(fleet, "crashing").phase is Phase.CRASH_LOOP)
        assert "on fire" in one(fleet, "crashing").reason
        assert one(fleet, "steady") == Status("steady", Phase.READY, os.getpid())


async def test_a_worker_that_attackers_can_reach_is_restarted_for_ever(tmp_path: Path) -> None:
    async with running(tmp_path, "crashing-exposed", crash_limit=2) as (fleet, _):
        await until(lambda: one(fleet, "crashing-exposed").restarts > 2)
        assert one(fleet, "crashing-exposed").phase is not Phase.CRASH_LOOP


async def test_a_worker_that_ends_the_interpreter_ends_itself_only(tmp_path: Path) -> None:
    async with running(tmp_path, "steady", "leaving") as (fleet, _):
        await until(lambda: one(fleet, "leaving").restarts == 1)
        await asyncio.sleep(0.1)
        assert one(fleet, "steady") == Status("steady", Phase.READY, os.getpid())


async def test_a_crashed_worker_comes_back(tmp_path: Path) -> None:
    async with running(tmp_path, "crashing-once") as (fleet, _):
        await until(lambda: one(fleet, "crashing-once").restarts == 1)
        await until(lambda: one(fleet, "crashing-once").phase is Phase.READY)


async def test_a_worker_that_fails_while_it_stops_lets_go_of_its_spool(tmp_path: Path) -> None:
    async with running(tmp_path, "stumbling") as (fleet, _):
        await until(lambda: one(fleet, "stumbling").restarts == 1)
        await until(lambda: one(fleet, "stumbling").phase is Phase.READY)


async def test_a_worker_that_cannot_be_imported_fails_alone(tmp_path: Path) -> None:
    async with running(tmp_path, "broken", "steady") as (fleet, _):
        assert one(fleet, "broken").phase is Phase.REFUSED
        assert "No module named 'no_such_module'" in one(fleet, "broken").reason
        assert one(fleet, "steady").phase is Phase.READY


async def test_a_start_up_failure_is_not_retried(tmp_path: Path) -> None:
    async with running(tmp_path, "refusing") as (fleet, _):
        assert one(fleet, "refusing").phase is Phase.REFUSED
        assert one(fleet, "refusing").restarts == 0


async def test_a_worker_that_does_not_become_ready_is_a_crash(tmp_path: Path) -> None:
    async with running(tmp_path, "dreaming", "steady", start_seconds=0.3) as (fleet, _):
        await until(lambda: one(fleet, "dreaming").phase is Phase.CRASH_LOOP)
        assert one(fleet, "dreaming").reason == "not ready after 0.3 s, killed"
        assert one(fleet, "steady").phase is Phase.READY


@pytest.mark.parametrize("name", ["dreaming", "clinging"])
async def test_a_worker_that_hangs_does_not_keep_the_fleet_from_stopping(tmp_path: Path, name: str) -> None:
    async with running(tmp_path, "steady", stop_seconds=0.2) as (fleet, _):
        worker = fleet._start(name)
        assert isinstance(worker, SupervisedTask)
        await until(lambda: worker._ctx is not None)
        async with asyncio.timeout(60):
            await fleet.stop()
        assert {status.phase for status in fleet.status()} == {Phase.STOPPED}


async def test_a_thread_that_is_at_work_when_its_worker_falls_does_not_hold_the_others(tmp_path: Path) -> None:
    async with running(tmp_path, "computing", "steady", crash_limit=1) as (fleet, stalls):
        await until(lambda: one(fleet, "computing").phase is Phase.CRASH_LOOP)
        assert (tmp_path / "computed").exists()
        assert stalls.longest.get("computing", 0.0) < 1.0


async def test_a_worker_is_started_again_on_request(tmp_path: Path) -> None:
    async with running(tmp_path, "steady") as (fleet, _):
        await fleet.restart("steady")
        assert one(fleet, "steady").phase is Phase.READY
        assert one(fleet, "steady").restarts == 1


async def test_who_holds_the_loop_is_counted_and_blamed_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stalls_module, "STALL_SECONDS", HELD_SECONDS - 0.2)
    async with running(tmp_path, "steady", "holding") as (_, stalls):
        await until(lambda: stalls.counts.get("holding", 0) >= 1)
        assert "steady" not in stalls.counts
        assert stalls.counters_of("holding")["loop_stall_longest_seconds"] >= HELD_SECONDS


def test_the_loop_is_not_watched_outside_tasks_mode() -> None:
    before = asyncio.Handle._run
    with watched():
        assert asyncio.Handle._run is not before
    assert asyncio.Handle._run is before


@pytest.mark.parametrize("seconds", [0.1, 2.0])
def test_the_longest_stall_is_kept(seconds: float) -> None:
    stalls = Stalls()
    stalls.blame("door", 0.2)
    stalls.blame("door", seconds)
    assert stalls.counters_of("door") == {"loop_stalls": 2, "loop_stall_longest_seconds": max(0.2, seconds)}
