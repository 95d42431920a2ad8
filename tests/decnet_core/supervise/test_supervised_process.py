# SPDX-License-Identifier: MIT
"""One supervised process at moments that real processes seldom meet: messages that come late, twice, or not at all."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import msgspec
import pytest

from decnet_core.bus.broker.server import Broker
from decnet_core.bus.client import connect
from decnet_core.bus.settings import BusSettings
from decnet_core.bus.subjects import Health
from decnet_core.runtime.notify import REPLACE
from decnet_core.runtime.parking import REQUEST, ParkRequest
from decnet_core.runtime.restarts.policy import Phase
from decnet_core.supervise.fork import socket_store
from decnet_core.supervise.fork.child_process import ChildProcess
from decnet_core.supervise.fork.supervised_process import SupervisedProcess
from decnet_core.supervise.lifecycle import Status
from decnet_core.supervise.logfile import StandardError
from decnet_core.supervise.parked.wake_bus import WakeBus
from decnet_core.supervise.settings import SuperviseSettings
from decnet_core.tasks import Tasks


class Process(ChildProcess):
    """A child that does what the test says."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.code: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def wait(self) -> int:
        return await asyncio.shield(self.code)

    def terminate(self) -> None:
        self.end(0)

    def kill(self) -> None:
        self.end(-signal.SIGKILL)

    def end(self, code: int) -> None:
        if not self.code.done():
            self.code.set_result(code)


class Spawner:
    """Makes processes, the first with pid 1."""

    def __init__(self) -> None:
        self.children: list[Process] = []

    async def spawn(
        self, name: str, write: Callable[[bytes], None], additions: Mapping[str, str], sockets: Mapping[str, int]
    ) -> Process:
        self.children.append(Process(len(self.children) + 1))
        return self.children[-1]


@pytest.fixture
async def kept() -> AsyncIterator[tuple[SupervisedProcess, Spawner]]:
    async with keeping(SuperviseSettings(first_delay_seconds=0.01, longest_delay_seconds=0.01)) as found:
        yield found


@pytest.fixture
async def held_up() -> AsyncIterator[tuple[SupervisedProcess, Spawner]]:
    """A worker that must send a heartbeat five times a second."""
    settings = SuperviseSettings(first_delay_seconds=0.01, longest_delay_seconds=0.01, watchdog_seconds=0.2)
    async with keeping(settings) as found:
        yield found


@contextlib.asynccontextmanager
async def keeping(settings: SuperviseSettings) -> AsyncIterator[tuple[SupervisedProcess, Spawner]]:
    spawner, changes, tasks = Spawner(), list[Status](), Tasks("test")
    worker = SupervisedProcess(
        "door", spawner.spawn, settings=settings, logfile=StandardError(), tasks=tasks, changed=changes.append
    )
    worker.start()
    await until(lambda: worker.status.phase is Phase.STARTING)
    yield worker, spawner
    await asyncio.wait_for(worker.stop(), 120)
    await tasks.close()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(120):
        while not condition():
            await asyncio.sleep(0)


async def test_a_heartbeat_shows_that_the_ready_message_was_lost(kept: tuple[SupervisedProcess, Spawner]) -> None:
    worker, _ = kept
    worker.on_notify(1, {"WATCHDOG": "1", "X_DECNET_MEMORY_BUDGET": "7"})
    assert worker.status == Status("door", Phase.READY, 1)
    assert worker.budget_bytes == 7


async def test_a_process_that_asks_for_it_is_replaced_by_one_that_is_no_restart(
    kept: tuple[SupervisedProcess, Spawner],
) -> None:
    worker, _ = kept
    worker.on_notify(1, {"READY": "1"})
    worker.on_notify(1, {REPLACE: "1"})
    worker.on_notify(1, {REPLACE: "1"})
    await until(lambda: worker.knows(2))
    worker.on_notify(2, {"STANDBY": "1"})
    await until(lambda: not worker.knows(1))
    worker.on_notify(2, {"READY": "1"})
    await until(lambda: worker.status == Status("door", Phase.READY, 2))
    assert not worker.knows(3)


async def test_a_supervisor_that_was_held_up_itself_kills_nobody_for_having_been_silent(
    held_up: tuple[SupervisedProcess, Spawner],
) -> None:
    worker, spawner = held_up
    worker.on_notify(1, {"READY": "1"})
    time.sleep(1.5)  # noqa: ASYNC251  # stopped, with whatever the worker said unread or lost
    for _ in range(5):
        await asyncio.sleep(0)
    assert (worker.status.phase, worker.status.pid) == (Phase.READY, 1)
    await until(lambda: worker.knows(2))
    assert spawner.children[0].code.result() == -signal.SIGKILL


async def test_a_recycling_ends_when_the_old_process_falls_by_itself_meanwhile(
    kept: tuple[SupervisedProcess, Spawner],
) -> None:
    """All of it is heard at once, as by a supervisor that was held up."""
    worker, spawner = kept
    worker.on_notify(1, {"READY": "1"})
    recycling = asyncio.ensure_future(worker.recycle(why="test"))
    await until(lambda: worker.knows(2))
    worker.on_notify(2, {"STANDBY": "1"})
    worker.on_notify(2, {"READY": "1"})
    spawner.children[0].end(-signal.SIGKILL)
    assert await asyncio.wait_for(recycling, 120)
    assert (worker.status.phase, worker.status.pid) == (Phase.READY, 2)


async def test_a_successor_that_is_being_made_when_the_old_process_falls_is_the_only_one(
    kept: tuple[SupervisedProcess, Spawner],
) -> None:
    """A restart would start a second one beside it."""
    worker, spawner = kept
    worker.on_notify(1, {"READY": "1"})
    made, spawn = asyncio.Event(), spawner.spawn

    async def slow(
        name: str, write: Callable[[bytes], None], additions: Mapping[str, str], sockets: Mapping[str, int]
    ) -> Process:
        child = await spawn(name, write, additions, sockets)
        if additions:
            await made.wait()
        return child

    worker._spawn = slow
    recycling = asyncio.ensure_future(worker.recycle(why="test"))
    await until(lambda: len(spawner.children) == 2)
    spawner.children[0].end(-signal.SIGKILL)
    await until(lambda: not worker.knows(1))
    assert (worker.status.phase, worker.status.pid) == (Phase.WAITING, None)
    assert worker._timer is None  # no restart is due
    made.set()
    await until(lambda: worker.knows(2))
    worker.on_notify(2, {"READY": "1"})
    assert await asyncio.wait_for(recycling, 120)
    assert (worker.status.phase, worker.status.pid) == (Phase.READY, 2)
    assert len(spawner.children) == 2


async def test_a_successor_that_does_not_stand_by_leaves_the_old_one_settled(
    kept: tuple[SupervisedProcess, Spawner], caplog: pytest.LogCaptureFixture
) -> None:
    worker, spawner = kept
    worker.on_notify(1, {"READY": "1"})
    recycling = asyncio.ensure_future(worker.recycle(why="test"))
    await until(lambda: worker.knows(2))
    spawner.children[1].end(1)
    assert not await asyncio.wait_for(recycling, 120)
    assert "door: not replaced" in caplog.text
    assert worker.settled.is_set()
    assert (worker.status.phase, worker.status.pid) == (Phase.READY, 1)


async def test_two_replacements_at_once_do_not_leave_a_third_process(kept: tuple[SupervisedProcess, Spawner]) -> None:
    """A reload and the watch of budgets, at the same time; what the watch has seen is gone when its turn comes."""
    worker, spawner = kept
    worker.on_notify(1, {"READY": "1"})
    both = asyncio.gather(worker.recycle(why="reload"), worker.recycle(why="budget", instance=1))
    await until(lambda: worker.knows(2))
    worker.on_notify(2, {"STANDBY": "1"})
    await until(lambda: worker.status.pid == 2)
    worker.on_notify(2, {"READY": "1"})
    assert list(await asyncio.wait_for(both, 120)) == [True, False]
    assert len(spawner.children) == 2


async def test_a_reload_that_meets_a_recycling_replaces_its_successor_too(
    kept: tuple[SupervisedProcess, Spawner],
) -> None:
    """It may have been forked from the code of before."""
    worker, _ = kept
    worker.on_notify(1, {"READY": "1"})
    both = asyncio.gather(worker.recycle(why="budget", instance=1), worker.recycle(why="reload"))
    for successor in (2, 3):
        await until(lambda successor=successor: worker.knows(successor))  # type: ignore[misc]
        worker.on_notify(successor, {"STANDBY": "1"})
        await until(lambda successor=successor: worker.status.pid == successor)  # type: ignore[misc]
        worker.on_notify(successor, {"READY": "1"})
    assert list(await asyncio.wait_for(both, 120)) == [True, True]


async def test_sockets_for_which_there_is_no_room_are_shown(
    kept: tuple[SupervisedProcess, Spawner], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket_store, "_MOST", 1)
    worker, _ = kept
    for _ in range(3):
        worker.on_notify(1, {"FDSTORE": "1", "FDNAME": "ssh"}, [os.open("/dev/null", os.O_RDONLY)])
    assert worker.status.unkept_sockets == 2


async def test_a_request_whose_sockets_did_not_all_come_is_not_granted(tmp_path: Path) -> None:
    """Parked without them, nobody would hear clients: the process stays, and asks again."""
    broker = Broker(BusSettings(), tmp_path / "bus")
    await broker.start()
    spawner, tasks = Spawner(), Tasks("test")
    bus = WakeBus(lambda: connect(f"unix://{tmp_path}/bus", name="supervise", wait=5), tasks, lambda: None)
    worker = SupervisedProcess(
        "door",
        spawner.spawn,
        settings=SuperviseSettings(),
        logfile=StandardError(),
        tasks=tasks,
        changed=lambda _: None,
        wake_bus=bus,
    )
    worker.start()
    await until(lambda: worker.knows(1))
    worker.on_notify(1, {"READY": "1"})
    asked = ParkRequest(time.monotonic() + 60, None, (), Health("door", "ready", 1, 0.0, 0, {}), sockets=("http",))
    message = {REQUEST: msgspec.json.encode(asked).decode()}
    with socket.create_server(("127.0.0.1", 0)) as door:
        worker.on_notify(1, message, [os.dup(door.fileno())])  # the first makes the supervisor listen
        await until(lambda: worker._waker is not None and worker._waker._listening is not None)
        worker.on_notify(1, message)
        assert not worker._lifecycle.parking
        worker.on_notify(1, message, [os.dup(door.fileno())])
        await until(lambda: worker.status.phase is Phase.PARKED)
    await asyncio.wait_for(worker.stop(), 120)
    await bus.close()
    await tasks.close()
    await broker.stop()
