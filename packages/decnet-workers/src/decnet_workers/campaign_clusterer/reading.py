# SPDX-License-Identifier: MIT
"""Reads what identities show: the evidence and the techniques of their attackers, within limits for each identity."""

from collections.abc import Collection, Iterable
from uuid import UUID

from sqlalchemy import Connection, bindparam, literal_column, select

from decnet_models.database.rows.row_select import RowSelect
from decnet_models.database.statements import parts
from decnet_models.grouping.membership import members
from decnet_models.grouping.values import Evidence
from decnet_models.identities.tables import IDENTITIES
from decnet_models.ttp.tables import ttp_tag
from decnet_workers.campaign_clusterer.signals import DECKY, INFRASTRUCTURE, METHODS, methods, of_identity
from decnet_workers.commodity.limits import limits

ATTACKERS = 16
"""Addresses of an identity that are looked at."""
TAGS = 100
"""Findings of techniques of an address that are looked at: its first ones."""

_TAGS = RowSelect(
    lambda _: (
        select(ttp_tag.c.technique, ttp_tag.c.decky, ttp_tag.c.ts)
        .where(ttp_tag.c.attacker == bindparam("attacker"))
        .order_by(ttp_tag.c.seq, ttp_tag.c.rule_id, ttp_tag.c.technique)
        .limit(bindparam("most"))
        .offset(literal_column("0"))
    )
)


def shown(connection: Connection, identities: Collection[UUID]) -> list[Evidence[UUID]]:
    """Return what the identities show; those without infrastructure or payload show nothing."""
    attackers = _attackers(connection, identities)
    identity_of = {attacker: identity for identity, found in attackers.items() for attacker in found}
    by_identity: dict[UUID, list[Evidence[str]]] = {}
    for one in _infrastructure(connection, identity_of):
        by_identity.setdefault(identity_of[one.subject], []).append(one)
    found: list[Evidence[UUID]] = []
    for identity, evidence in by_identity.items():
        found += of_identity(identity, evidence)
        found += _acts(connection, identity, attackers[identity])
    return found


def _attackers(connection: Connection, identities: Collection[UUID]) -> dict[UUID, list[str]]:
    group, c = IDENTITIES.group.c, IDENTITIES.member.c
    small: list[UUID] = []
    found: dict[UUID, list[str]] = {}
    for part in parts(identities):
        for identity, number in connection.execute(select(group.id, group.members).where(group.id.in_(part))):
            if number <= ATTACKERS:
                small.append(identity)
            else:
                found[identity] = [one.subject for one in members(connection, IDENTITIES, identity, ATTACKERS)]
    for part in parts(small):
        for identity, attacker in connection.execute(select(c.identity, c.attacker).where(c.identity.in_(part))):
            found.setdefault(identity, []).append(attacker)
    return found


def _infrastructure(connection: Connection, attackers: Iterable[str]) -> list[Evidence[str]]:
    c, feature = IDENTITIES.evidence.c, IDENTITIES.feature.c
    same = (feature.kind == c.kind) & (feature.digest == c.digest)
    shown = (c.attacker, c.kind, feature.value, c.first_seen, c.last_seen, c.digest)
    query = select(*shown).join(IDENTITIES.feature, same).where(c.kind.in_(INFRASTRUCTURE))
    return [
        Evidence(*row[:5])
        for part in parts(attackers)
        for row in connection.execute(query.where(c.attacker.in_(part)))
        if limits().get((row.kind, row.digest)) != 0
    ]


def _acts(connection: Connection, identity: UUID, attackers: Iterable[str]) -> list[Evidence[UUID]]:
    """Return the identity's deckies, and the longest sequence of techniques that one of its addresses used."""
    deckies: dict[str, tuple[int, int]] = {}
    best: tuple[str, ...] = ()
    seen: list[int] = []
    for attacker in sorted(attackers):
        tags = _TAGS.rows(connection, attacker=attacker, most=TAGS)
        for _, decky, ts in tags:
            if decky is not None:
                first, last = deckies.get(decky, (ts, ts))
                deckies[decky] = min(first, ts), max(last, ts)
        used = methods(technique for technique, _, _ in tags)
        best = max(best, used, key=lambda sequence: (len(sequence), sequence))
        seen += (ts for _, _, ts in tags)
    acts = [Evidence(identity, DECKY, decky, *times) for decky, times in sorted(deckies.items())]
    return [*acts, Evidence(identity, METHODS, " ".join(best), min(seen), max(seen))] if best else acts
