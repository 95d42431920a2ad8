# SPDX-License-Identifier: MIT
from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import structs
from sqlalchemy import Engine, text

from decnet_core.bus.memory import MemoryBus
from decnet_core.bus.subjects import EVENTS_INGESTED, SPOOL_APPENDED, Ingested
from decnet_core.events.envelope import Event
from decnet_core.exits import Exit, StartupError
from decnet_core.runtime.context import Context
from decnet_core.runtime.host import Host, open_context
from decnet_core.settings import Settings
from decnet_core.spool.writer import SpoolWriter
from decnet_models.database.engine import reading, writing
from decnet_models.events import queries
from decnet_workers.ingest.intake import MAX_REFUSED_IN_A_ROW, Intake, IntakeResult
from decnet_workers.ingest.settings import IngestSettings
from decnet_workers.ingest.worker import Ingest

Maker = Callable[..., list[Event]]
Opener = Callable[..., SpoolWriter]


@contextlib.asynccontextmanager
async def running(state: Path, bus: MemoryBus, settings: IngestSettings) -> AsyncIterator[Context]:
    environment = {"DECNET_STATE_DIR": str(state), "DECNET_DATABASE_BUSY_SECONDS": "0.1"}
    ctx = await open_context(Ingest, Settings({}, environment, "test"), bus.share())
    ready = asyncio.Event()
    host = asyncio.ensure_future(Host(Ingest(settings), ctx).run(ready.set))
    waiting = asyncio.ensure_future(ready.wait())
    await asyncio.wait((host, waiting), timeout=100, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    try:
        if not host.done():
            yield ctx
    finally:
        ctx.stop()
        await host


def counted(engine: Engine) -> int:
    with reading(engine) as connection:
        return queries.count(connection)


async def until(what: Callable[[], Any]) -> None:
    async with asyncio.timeout(120):
        while not what():
            await asyncio.sleep(0.01)


SLOW_POLL = IngestSettings(poll_seconds=30)


async def test_a_nudge_wakes_it_and_it_wakes_the_cursor_workers(
    state: Path, engine: Engine, open_spool: Opener, make_events: Maker
) -> None:
    bus = MemoryBus()
    heard = await bus.subscribe(EVENTS_INGESTED.pattern)
    async with running(state, bus, SLOW_POLL) as ctx:
        assert msgspec.json.decode((await heard.next(10)).payload, type=Ingested) == Ingested(0)
        await until(lambda: "lag_bytes" in ctx.counters.snapshot())  # its first pass, without a nudge, found nothing
        spool = open_spool("sniff")
        for event in make_events(3):
            spool.append(event)
        bus.publish(SPOOL_APPENDED.of("sniff"), b"{}")
        await until(lambda: counted(engine) == 3)
        assert msgspec.json.decode((await heard.next(10)).payload, type=Ingested).last_seq == 3
        await until(lambda: ctx.counters.snapshot().get("events_ingested") == 3)
        values = ctx.counters.snapshot()
    assert values["lag_bytes"] == 0
    assert values["spools"] == 1
    assert values["quarantined"] == 0


async def test_without_the_bus_the_poll_finds_the_events(
    state: Path, engine: Engine, open_spool: Opener, make_events: Maker
) -> None:
    async with running(state, MemoryBus(), IngestSettings(poll_seconds=0.05)):
        await asyncio.sleep(0)
        open_spool("sniff").append(make_events(1)[0])
        await until(lambda: counted(engine) == 1)


async def test_a_standby_takes_over(state: Path, engine: Engine, open_spool: Opener, make_events: Maker) -> None:
    bus = MemoryBus()
    async with contextlib.AsyncExitStack() as stack:
        async with running(state, bus, SLOW_POLL) as first:
            await until(lambda: "lag_bytes" in first.counters.snapshot())
            second = await stack.enter_async_context(running(state, bus, SLOW_POLL))
            await until(lambda: second.counters.snapshot().get("standby"))
        open_spool("sniff").append(make_events(1)[0])
        await until(lambda: counted(engine) == 1)


async def test_a_locked_database_is_waited_for_while_the_spool_holds_the_events(
    state: Path, engine: Engine, open_spool: Opener, make_events: Maker
) -> None:
    holder = sqlite3.connect(state / "decnet.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    open_spool("sniff").append(make_events(1)[0])
    async with running(state, MemoryBus(), SLOW_POLL) as ctx:
        await until(lambda: ctx.counters.snapshot().get("database_retries", 0) >= 2)
        holder.execute("ROLLBACK")
        holder.close()
        await until(lambda: counted(engine) == 1)


async def test_a_database_that_refuses_every_event_is_waited_for_and_shown(
    state: Path, engine: Engine, open_spool: Opener, make_events: Maker
) -> None:
    """A crash would begin the count of refused events anew, and each restart quarantine some more."""
    with writing(engine) as connection:
        connection.execute(text("CREATE TRIGGER r BEFORE INSERT ON event BEGIN SELECT RAISE(ABORT, 'none'); END"))
    spool = open_spool("sniff")
    for event in make_events(MAX_REFUSED_IN_A_ROW + 1):
        spool.append(event)
    async with running(state, MemoryBus(), SLOW_POLL) as ctx:
        await until(lambda: ctx.counters.snapshot().get("database_retries", 0) >= 2)
        assert ctx.counters.snapshot()["database_at_fault"] == 1
        assert ctx.counters.snapshot()["quarantined"] == 0
        with writing(engine) as connection:
            connection.execute(text("DROP TRIGGER r"))
        await until(lambda: counted(engine) == MAX_REFUSED_IN_A_ROW + 1)
        await until(lambda: ctx.counters.snapshot()["database_at_fault"] == 0)


async def test_it_is_not_parked_between_a_refused_event_and_one_that_is_taken(
    state: Path, engine: Engine, open_spool: Opener, make_events: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next process would count the refused events in a row anew."""
    passes, asked = [], []

    def run_pass(intake: Intake) -> IntakeResult:
        passes.append(real(intake))
        return passes[-1]

    real = Intake.run_pass
    monkeypatch.setattr(Intake, "run_pass", run_pass)
    with writing(engine) as connection:
        refuse = "WHEN NEW.sensor = 'bad' BEGIN SELECT RAISE(ABORT, 'no'); END"
        connection.execute(text(f"CREATE TRIGGER r BEFORE INSERT ON event {refuse}"))
    spool, (good, bad) = open_spool("sniff"), make_events(2)
    async with running(state, MemoryBus(), IngestSettings(poll_seconds=0.05)) as ctx:
        spool.append(structs.replace(bad, sensor="bad"))
        await until(lambda: ctx.counters.snapshot()["quarantined"] == 1)
        ctx.parking.enable(0, lambda began, due: asked.append((began, due)))
        seen = len(passes)
        await until(lambda: len(passes) > seen + 3)
        assert not asked
        spool.append(good)
        await until(lambda: asked)
        assert counted(engine) == 1


async def test_no_database_is_a_start_up_failure(tmp_path: Path) -> None:
    with pytest.raises(StartupError, match="decnet-db upgrade"):
        async with running(tmp_path, MemoryBus(), SLOW_POLL):
            pass


def test_killed_mid_batch_every_event_is_there_exactly_once(
    state: Path, engine: Engine, open_spool: Opener, make_events: Maker
) -> None:
    """The real process, on a real spool that is being written, killed again and again."""
    script = Path(sys.executable).with_name("decnet-ingest")
    environment = {
        "PATH": os.environ["PATH"],
        "DECNET_STATE_DIR": str(state),
        "DECNET_INGEST_BATCH_EVENTS": "40",
        "DECNET_INGEST_POLL_SECONDS": "0.05",
    }
    spool, events = open_spool("sniff", segment_bytes=65536, quota_bytes=16 << 20), make_events(4500)

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen([script], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def wait_for(number: int) -> None:
        deadline = time.monotonic() + 120
        while counted(engine) < number:
            assert time.monotonic() < deadline
            time.sleep(0.005)

    for part in range(3):
        for event in events[part * 1500 : part * 1500 + 1500]:
            spool.append(event)
        process = start()
        wait_for(part * 1500 + 300)
        process.send_signal(signal.SIGKILL)
        assert process.wait(100) == -signal.SIGKILL
    process = start()
    wait_for(4500)
    process.send_signal(signal.SIGTERM)
    assert process.wait(100) == Exit.STOPPED
    with reading(engine) as connection:
        assert [one.event for one in queries.events_after(connection, 0, 10_000)] == events


def test_its_process_loads_only_its_job() -> None:
    code = (
        "import sys, decnet_workers.ingest.worker\n"
        "bad = ('alembic', 'sqlalchemy.orm', 'typer', 'httpx', 'yaml', 'decnet_models.attackers.tables',"
        " 'decnet_models.notices.tables', 'decnet_models.ttp.tables')\n"
        "print([m for m in bad if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
