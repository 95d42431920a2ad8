# SPDX-License-Identifier: MIT
"""An identity with all that explains it."""

from uuid import UUID

import msgspec
from sqlalchemy import Connection

from decnet.cli.errors import NotFoundError, WrongUsageError
from decnet_core.net.addresses import canonical
from decnet_models.grouping import changes as changes_of
from decnet_models.grouping.decisions import decisions
from decnet_models.grouping.membership import group, groups_of, members, resolved
from decnet_models.grouping.values import Change, Decision, Group, Member
from decnet_models.identities.queries import SharedFeature, shared_features
from decnet_models.identities.tables import IDENTITIES


class Explained(msgspec.Struct, frozen=True):
    """An identity, its members, what they share, and what became of it."""

    identity: Group
    members: list[Member[str]]
    shared: list[SharedFeature]
    changes: list[Change]
    decisions: list[Decision[str]]
    """Those that name a member."""


def found(connection: Connection, name: str) -> UUID:
    """Return the identity that an id, or the address of a member, names; raises NotFoundError, WrongUsageError."""
    address = canonical(name)
    if address is not None:
        identity = groups_of(connection, IDENTITIES, [address]).get(address)
        if identity is None:
            raise NotFoundError(f"{address} has shown nothing yet by which it could be recognised")
        return identity
    try:
        identity = resolved(connection, IDENTITIES, UUID(name))
    except ValueError:
        raise WrongUsageError(f"{name!r} is neither an address nor the id of an identity") from None
    if identity is None:
        raise NotFoundError(f"there is no identity {name}; decnet identities lists them")
    return identity


def explained(connection: Connection, identity: UUID, limit: int) -> Explained:
    """Return all that explains an identity, of each list at most `limit`."""
    one = group(connection, IDENTITIES, identity)
    assert one is not None
    attackers = members(connection, IDENTITIES, identity, limit)
    names = {member.subject for member in attackers}
    named = [one for one in decisions(connection, IDENTITIES) if one.subject in names or one.other in names]
    return Explained(
        one,
        attackers,
        shared_features(connection, identity, limit),
        changes_of.changes(connection, IDENTITIES, identity, limit),
        named,
    )
