# SPDX-License-Identifier: MIT
"""Wakes the workers that follow an operator's decisions."""

import asyncio

from decnet.fleet.bus_access import publish
from decnet.fleet.deployment import Deployment
from decnet_core.bus.subjects import GROUPING_DECIDED, GroupingDecided


def announce(deployment: Deployment, number: int) -> None:
    """Wake the workers that follow decisions; without a bus they find them at their next poll."""
    asyncio.run(publish(deployment, "decnet-grouping", GROUPING_DECIDED.pattern, GroupingDecided(number)))
