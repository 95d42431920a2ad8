# SPDX-License-Identifier: MIT
"""The collector as the tests of its sources run it: in this process, or as a process that may be killed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from decnet_core.bus.memory import MemoryBus
from decnet_core.events.codec import decode
from decnet_core.events.envelope import Event
from decnet_core.runtime.context import Context
from decnet_core.runtime.host import Host, open_context
from decnet_core.settings import Settings
from decnet_core.spool import segments
from decnet_core.spool.positions import START
from decnet_core.spool.reader import SpoolReader
from decnet_sniff.collect.settings import CollectSettings
from decnet_sniff.collect.worker import Collect

PROGRAM = "import sys; from decnet_sniff.collect.worker import Collect; sys.exit(Collect.main())"


def command(number: int) -> bytes:
    """Return a line of Cowrie's log."""
    fields = {
        "eventid": "cowrie.command.input",
        "timestamp": "2026-11-23T10:20:30.123456Z",
        "src_ip": "192.0.2.7",
        "session": "abc",
        "protocol": "ssh",
        "input": f"echo {number}",
    }
    return json.dumps(fields).encode() + b"\n"


def settings_of(state: Path, *sources: dict[str, Any], **more: Any) -> Settings:
    collect = {"source": list(sources), "busy_ms": 10, "idle_ms": 20, "watched_ms": 20, **more}
    return Settings({"state": {"dir": str(state), "sensor": "here"}, "collect": collect}, {}, "test")


@asynccontextmanager
async def collecting(settings: Settings) -> AsyncIterator[Context]:
    ctx = await open_context(Collect, settings, MemoryBus())
    worker = Collect(settings.section("collect", CollectSettings))
    ready = asyncio.Event()
    task = asyncio.ensure_future(Host(worker, ctx).run(ready.set))
    await asyncio.wait_for(ready.wait(), 120)
    yield ctx
    ctx.stop()
    await asyncio.wait_for(task, 120)


async def until(condition: Callable[[], bool], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.01)


def events_in(state: Path) -> list[Event]:
    batch = SpoolReader(state / "spool" / "collect", "check").read(START, 10**9, 10**9)
    assert not batch.overlong
    return [decode(line) for line in batch.lines]


async def until_counted(ctx: Context, name: str, number: float) -> None:
    """Wait for one of the collector's counters."""
    await until(lambda: ctx.counters.snapshot().get(f"collect_{name}") == number)


async def until_spooled(state: Path, number: int) -> None:
    """Wait until the spool has exactly so many lines."""
    await until(lambda: spooled(state) == number)


def wait_for_more(state: Path, number: int, running: subprocess.Popen[bytes]) -> None:
    """Wait until the process has spooled so many more lines than now."""
    goal = (spooled(state) if state.exists() else 0) + number
    wait_until(lambda: spooled(state) >= goal, running)


@contextlib.contextmanager
def process(config: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run the collector as a process of its own; it is killed at the end."""
    environ = {**os.environ, "DECNET_SETTINGS": str(config)}
    running = subprocess.Popen([sys.executable, "-c", PROGRAM], env=environ, stderr=subprocess.DEVNULL)
    try:
        yield running
    finally:
        running.kill()
        running.wait()


def wait_until(condition: Callable[[], bool], running: subprocess.Popen[bytes], seconds: float = 120) -> None:
    """Wait for a state of the process's files."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert running.poll() is None, "the collector ended"
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def messages(state: Path) -> list[str]:
    """Return the messages of the distinct events, in the order of the spool: what ingest keeps."""
    by_id: dict[Any, str] = {}
    for event in events_in(state):
        by_id.setdefault(event.id, getattr(event.payload, "message", ""))
    return list(by_id.values())


def spooled(state: Path) -> int:
    """Return how many lines the collector has written to its spool."""
    place = state / "spool" / "collect"
    return sum(segments.count_lines(segments.path_of(place, number), 0) for number in segments.sizes(place))
