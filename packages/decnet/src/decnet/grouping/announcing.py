# SPDX-License-Identifier: MIT
"""Wakes the workers that follow an operator's decisions."""

import asyncio
import contextlib

import msgspec

from decnet.fleet.bus_access import reachable_bus
from decnet.fleet.deployment import Deployment
from decnet_core.bus.interface import BusError
from decnet_core.bus.subjects import GROUPING_DECIDED, GroupingDecided

_NUDGE_SECONDS = 2.0


def announce(deployment: Deployment, number: int) -> None:
    """Wake the workers that follow decisions; without a bus they find them at their next poll."""
    asyncio.run(_nudge(deployment, number))


async def _nudge(deployment: Deployment, number: int) -> None:
    async with reachable_bus(deployment, "decnet-grouping") as bus:
        if bus is not None:
            with contextlib.suppress(BusError, TimeoutError):
                bus.publish(GROUPING_DECIDED.pattern, msgspec.json.encode(GroupingDecided(number)))
                await bus.flush(_NUDGE_SECONDS)
