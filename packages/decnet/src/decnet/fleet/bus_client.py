# SPDX-License-Identifier: MIT
"""Reaches the bus, and asks running workers for their health over it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import msgspec

from decnet.fleet.selection import Place
from decnet_core.bus.address import parse
from decnet_core.bus.client import Client, connect
from decnet_core.bus.interface import Bus, BusError
from decnet_core.bus.settings import BusSettings
from decnet_core.bus.subjects import CONTROL, Control, Health

_REPORT = msgspec.json.encode(Control("report"))


async def client_of(place: Place, name: str, *, wait: float = 0.0) -> Client:
    """Return a client of the fleet's bus, as its settings say; one that is away is tried for ever."""
    options = place.settings.section("bus", BusSettings).client_options
    return await connect(place.bus_url, name=name, wait=wait, options=options)


def bus_shown(place: Place) -> str:
    """Return where the bus is, without its password."""
    return ", ".join(map(str, parse(place.bus_url)))


@asynccontextmanager
async def reached(place: Place, name: str, seconds: float = 1.0) -> AsyncIterator[Client | None]:
    """Yield a connected client of the fleet's bus; None when it cannot be reached within `seconds`."""
    if place.embedded_bus and not place.state.bus_socket.exists():
        yield None
        return
    bus = await client_of(place, name, wait=seconds)
    try:
        yield bus if bus.connected else None
    finally:
        await bus.close()


async def ask(bus: Bus, worker: str, seconds: float) -> Health | None:
    """Return the worker's health, None when it does not answer within `seconds`."""
    try:
        answer = await bus.request(CONTROL.of(worker), _REPORT, timeout=seconds)
        return msgspec.json.decode(answer.payload, type=Health)
    except (BusError, TimeoutError, msgspec.DecodeError, UnicodeDecodeError):
        return None


async def ask_all(bus: Bus, workers: Iterable[str], seconds: float = 1.0) -> dict[str, Health | None]:
    """Ask all at once."""
    names = list(workers)
    answers = await asyncio.gather(*(ask(bus, name, seconds) for name in names))
    return dict(zip(names, answers, strict=True))
