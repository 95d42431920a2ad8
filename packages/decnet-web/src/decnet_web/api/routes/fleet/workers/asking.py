# SPDX-License-Identifier: MIT
"""Asks workers and database how the fleet is, as `decnet status` does."""

from __future__ import annotations

from decnet.cli.errors import OperatorError
from decnet.fleet.report import Report, Stored, ask, put_together, stored
from decnet_web.api.fleet import Fleet


async def report_of(fleet: Fleet) -> Report:
    """Return the report; nothing that is down is an error here."""
    reached, workers = await ask(fleet.deployment, fleet.bus)
    try:
        found = await fleet.read(stored)
    except OperatorError as refused:
        found = Stored(error=str(refused))
    return await fleet.thread(lambda: put_together(fleet.deployment, workers, found, bus_reached=reached))
