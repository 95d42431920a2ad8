# SPDX-License-Identifier: MIT
"""Writes the operator's decisions about groups; the worker follows them when it next looks."""

import asyncio
import contextlib
import getpass
import time
from typing import Any, Literal
from uuid import UUID

import msgspec
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from decnet.cli.errors import NotFoundError, WrongUsageError
from decnet.fleet.bus_access import reachable_bus
from decnet.fleet.deployment import Deployment
from decnet_core.bus.interface import BusError
from decnet_core.bus.subjects import GROUPING_DECIDED, GroupingDecided
from decnet_models.grouping import decisions
from decnet_models.grouping.changes import change
from decnet_models.grouping.membership import group
from decnet_models.grouping.shape import Grouping
from decnet_models.grouping.values import Decision

_NUDGE_SECONDS = 1.0


def pair(
    connection: Connection, g: Grouping[Any], kind: Literal["together", "apart"], named: tuple[Any, Any], why: str
) -> int:
    """Decide that two subjects are together or apart; return the decision's number."""
    if named[0] == named[1]:
        raise WrongUsageError("name two different ones")
    return _decide(connection, g, Decision(0, kind, named[0], named[1], None, None, _author(), why, time.time_ns()))


def pin(connection: Connection, g: Grouping[Any], subject: Any, to: UUID, why: str) -> int:
    """Decide that a subject is in a group; return the decision's number."""
    if group(connection, g, to) is None:
        raise NotFoundError(f"there is no {g.key} {to}")
    return _decide(connection, g, Decision(0, "pinned", subject, None, to, None, _author(), why, time.time_ns()))


def undo(connection: Connection, g: Grouping[Any], number: int, why: str) -> int:
    """Decide that a merge or a split is to be undone; return the decision's number."""
    if change(connection, g, number) is None:
        raise NotFoundError(f"there is no change {number}; decnet {g.key} ID lists them")
    return _decide(connection, g, Decision(0, "undone", None, None, None, number, _author(), why, time.time_ns()))


def withdraw(connection: Connection, g: Grouping[Any], number: int) -> None:
    """Withdraw a decision; NotFoundError when it is not in force."""
    if not decisions.withdraw(connection, g, number, now_ns=time.time_ns()):
        raise NotFoundError(f"no decision {number} is in force")


def announce(deployment: Deployment) -> None:
    """Wake the workers that follow decisions; without a bus they find them at their next poll."""
    asyncio.run(_nudge(deployment))


async def _nudge(deployment: Deployment) -> None:
    async with reachable_bus(deployment, "decnet-grouping") as bus:
        if bus is not None:
            with contextlib.suppress(BusError, TimeoutError):
                bus.publish(GROUPING_DECIDED.pattern, msgspec.json.encode(GroupingDecided(1)))
                await bus.flush(_NUDGE_SECONDS)


def _author() -> str:
    return getpass.getuser()


def _decide(connection: Connection, g: Grouping[Any], decision: Decision[Any]) -> int:
    try:
        return decisions.decide(connection, g, decision)
    except IntegrityError as error:
        raise NotFoundError(f"that names no {g.subject} or {g.key} that there is") from error
