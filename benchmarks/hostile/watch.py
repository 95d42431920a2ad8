# SPDX-License-Identifier: MIT
"""Watches a fleet from outside: visitors in processes of their own, and what the decoys' heartbeats say."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import sys
from collections.abc import AsyncIterator

import msgspec

from decnet_core.bus.client import connect
from decnet_core.bus.interface import Subscription
from decnet_core.bus.subjects import HEALTH, Health
from hostile.fleet import HostileFleet
from hostile.visitor import PATIENCE_SECONDS, Visit
from hostile.waiting import until

STRETCH = "longest_stretch_ms"
"""The counter of `decoys` that tells its longest time between two yields."""


class Visitors:
    """The visits that were made so far."""

    def __init__(self) -> None:
        self.visits: list[Visit] = []
        self._processes: list[asyncio.subprocess.Process] = []

    @contextlib.asynccontextmanager
    async def visiting(self, fleet: HostileFleet) -> AsyncIterator[None]:
        """Have visitors come, by SSH and by HTTP, until the end."""
        for service, port in fleet.ports.items():
            self._processes.append(
                await asyncio.create_subprocess_exec(
                    sys.executable, "-m", "hostile.visitor", service, fleet.attacked, str(port),
                    stdout=asyncio.subprocess.PIPE,
                )
            )  # fmt: skip
        listening = [asyncio.ensure_future(self._listen(process)) for process in self._processes]
        try:
            await until(lambda: len(self._services_since(0)) == len(fleet.ports), PATIENCE_SECONDS)
            yield
        finally:
            for process in self._processes:
                process.kill()
            await asyncio.gather(*listening)

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            self.visits.append(msgspec.json.decode(line, type=Visit))

    async def all_begun_before(self, moment: float) -> None:
        """Wait until every visit that began before `moment` has ended."""
        await until(lambda: self._services_since(moment) == {"ssh", "http"}, 2 * PATIENCE_SECONDS)

    def _services_since(self, moment: float) -> set[str]:
        return {one.service for one in itertools.takewhile(lambda one: one.began >= moment, reversed(self.visits))}


class Stretches:
    """The longest time between two yields that the heartbeats of `decoys` have told since `reset`."""

    def __init__(self) -> None:
        self.longest: float | None = None

    def reset(self) -> None:
        """Forget what was told so far."""
        self.longest = None

    @contextlib.asynccontextmanager
    async def heard(self, fleet: HostileFleet) -> AsyncIterator[None]:
        """Listen to the heartbeats until the end."""
        client = await connect(fleet.bus_url, name="hostile", wait=10)
        listening = asyncio.ensure_future(self._listen(await client.subscribe(HEALTH.of("decoys"))))
        try:
            yield
        finally:
            listening.cancel()
            await client.close()

    async def _listen(self, heartbeats: Subscription) -> None:
        async for message in heartbeats:
            found = msgspec.json.decode(message.payload, type=Health).counters.get(STRETCH)
            if found is not None:
                self.longest = max(found, self.longest or 0.0)
