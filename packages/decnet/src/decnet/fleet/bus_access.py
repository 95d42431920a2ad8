# SPDX-License-Identifier: MIT
"""Connects to the bus, and asks running workers for their health over it."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import msgspec

from decnet.fleet.deployment import Deployment
from decnet_core.bus.address import parse
from decnet_core.bus.client import Client, connect
from decnet_core.bus.interface import Bus, BusError
from decnet_core.bus.settings import BusSettings
from decnet_core.bus.subjects import CONTROL, Control, Health

_REPORT = msgspec.json.encode(Control("report"))


async def bus_client(deployment: Deployment, name: str, *, wait: float = 0.0) -> Client:
    """Return a client of the fleet's bus; it keeps trying while the bus is unreachable."""
    options = deployment.settings.section("bus", BusSettings).client_options
    return await connect(deployment.bus_url, name=name, wait=wait, options=options)


def shown_bus_url(deployment: Deployment) -> str:
    """Return the URL of the bus without its password."""
    return ", ".join(map(str, parse(deployment.bus_url)))


@asynccontextmanager
async def reachable_bus(deployment: Deployment, name: str, seconds: float = 1.0) -> AsyncIterator[Client | None]:
    """Yield a connected client of the fleet's bus; None when it cannot be reached within `seconds`."""
    if deployment.embedded_bus and not deployment.state.bus_socket.exists():
        yield None
        return
    bus = await bus_client(deployment, name, wait=seconds)
    try:
        yield bus if bus.connected else None
    finally:
        await bus.close()


async def query_health(bus: Bus, worker: str, seconds: float) -> Health | None:
    """Return the worker's health, None when it does not answer within `seconds`."""
    try:
        answer = await bus.request(CONTROL.of(worker), _REPORT, timeout=seconds)
        return msgspec.json.decode(answer.payload, type=Health)
    except (BusError, TimeoutError, msgspec.DecodeError, UnicodeDecodeError):
        return None


async def query_all_health(bus: Bus, workers: Iterable[str], seconds: float = 1.0) -> dict[str, Health | None]:
    """Ask all at once."""
    names = list(workers)
    answers = await asyncio.gather(*(query_health(bus, name, seconds) for name in names))
    return dict(zip(names, answers, strict=True))
