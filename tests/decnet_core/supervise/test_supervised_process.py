# SPDX-License-Identifier: MIT
"""One worker's keeper at moments that real processes seldom meet: what it hears late, twice, or not at all."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import AsyncIterator, Callable, Mapping

import pytest

from decnet_core.supervise.fleet import Status
from decnet_core.supervise.logfile import StandardError
from decnet_core.supervise.policy import Phase
from decnet_core.supervise.settings import SuperviseSettings
from decnet_core.supervise.supervised_process import Keeper


class Process:
    """A child that does what the test says."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.code: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def wait(self) -> int:
        return await asyncio.shield(self.code)

    async def stop(self, seconds: float) -> None:
        self.end(0)

    def kill(self) -> None:
        self.end(-signal.SIGKILL)

    def end(self, code: int) -> None:
        if not self.code.done():
            self.code.set_result(code)


class Nursery:
    """Makes processes, the first with pid 1."""

    def __init__(self) -> None:
        self.children: list[Process] = []

    async def spawn(self, name: str, write: Callable[[bytes], None], besides: Mapping[str, str]) -> Process:
        self.children.append(Process(len(self.children) + 1))
        return self.children[-1]


@pytest.fixture
async def kept() -> AsyncIterator[tuple[Keeper, Nursery]]:
    async with keeping(SuperviseSettings(first_delay_seconds=0.01, longest_delay_seconds=0.01)) as found:
        yield found


@pytest.fixture
async def held_up() -> AsyncIterator[tuple[Keeper, Nursery]]:
    """A worker that must give a sign of life five times a second."""
    settings = SuperviseSettings(first_delay_seconds=0.01, longest_delay_seconds=0.01, watchdog_seconds=0.2)
    async with keeping(settings) as found:
        yield found


@contextlib.asynccontextmanager
async def keeping(settings: SuperviseSettings) -> AsyncIterator[tuple[Keeper, Nursery]]:
    nursery, told = Nursery(), list[Status]()
    keeper = Keeper("door", nursery.spawn, settings=settings, logfile=StandardError(), changed=told.append)
    kept = asyncio.ensure_future(keeper.keep())
    await until(lambda: keeper.status.phase is Phase.STARTING)
    yield keeper, nursery
    await keeper.stop()
    await asyncio.wait_for(kept, 30)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0)


async def test_a_beat_tells_that_the_word_of_readiness_was_lost(kept: tuple[Keeper, Nursery]) -> None:
    keeper, _ = kept
    keeper.hear(1, {"WATCHDOG": "1", "X_DECNET_MEMORY_BUDGET": "7"})
    assert keeper.status == Status("door", Phase.READY, 1)
    assert keeper.budget_bytes == 7


async def test_a_supervisor_that_was_held_up_itself_kills_nobody_for_having_been_silent(
    held_up: tuple[Keeper, Nursery],
) -> None:
    keeper, nursery = held_up
    keeper.hear(1, {"READY": "1"})
    time.sleep(1.5)  # noqa: ASYNC251  # stopped, with whatever the worker said unread or lost
    for _ in range(5):
        await asyncio.sleep(0)
    assert (keeper.status.phase, keeper.status.pid) == (Phase.READY, 1)
    await until(lambda: keeper.knows(2))
    assert nursery.children[0].code.result() == -signal.SIGKILL


async def test_a_recycling_ends_when_the_old_process_falls_by_itself_meanwhile(kept: tuple[Keeper, Nursery]) -> None:
    """All of it is heard at once, as by a supervisor that was held up."""
    keeper, nursery = kept
    keeper.hear(1, {"READY": "1"})
    recycling = asyncio.ensure_future(keeper.recycle(why="test"))
    await until(lambda: keeper.knows(2))
    keeper.hear(2, {"STANDBY": "1"})
    keeper.hear(2, {"READY": "1"})
    nursery.children[0].end(-signal.SIGKILL)
    assert await asyncio.wait_for(recycling, 30)
    assert (keeper.status.phase, keeper.status.pid) == (Phase.READY, 2)


async def test_a_successor_that_comes_too_late_is_not_a_second_process(kept: tuple[Keeper, Nursery]) -> None:
    """The old process falls, and another takes its place, while the successor is still being made."""
    keeper, nursery = kept
    keeper.hear(1, {"READY": "1"})
    made, spawn = asyncio.Event(), nursery.spawn

    async def slow(name: str, write: Callable[[bytes], None], besides: Mapping[str, str]) -> Process:
        child = await spawn(name, write, besides)
        if besides:
            await made.wait()
        return child

    keeper._spawn = slow
    recycling = asyncio.ensure_future(keeper.recycle(why="test"))
    await until(lambda: len(nursery.children) == 2)
    nursery.children[0].end(-signal.SIGKILL)
    await until(lambda: keeper.knows(3))
    made.set()
    assert not await asyncio.wait_for(recycling, 30)
    assert nursery.children[1].code.done()
    assert (keeper.status.phase, keeper.status.pid) == (Phase.STARTING, 3)


async def test_a_successor_that_does_not_stand_by_leaves_the_old_one_settled(
    kept: tuple[Keeper, Nursery], caplog: pytest.LogCaptureFixture
) -> None:
    keeper, nursery = kept
    keeper.hear(1, {"READY": "1"})
    recycling = asyncio.ensure_future(keeper.recycle(why="test"))
    await until(lambda: keeper.knows(2))
    nursery.children[1].end(1)
    assert not await asyncio.wait_for(recycling, 30)
    assert "worker=door goes on as it is" in caplog.text
    assert keeper.settled.is_set()
    assert (keeper.status.phase, keeper.status.pid) == (Phase.READY, 1)


async def test_two_who_want_a_process_replaced_do_not_leave_a_third(kept: tuple[Keeper, Nursery]) -> None:
    """A reload and the watch of budgets, at the same time; what the watch has seen is gone when its turn comes."""
    keeper, nursery = kept
    keeper.hear(1, {"READY": "1"})
    both = asyncio.gather(keeper.recycle(why="reload"), keeper.recycle(why="budget", pid=1))
    await until(lambda: keeper.knows(2))
    keeper.hear(2, {"STANDBY": "1"})
    await until(lambda: keeper.status.pid == 2)
    keeper.hear(2, {"READY": "1"})
    assert list(await asyncio.wait_for(both, 30)) == [True, False]
    assert len(nursery.children) == 2


async def test_a_reload_that_meets_a_recycling_replaces_its_successor_too(kept: tuple[Keeper, Nursery]) -> None:
    """It may have been forked from the code of before."""
    keeper, _ = kept
    keeper.hear(1, {"READY": "1"})
    both = asyncio.gather(keeper.recycle(why="budget", pid=1), keeper.recycle(why="reload"))
    for successor in (2, 3):
        await until(lambda successor=successor: keeper.knows(successor))  # type: ignore[misc]
        keeper.hear(successor, {"STANDBY": "1"})
        await until(lambda successor=successor: keeper.status.pid == successor)  # type: ignore[misc]
        keeper.hear(successor, {"READY": "1"})
    assert list(await asyncio.wait_for(both, 30)) == [True, True]
