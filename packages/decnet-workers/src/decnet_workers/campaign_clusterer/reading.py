# SPDX-License-Identifier: MIT
"""Reads what identities show: the evidence and the techniques of their attackers, within limits for each identity."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from uuid import UUID

from sqlalchemy import Connection, bindparam, literal_column, select

from decnet_models.database.rows.row_select import RowSelect
from decnet_models.database.statements import parts
from decnet_models.grouping.membership import members
from decnet_models.grouping.values import Evidence, Times, widened
from decnet_models.identities.gateways import gateways
from decnet_models.identities.tables import IDENTITIES
from decnet_models.ttp.tables import ttp_tag
from decnet_workers.campaign_clusterer.signals import (
    APPLET,
    DECKY,
    INFECTED,
    METHODS,
    SHARED,
    WORM,
    methods,
    of_identity,
    targets,
)
from decnet_workers.commodity.limits import limits

ATTACKERS = 16
"""Addresses of an identity that are looked at."""
TAGS = 100
"""Findings of techniques of an address that are looked at: its latest ones, since it is found by what it does now."""

_TAGS = RowSelect(
    lambda _: (
        select(ttp_tag.c.technique, ttp_tag.c.decky, ttp_tag.c.ts)
        .where(ttp_tag.c.attacker == bindparam("attacker"))
        .order_by(ttp_tag.c.seq.desc(), ttp_tag.c.rule_id.desc(), ttp_tag.c.technique.desc())
        .limit(bindparam("most"))
        .offset(literal_column("0"))
    )
)


def shown(connection: Connection, identities: Collection[UUID]) -> list[Evidence[UUID]]:
    """Return what the identities show; those with nothing that others could share show nothing.

    Of an address that several use it is unknown whose it is: through it, strangers would be linked with each other.
    """
    attackers = _attackers(connection, identities)
    identity_of = {attacker: identity for identity, found in attackers.items() for attacker in found}
    by_identity: dict[UUID, list[Evidence[str]]] = {}
    for one in _shared_kinds(connection, identity_of.keys() - gateways(connection, identity_of)):
        by_identity.setdefault(identity_of[one.subject], []).append(one)
    found: list[Evidence[UUID]] = []
    for identity, addresses in attackers.items():
        tags = {one: _TAGS.rows(connection, attacker=one, most=TAGS)[::-1] for one in sorted(addresses)}
        found += of_one(identity, by_identity.get(identity, ()), tags)
    return found


def of_one(
    identity: UUID, evidence: Iterable[Evidence[str]], tags: Mapping[str, Sequence[tuple[str, str | None, int]]]
) -> list[Evidence[UUID]]:
    """Return what an identity shows, from the evidence of its attackers and their techniques, deckies and times.

    That it is an infected device is nothing that it could share.
    """
    visits = {(one, decky, ts) for one, found in tags.items() for _, decky, ts in found if decky is not None}
    shared = [*of_identity(identity, evidence), *targets(identity, visits)]
    if all(one.kind == INFECTED for one in shared):
        return []
    return [*shared, *_acts(identity, visits, tags)]


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


def _shared_kinds(connection: Connection, attackers: Iterable[str]) -> list[Evidence[str]]:
    c, feature = IDENTITIES.evidence.c, IDENTITIES.feature.c
    same = (feature.kind == c.kind) & (feature.digest == c.digest)
    shown = (c.attacker, c.kind, feature.value, c.first_seen, c.last_seen, c.digest)
    query = select(*shown).join(IDENTITIES.feature, same).where(c.kind.in_(SHARED))
    rows = (row for part in parts(attackers) for row in connection.execute(query.where(c.attacker.in_(part))))
    return [one for row in rows if (one := _told(Evidence(*row[:5]), row.digest)) is not None]


def _told(one: Evidence[str], digest: str) -> Evidence[str] | None:
    """Return what evidence says to others; of a commodity nothing, but that who shows it is an infected device."""
    public = one.kind == WORM or limits().get((one.kind, digest)) == 0
    if not public:
        return one
    return Evidence(one.subject, INFECTED, "", one.first_seen, one.last_seen) if one.kind in (APPLET, WORM) else None


def _acts(
    identity: UUID, visits: Iterable[tuple[str, str, int]], tags: Mapping[str, Sequence[tuple[str, str | None, int]]]
) -> list[Evidence[UUID]]:
    """Return the identity's deckies, and the longest sequence of techniques that one of its addresses used."""
    deckies: dict[str, Times] = {}
    for _, decky, ts in visits:
        deckies[decky] = widened(deckies.get(decky, (ts, ts)), (ts, ts))
    sequences = [methods(technique for technique, _, _ in found) for found in tags.values()]
    best = max(sequences, key=lambda sequence: (len(sequence), sequence), default=())
    acts = [Evidence(identity, DECKY, decky, *times) for decky, times in sorted(deckies.items())]
    if not best:
        return acts
    seen = [ts for found in tags.values() for _, _, ts in found]
    return [*acts, Evidence(identity, METHODS, " ".join(best), min(seen), max(seen))]
