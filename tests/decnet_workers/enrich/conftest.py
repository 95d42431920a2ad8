# SPDX-License-Identifier: MIT
"""An enrich worker on a real database, and a server that plays its providers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import Engine
from tests.decnet_models.migrated import migrated_database
from tests.decnet_workers.enrich.playing_server import PlayingServer

from decnet_core.bus.memory import MemoryBus
from decnet_core.bus.subjects import INTEL_REQUESTED, NOTICE, IntelRequested, NoticeWritten
from decnet_core.events.notices import AttackerJudged, AttackerObserved, notice_kind
from decnet_core.runtime.host import Host, open_context
from decnet_core.settings import Settings
from decnet_models.database.engine import open_engine, reading, writing
from decnet_models.intel import queries, requests
from decnet_models.intel.queries import Finding, Quota
from decnet_models.notices import queries as notices
from decnet_models.progress.queries import cursors
from decnet_workers.enrich.settings import EnrichSettings
from decnet_workers.enrich.worker import Enrich


class Fleet:
    """The database and the worker, from an operator's view."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.bus = MemoryBus()
        self.engine: Engine = open_engine(f"sqlite:///{state / 'decnet.db'}")
        self.running: asyncio.Task[None] | None = None

    def observe(self, *attackers: str) -> None:
        """Write what profiler does about new attackers."""
        now = time.time_ns()
        with writing(self.engine) as connection:
            keyed = [(f"attacker.observed:{one}", AttackerObserved(now, one)) for one in attackers]
            notices.add_all(connection, keyed, now)
        self.bus.publish(NOTICE.of(notice_kind(AttackerObserved)), msgspec.json.encode(NoticeWritten(0)))

    def request(self, provider: str, indicator: str) -> None:
        with writing(self.engine) as connection:
            requests.request(connection, provider, [indicator], now_ns=time.time_ns())
        self.bus.publish(INTEL_REQUESTED.pattern, msgspec.json.encode(IntelRequested(indicator)))

    def finding(self, indicator: str, provider: str) -> Finding | None:
        with reading(self.engine) as connection:
            return next((one for one in queries.findings(connection, indicator) if one.provider == provider), None)

    def quota(self, provider: str) -> Quota:
        with reading(self.engine) as connection:
            return next(one for one in queries.quotas(connection) if one.provider == provider)

    def is_following(self) -> bool:
        """Whether the worker hears of what is written from now on."""
        with reading(self.engine) as connection:
            return "enrich" in cursors(connection)

    def waiting(self) -> dict[str, int]:
        with reading(self.engine) as connection:
            return requests.waiting(connection)

    def judged(self) -> list[AttackerJudged]:
        with reading(self.engine) as connection:
            written = [one.notice for one in notices.after(connection, 0, 1000)]
        return [one for one in written if isinstance(one, AttackerJudged)]

    async def until(self, condition: Callable[[], object], seconds: float = 120) -> None:
        """Wait for what the worker commits; fails after `seconds`."""
        async with asyncio.timeout(seconds):
            while not condition():
                if self.running is not None and self.running.done():
                    await self.running
                await asyncio.sleep(0.01)


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    migrated_database(tmp_path / "decnet.db")
    made = Fleet(tmp_path)
    yield made
    made.engine.dispose()


@pytest.fixture
async def server() -> AsyncIterator[PlayingServer]:
    made = PlayingServer()
    await made.start()
    yield made
    await made.stop()


Start = Callable[..., Awaitable[Callable[[], Awaitable[None]]]]


@pytest.fixture
async def start_enrich(fleet: Fleet, server: PlayingServer) -> AsyncIterator[Start]:
    """Start the worker with all providers on the playing server; returns what stops it."""
    async with AsyncExitStack() as stack:

        async def start(*providers: str, **changes: Any) -> Callable[[], Awaitable[None]]:
            here: dict[str, Any] = {
                "providers": providers,
                "allow_networks": ("127.0.0.0/8",),
                "abuseipdb_key": "the-key",
                "threatfox_key": "the-auth-key",
                "greynoise_url": server.url("/v3/community/"),
                "abuseipdb_url": server.url("/api/v2/check"),
                "feodo_url": server.url("/feodo.csv"),
                "threatfox_url": server.url("/{key}/recent.csv"),
                "tor_url": server.url("/torbulkexitlist"),
                "attempt_seconds": 10.0,
                "poll_seconds": 0.2,
                **changes,
            }
            ctx = await open_context(
                Enrich, Settings({"state": {"dir": str(fleet.state)}}, {}, "test"), fleet.bus.share()
            )
            ready = asyncio.Event()
            running = asyncio.create_task(Host(Enrich(msgspec.convert(here, EnrichSettings)), ctx).run(ready.set))

            async def stop() -> None:
                ctx.stop()
                await asyncio.wait_for(running, 120)

            waiting = asyncio.create_task(ready.wait())
            await asyncio.wait((waiting, running), return_when=asyncio.FIRST_COMPLETED, timeout=100)
            waiting.cancel()
            if not ready.is_set():
                await running
            stack.push_async_callback(stop)
            fleet.running = running
            await fleet.until(fleet.is_following)
            return stop

        yield start
