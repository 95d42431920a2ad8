# SPDX-License-Identifier: MIT
"""A master and a sensor in this process, joined by loopback: what tests of the transport begin with."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.decnet_swarm.swarm_pki import master, sensor
from tests.ports import free_port

from decnet_core.bus.memory import MemoryBus
from decnet_core.events.catalogue import CommandRun
from decnet_core.events.codec import decode
from decnet_core.events.envelope import Event
from decnet_core.events.ids import uuid7_of
from decnet_core.runtime.context import Context
from decnet_core.runtime.host import Host, open_context
from decnet_core.runtime.worker import Worker
from decnet_core.settings import Settings
from decnet_core.spool.positions import START
from decnet_core.spool.reader import look
from decnet_core.spool.settings import SpoolSettings
from decnet_core.spool.writer import SpoolWriter
from decnet_swarm.forwarder.worker import Forwarder
from decnet_swarm.listener.worker import Listener
from decnet_swarm.pki import files

NAME = "berlin-1"
PATIENCE = 60.0


class Running:
    """A worker that runs."""

    def __init__(self, ctx: Context, worker: Worker[Any]) -> None:
        self.ctx = ctx
        self.worker = worker

    def count(self, name: str) -> float:
        """Return a counter, 0 while there is none."""
        return self.ctx.counters.snapshot().get(name, 0)


@asynccontextmanager
async def running(kind: type[Worker[Any]], settings: Settings) -> AsyncIterator[Running]:
    """Host a worker until the block ends."""
    ctx = await open_context(kind, settings, MemoryBus())
    worker = kind(settings.section(kind.name, kind.Settings))
    ready = asyncio.Event()
    task = asyncio.ensure_future(Host(worker, ctx).run(ready.set))
    waiting = asyncio.ensure_future(ready.wait())
    await asyncio.wait({task, waiting}, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if task.done():
        await task
    try:
        yield Running(ctx, worker)
    finally:
        ctx.stop()
        await asyncio.wait_for(task, PATIENCE)


def enrolled_pair(tmp_path: Path) -> tuple[Path, Path]:
    """Found a master and enrol a sensor; return their state directories."""
    above, below = tmp_path / "master", tmp_path / NAME
    master(above)
    sensor(above, files.forwarder_folder(below), NAME)
    return above, below


def listening(state: Path, **more: Any) -> Settings:
    """Return a listener's settings: a free port, quick checks."""
    section = {"listen": f"127.0.0.1:{free_port()}", "check_seconds": 0.1, "checkpoint_seconds": 0.1, **more}
    return Settings({"state": {"dir": str(state), "sensor": "master"}, "listener": section}, {}, "test")


def forwarding(state: Path, port: int, name: str = NAME, **more: Any) -> Settings:
    """Return a forwarder's settings: soon again after a failure."""
    section = {
        "server": f"127.0.0.1:{port}",
        "first_retry_seconds": 0.02,
        "max_retry_seconds": 0.1,
        "poll_seconds": 0.05,
        **more,
    }
    return Settings({"state": {"dir": str(state), "sensor": name}, "forwarder": section}, {}, "test")


@asynccontextmanager
async def listener(state: Path, **more: Any) -> AsyncIterator[Running]:
    """Run a listener."""
    async with running(Listener, listening(state, **more)) as found:
        yield found


@asynccontextmanager
async def forwarder(state: Path, port: int, name: str = NAME, **more: Any) -> AsyncIterator[Running]:
    """Run a forwarder."""
    async with running(Forwarder, forwarding(state, port, name, **more)) as found:
        yield found


def port_of(found: Running) -> int:
    """Return where a listener listens."""
    acceptor = found.worker._acceptor  # type: ignore[attr-defined]  # the test wants the port that the kernel chose
    return int(acceptor.port)


def made(number: int, text: str = "uname -a", name: str = NAME) -> Event:
    """Return the event `number` of a sensor."""
    payload = CommandRun(service="ssh", command=f"{number} {text}")
    return Event(id=uuid7_of(number, name.encode(), number.to_bytes(8, "big")), ts=number, sensor=name, payload=payload)


def spool_of(state: Path, worker: str = "decoys", **more: Any) -> SpoolWriter:
    """Open a spool of a sensor."""
    return SpoolWriter(state / "spool" / worker, SpoolSettings(**more))


def fill(state: Path, numbers: Iterable[int], worker: str = "decoys", name: str = NAME, **more: Any) -> None:
    """Append these events to a sensor's spool, as a worker of its own that ends again."""
    writer = spool_of(state, worker, **more)
    for number in numbers:
        writer.append(made(number, name=name))
    writer.close()


def received(state: Path) -> list[Event]:
    """Return what is in the listener's spool."""
    batch = look(state / "spool" / "listener", START, 10**9, 1 << 40)
    assert not batch.overlong
    return [decode(line) for line in batch.lines]


def numbers(state: Path) -> list[int]:
    """Return the numbers of the events in the listener's spool."""
    return [event.ts for event in received(state)]


async def until(
    condition: Callable[[], bool], seconds: float = PATIENCE, running: asyncio.Task[None] | None = None
) -> None:
    """Wait for a state; when `running` ends before it, raise what that raised."""
    deadline = time.monotonic() + seconds
    while not condition():
        if running is not None and running.done():
            await running
            raise AssertionError("what should bring it about has ended")
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.01)
