# SPDX-License-Identifier: MIT
"""Connects to the bus, and asks running workers for their health over it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import msgspec

from decnet.fleet.deployment import Deployment
from decnet_core.bus.address import parse
from decnet_core.bus.client import Client, connect
from decnet_core.bus.interface import Bus, BusError
from decnet_core.bus.settings import BusSettings
from decnet_core.bus.subjects import CONTROL, EVENTS_INGESTED, Control, Health, Ingested
from decnet_core.runtime import worker_registry
from decnet_core.runtime.shares.share import names, worker_of
from decnet_core.settings import Settings

_NUDGE_SECONDS = 1.0


async def bus_client(deployment: Deployment, name: str, *, wait: float = 0.0) -> Client:
    """Return a client of the fleet's bus; it keeps trying while the bus is unreachable."""
    options = deployment.settings.section("bus", BusSettings).client_options
    return await connect(deployment.bus_url, name=name, wait=wait, options=options)


def shown_bus_url(deployment: Deployment) -> str:
    """Return the URL of the bus without its password."""
    return ", ".join(map(str, parse(deployment.bus_url)))


@asynccontextmanager
async def reachable_bus(
    deployment: Deployment, name: str, seconds: float = 1.0, *, kept: Bus | None = None
) -> AsyncIterator[Bus | None]:
    """Yield a connected client of the fleet's bus; None when it cannot be reached within `seconds`.

    `kept` is a connection that the caller has for other things, too: it is used while it stands, and never closed.
    """
    if kept is not None and kept.connected:
        yield kept
        return
    if deployment.embedded_bus and not deployment.state.bus_socket.exists():
        yield None
        return
    bus = await bus_client(deployment, name, wait=seconds)
    try:
        yield bus if bus.connected else None
    finally:
        await bus.close()


async def publish(deployment: Deployment, name: str, subject: str, message: msgspec.Struct) -> bool:
    """Publish what only wakes workers sooner; return whether the bus took it. `name` is that of the client."""
    async with reachable_bus(deployment, name) as bus:
        if bus is None:
            return False
        with contextlib.suppress(BusError, TimeoutError):
            bus.publish(subject, msgspec.json.encode(message))
            await bus.flush(_NUDGE_SECONDS)
            return True
    return False


def wake_followers(deployment: Deployment) -> None:
    """Have the workers that follow the event log look at the database now; without a bus they do at their next poll."""
    asyncio.run(nudge_followers(deployment))


async def nudge_followers(deployment: Deployment) -> None:
    """Do what `wake_followers` does, in a running loop."""
    await publish(deployment, "decnet-command", EVENTS_INGESTED.pattern, Ingested(0))


async def query_health(bus: Bus, worker: str, seconds: float) -> Health | None:
    """Return the health of a worker, or of one process of it; None when it does not answer within `seconds`."""
    whole = worker_of(worker)
    order = Control("report", to=worker if worker != whole else "")
    try:
        answer = await bus.request(CONTROL.of(whole), msgspec.json.encode(order), timeout=seconds)
        return msgspec.json.decode(answer.payload, type=Health)
    except (BusError, TimeoutError, msgspec.DecodeError, UnicodeDecodeError):
        return None


async def query_all_health(bus: Bus, workers: Iterable[str], seconds: float = 1.0) -> dict[str, Health | None]:
    """Ask all at once; of those that run in several processes each process."""
    names = list(workers)
    answers = await asyncio.gather(*(query_health(bus, name, seconds) for name in names))
    return dict(zip(names, answers, strict=True))


def processes_of(settings: Settings, workers: Iterable[str]) -> list[str]:
    """Return the names of the workers' processes; a class is loaded only where the settings ask for several."""
    return [process for worker in workers for process in names(worker, _count(settings, worker))]


def _count(settings: Settings, worker: str) -> int:
    if not settings.is_set(worker, "processes"):
        return 1
    kind = worker_registry.load(worker)
    return kind.shares(settings.section(worker, kind.Settings))
