# SPDX-License-Identifier: MIT
"""Forwarder and listener are parked between the events of a sensor, and each event still arrives once: real fleets."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from tests.decnet_core.supervise.test_process_fleet import QUICK, environment, one
from tests.decnet_swarm.swarm_workers import NAME, enrolled_pair, fill, numbers, until
from tests.ports import free_port

from decnet_core.bus.broker.server import Broker
from decnet_core.bus.client import Client, connect
from decnet_core.bus.settings import BusSettings
from decnet_core.bus.subjects import SPOOL_APPENDED, Appended
from decnet_core.runtime.restarts.policy import Phase
from decnet_core.state import State
from decnet_core.supervise.lifecycle import Status
from decnet_core.supervise.process_fleet import ProcessFleet

pytestmark = pytest.mark.usefixtures("forked_zygotes")

PARK_SECONDS = 0.1


class Host:
    """A fleet of one worker, and its bus."""

    def __init__(self, state: Path, worker: str, fleet: ProcessFleet, client: Client) -> None:
        self.state = state
        self.worker = worker
        self.fleet = fleet
        self.client = client

    @property
    def status(self) -> Status:
        return one(self.fleet, self.worker)

    async def parked(self) -> None:
        await until(lambda: self.status.phase is Phase.PARKED)


@contextlib.asynccontextmanager
async def hosting(root: Path, worker: str, **variables: str) -> AsyncIterator[Host]:
    state = State(root)
    state.create("bus")
    url, broker = f"unix://{state.bus_socket}", Broker(BusSettings(), state.bus_socket)
    await broker.start()
    client = await connect(url, name="test", wait=5)
    shared = {**environment(root), "DECNET_RUNTIME_PARK_SECONDS": str(PARK_SECONDS), **variables}
    fleet = ProcessFleet(
        QUICK,
        logs=root / "log",
        environment=shared,
        forking=True,
        connect_bus=lambda: connect(url, name="supervise", wait=5),
    )
    try:
        await fleet.start([worker])
        yield Host(root, worker, fleet, client)
    finally:
        await fleet.stop()
        await client.close()
        await broker.stop()


def append(sensor: Host, first: int, count: int) -> None:
    """Append events, and nudge as their writer does."""
    fill(sensor.state, range(first, first + count))
    sensor.client.publish(SPOOL_APPENDED.of("decoys"), msgspec.json.encode(Appended(count)))


@pytest.mark.timeout(180)
async def test_each_event_arrives_once_however_parking_and_events_meet(tmp_path: Path) -> None:
    above, below = enrolled_pair(tmp_path)
    port, enrolment = free_port(), free_port()
    listen = {
        "DECNET_LISTENER_LISTEN": f"127.0.0.1:{port}",
        "DECNET_LISTENER_ENROL": f"127.0.0.1:{enrolment}",
        "DECNET_STATE_SENSOR": "master",
    }
    forward = {"DECNET_FORWARDER_SERVER": f"127.0.0.1:{port}", "DECNET_STATE_SENSOR": NAME}
    async with hosting(above, "listener", **listen) as master, hosting(below, "forwarder", **forward) as sensor:
        await sensor.parked()
        await master.parked()
        sent = 0
        for turn in range(8):
            append(sensor, sent, 50)
            sent += 50
            await until(lambda expected=sent: len(numbers(above)) >= expected)  # type: ignore[misc]
            if turn % 4 == 3:
                await sensor.parked()
                await master.parked()
            else:
                await asyncio.sleep(0.1 + 0.15 * turn)  # at another moment of their parking each time
        assert sorted(numbers(above)) == list(range(sent))
        assert sensor.status.wakes >= 2
        assert master.status.wakes >= 2
        assert (sensor.status.restarts, master.status.restarts) == (0, 0)
