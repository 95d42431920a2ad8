# SPDX-License-Identifier: MIT
"""The operator's decisions about attackers and identities."""

import asyncio
import contextlib
import time
from collections.abc import Sequence
from uuid import UUID

import msgspec
from sqlalchemy import Connection

from decnet.cli.errors import NotFoundError, WrongUsageError
from decnet.deckies.commit import operator
from decnet.fleet.bus_access import reachable_bus
from decnet.fleet.deployment import Deployment
from decnet.identities.documents import found
from decnet_core.bus.interface import BusError
from decnet_core.bus.subjects import GROUPING_DECIDED, GroupingDecided
from decnet_core.net.addresses import canonical
from decnet_models.grouping import changes
from decnet_models.grouping.decisions import decide, withdraw
from decnet_models.grouping.membership import members
from decnet_models.grouping.values import Decision
from decnet_models.identities.tables import IDENTITIES

_NUDGE_SECONDS = 2.0
_MOST = 100_000


def split(connection: Connection, addresses: Sequence[str], reason: str) -> list[int]:
    """Decide that attackers of one identity are another's, together; return the numbers of the decisions."""
    leaving = [_address(each) for each in addresses]
    identity = found(connection, leaving[0])
    staying = [one for one in members(connection, IDENTITIES, identity, _MOST) if one.subject not in leaving]
    strangers = [each for each in leaving if found(connection, each) != identity]
    if strangers or not staying:
        problem = f"{strangers[0]} is not in it" if strangers else "nobody would be left"
        raise WrongUsageError(f"these attackers cannot be split from identity {identity}: {problem}")
    first = min(staying, key=lambda one: (one.first_seen, one.subject)).subject
    made = [_decide(connection, "apart", each, reason, other=first) for each in leaving]
    return made + [_decide(connection, "together", each, reason, other=leaving[0]) for each in leaving[1:]]


def join(connection: Connection, names: Sequence[str], reason: str) -> list[int]:
    """Decide that identities, named by their ids or addresses of members, are one."""
    first, *others = [_member(connection, each) for each in names]
    return [_decide(connection, "together", each, reason, other=first) for each in others]


def pin(connection: Connection, address: str, name: str | None, reason: str) -> list[int]:
    """Decide that an attacker is in an identity, the one in which it is now unless another is named."""
    attacker = _address(address)
    return [_decide(connection, "pinned", attacker, reason, group=found(connection, name or attacker))]


def undo(connection: Connection, change: int, reason: str) -> list[int]:
    """Decide that a change is undone."""
    if changes.change(connection, IDENTITIES, change) is None:
        raise NotFoundError(f"there is no change {change}; decnet identity shows those of an identity")
    return [_decide(connection, "undone", None, reason, change=change)]


def take_back(connection: Connection, number: int) -> list[int]:
    """Withdraw a decision."""
    if not withdraw(connection, IDENTITIES, number, now_ns=time.time_ns()):
        raise NotFoundError(f"there is no decision {number} in force")
    return [number]


def announce(deployment: Deployment, decided: int) -> None:
    """Wake the clusterer; without a bus it finds the decisions at its next poll."""
    asyncio.run(_announce(deployment, decided))


async def _announce(deployment: Deployment, decided: int) -> None:
    async with reachable_bus(deployment, "decnet-identity") as bus:
        if bus is None:
            return
        with contextlib.suppress(BusError, TimeoutError):
            bus.publish(GROUPING_DECIDED.pattern, msgspec.json.encode(GroupingDecided(decided)))
            await bus.flush(_NUDGE_SECONDS)


def _decide(
    connection: Connection,
    kind: str,
    attacker: str | None,
    reason: str,
    *,
    other: str | None = None,
    group: UUID | None = None,
    change: int | None = None,
) -> int:
    now = time.time_ns()
    decision = Decision[str](0, kind, attacker, other, group, change, operator(), reason, now)  # type: ignore[arg-type]
    return decide(connection, IDENTITIES, decision)


def _member(connection: Connection, name: str) -> str:
    """Return an attacker of the identity that `name` names: the one whose address it is, or the first seen."""
    address = canonical(name)
    identity = found(connection, name)
    if address is not None:
        return address
    attackers = members(connection, IDENTITIES, identity, _MOST)
    return min(attackers, key=lambda one: (one.first_seen, one.subject)).subject


def _address(text: str) -> str:
    address = canonical(text)
    if address is None:
        raise WrongUsageError(f"{text!r} is not an IPv4 or IPv6 address")
    return address
