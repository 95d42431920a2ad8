# SPDX-License-Identifier: MIT
"""Watches a fleet from outside: visitors in processes of their own, and what the decoys' heartbeats say."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import sys
from collections.abc import AsyncIterator

import msgspec

from decnet_core.bus.client import Client, connect
from decnet_core.bus.interface import BusError
from decnet_core.bus.subjects import CONTROL, Control, Health
from decnet_core.state import State
from hostile.fleet import HostileFleet
from hostile.visitor import PATIENCE_SECONDS, Visit
from hostile.waiting import LOOK_SECONDS, until

MOST_VISITORS = 2
"""Connections of visitors at a time: one by SSH, one by HTTP."""


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
                    str(State(fleet.state).supervisors), stdout=asyncio.subprocess.PIPE,
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


@contextlib.asynccontextmanager
async def bus_of(fleet: HostileFleet) -> AsyncIterator[Client]:
    """Connect to the fleet's bus."""
    client = await connect(fleet.bus_url, name="hostile", wait=10)
    try:
        yield client
    finally:
        await client.close()


async def counters_of(client: Client) -> dict[str, float]:
    """Ask `decoys` for its counters; none when it does not answer."""
    try:
        reply = await client.request(CONTROL.of("decoys"), msgspec.json.encode(Control("report")), timeout=10)
    except (BusError, TimeoutError):
        return {}
    return msgspec.json.decode(reply.payload, type=Health).counters


async def nothing_open(client: Client, seconds: float) -> None:
    """Wait until `decoys` has ended the attackers' connections and written what it had folded, at most so long.

    What attackers had sent before they left may still wait for its turn, and is recorded then.
    """
    for _ in range(int(seconds / LOOK_SECONDS)):
        counters = await counters_of(client)
        if not counters.get("folds_open", 1) and counters.get("decoys_connections_open", 0) <= MOST_VISITORS:
            return
        await asyncio.sleep(LOOK_SECONDS)
