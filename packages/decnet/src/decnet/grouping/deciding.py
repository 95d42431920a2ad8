# SPDX-License-Identifier: MIT
"""Takes decisions in a transaction, and wakes the workers that follow them."""

import asyncio
import contextlib
from collections.abc import Callable

import msgspec
import typer
from sqlalchemy import Connection

from decnet.fleet.bus_access import reachable_bus
from decnet.fleet.deployment import Deployment, find_deployment, transaction
from decnet_core.bus.interface import BusError
from decnet_core.bus.subjects import GROUPING_DECIDED, GroupingDecided

_NUDGE_SECONDS = 2.0


def decided(make: Callable[[Connection], list[int]]) -> None:
    """Take the decisions that `make` writes, and print their numbers."""
    deployment = find_deployment()
    with transaction(deployment, write=True) as connection:
        numbers = make(connection)
    announce(deployment, len(numbers))
    for number in numbers:
        typer.echo(f"decision {number}: followed within seconds; withdraw {number} takes it back")


def withdrawn(number: int, take_back: Callable[[Connection], None]) -> None:
    """Withdraw a decision by `take_back`, and say so."""
    deployment = find_deployment()
    with transaction(deployment, write=True) as connection:
        take_back(connection)
    announce(deployment, 1)
    typer.echo(f"decision {number} is withdrawn")


def announce(deployment: Deployment, number: int) -> None:
    """Wake the workers that follow decisions; without a bus they find them at their next poll."""
    asyncio.run(_nudge(deployment, number))


async def _nudge(deployment: Deployment, number: int) -> None:
    async with reachable_bus(deployment, "decnet-grouping") as bus:
        if bus is not None:
            with contextlib.suppress(BusError, TimeoutError):
                bus.publish(GROUPING_DECIDED.pattern, msgspec.json.encode(GroupingDecided(number)))
                await bus.flush(_NUDGE_SECONDS)
