# SPDX-License-Identifier: MIT
"""A broker and workers of the test's own beside a served fleet, so that orders have somebody who hears them."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator

import msgspec

from decnet.fleet.deployment import Deployment
from decnet_core.bus.broker.server import Broker
from decnet_core.bus.client import Client, connect
from decnet_core.bus.settings import BusSettings
from decnet_core.bus.subjects import CONTROL, Control, Health


class Heard(msgspec.Struct):
    """The orders that the workers have taken, each with its worker."""

    orders: list[tuple[str, str]] = []


@contextlib.asynccontextmanager
async def running_workers(deployment: Deployment, *workers: str) -> AsyncIterator[Heard]:
    """Run the fleet's broker, and answer for these workers; pause and resume change the state that they report."""
    deployment.state.create("bus")
    broker = Broker(BusSettings(), deployment.state.bus_socket)
    await broker.start()
    client = await connect(deployment.bus_url, name="workers", wait=5)
    heard = Heard()
    async with asyncio.TaskGroup() as tasks:
        answering = [tasks.create_task(_answer(client, name, heard)) for name in workers]
        await client.flush()
        yield heard
        for task in answering:
            task.cancel()
    await client.close()
    await broker.stop()


async def _answer(client: Client, worker: str, heard: Heard) -> None:
    state = "running"
    subscription = await client.subscribe(CONTROL.of(worker))
    async for message in subscription:
        op = msgspec.json.decode(message.payload, type=Control).op
        if op != "report":
            heard.orders.append((worker, op))
        state = {"pause": "paused", "resume": "running", "restart": "stopping"}.get(op, state)
        report = Health(worker, state, os.getpid(), 5.0, 1 << 20, {"lag_bytes": 7.0}, "process", 100)
        assert message.reply is not None
        client.publish(message.reply, msgspec.json.encode(report))
