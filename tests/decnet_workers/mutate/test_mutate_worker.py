# SPDX-License-Identifier: MIT
"""The worker on a real database: what wakes it, and what it tells."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import Engine
from tests.decnet_models.migrated import migrated_database
from tests.decnet_workers.mutate.changing_fleet import NS, Fleet

from decnet_core.bus.memory import MemoryBus
from decnet_core.bus.subjects import FLEET_CHANGED, FleetChanged
from decnet_core.runtime.host import Host, open_context
from decnet_core.settings import Settings
from decnet_models.database.engine import open_engine
from decnet_models.fleet import mutation_policies
from decnet_workers.mutate.worker import Mutate


class Running:
    """The worker in this process, its bus, and its database."""

    def __init__(self, fleet: Fleet, bus: MemoryBus, heard: list[FleetChanged]) -> None:
        self.fleet = fleet
        self.bus = bus
        self.heard = heard

    def announce(self) -> None:
        self.bus.publish(FLEET_CHANGED.pattern, msgspec.json.encode(FleetChanged(1)))

    async def schedule(self, at: int) -> None:
        """Set when the decky is due, once the worker has given it a time of its own: it may be about to."""
        self.fleet.allow(every=3600)
        self.announce()
        await self.until(lambda: self.fleet.decky().mutate_at is not None)
        self.fleet.do(mutation_policies.schedule_mutation, self.fleet.decky(), at)
        self.announce()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(120):
            while not condition():
                await asyncio.sleep(0.01)


@pytest.fixture
def own_engine(tmp_path: Path) -> Engine:
    migrated_database(tmp_path / "decnet.db")
    return open_engine(f"sqlite:///{tmp_path / 'decnet.db'}")


@pytest.fixture
async def running(own_engine: Engine, tmp_path: Path) -> AsyncIterator[Running]:
    bus, fleet = MemoryBus(), Fleet(own_engine, lambda _: None)
    ctx = await open_context(Mutate, Settings({"state": {"dir": str(tmp_path)}}, {}, "test"), bus.share())
    ready, heard = asyncio.Event(), list[FleetChanged]()
    listening = await bus.share().subscribe(FLEET_CHANGED.pattern)

    async def listen() -> None:
        async for message in listening:
            heard.append(msgspec.json.decode(message.payload, type=FleetChanged))

    hosted = asyncio.create_task(Host(Mutate(ctx.settings.section("mutate", Mutate.Settings)), ctx).run(ready.set))
    listener = asyncio.create_task(listen())
    await asyncio.wait_for(ready.wait(), 120)
    yield Running(fleet, bus, heard)
    ctx.stop()
    await asyncio.wait_for(hosted, 120)
    listener.cancel()
    own_engine.dispose()


async def test_a_new_policy_gets_its_time_upon_the_nudge(running: Running) -> None:
    running.fleet.now = time.time_ns()
    running.fleet.allow()
    running.announce()
    await running.until(lambda: running.fleet.decky().mutate_at is not None)


async def test_a_due_decky_is_changed_and_reconciler_is_told(running: Running) -> None:
    fleet = running.fleet
    await running.schedule(time.time_ns() - NS)
    await running.until(lambda: fleet.decky().version == 2)
    await running.until(lambda: running.heard.count(FleetChanged(1)) >= 3)  # two of them are ours


async def test_a_time_that_comes_wakes_it(running: Running) -> None:
    fleet = running.fleet
    await running.schedule(time.time_ns() + NS)
    await running.until(lambda: fleet.decky().version == 2)
    assert fleet.kinds() == ["mutated", "added"]
