# SPDX-License-Identifier: MIT
"""Queries of the identities for people: what their members share."""

from uuid import UUID

import msgspec
from sqlalchemy import Connection, func, select

from decnet_models.grouping.values import Group
from decnet_models.identities.tables import IDENTITIES, identity_core


class SharedFeature(msgspec.Struct, frozen=True):
    """A feature that members of an identity show."""

    kind: str
    value: str
    members: int
    """How many of the members show it."""
    attackers: int
    """How many attackers show it at all."""
    weight: float
    """What sharing it says, in bits; 0: it joins nobody."""
    first_seen: int
    last_seen: int


def formed(connection: Connection, limit: int, *, least: int = 2) -> list[Group]:
    """Return the identities of at least so many members, last seen first."""
    c = IDENTITIES.group.c
    query = select(*(c[name] for name in Group.__struct_fields__))
    query = query.where(c.merged_into.is_(None), c.members >= least)
    return [Group(*row) for row in connection.execute(query.order_by(c.last_seen.desc(), c.id.desc()).limit(limit))]


def shared_features(connection: Connection, identity: UUID, limit: int) -> list[SharedFeature]:
    """Return what at least two members of an identity show, the heaviest first."""
    e, m, f, core = IDENTITIES.evidence.c, IDENTITIES.member.c, IDENTITIES.feature.c, identity_core.c
    counted = (
        select(e.kind, e.digest, func.count().label("members"))
        .join(IDENTITIES.evidence, e.attacker == m.attacker)
        .where(m.identity == identity)
        .group_by(e.kind, e.digest)
        .having(func.count() > 1)
        .subquery()
    )
    of_feature = (f.kind == counted.c.kind) & (f.digest == counted.c.digest)
    of_core = (core.kind == counted.c.kind) & (core.digest == counted.c.digest)
    weight = func.coalesce(core.weight, 0.0)
    query = (
        select(f.kind, f.value, counted.c.members, f.subjects, weight, f.first_seen, f.last_seen)
        .select_from(counted.join(IDENTITIES.feature, of_feature).outerjoin(identity_core, of_core))
        .order_by(weight.desc(), counted.c.members.desc(), f.kind, f.digest)
        .limit(limit)
    )
    return [SharedFeature(*row) for row in connection.execute(query)]
