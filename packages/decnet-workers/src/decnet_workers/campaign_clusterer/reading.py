# SPDX-License-Identifier: MIT
"""Reads what identities show: the evidence and the techniques of their attackers, within limits for each identity."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from sys import intern
from uuid import UUID

from sqlalchemy import Connection, bindparam, literal_column, select

from decnet_models.database.rows.row_select import RowSelect, as_uuid, listed, literals
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

_group, _member = IDENTITIES.group.c, IDENTITIES.member.c
_shown, _feature = IDENTITIES.evidence.c, IDENTITIES.feature.c

_TAGS = RowSelect(
    lambda _: (
        select(ttp_tag.c.technique, ttp_tag.c.decky, ttp_tag.c.ts)
        .where(ttp_tag.c.attacker == bindparam("attacker"))
        .order_by(ttp_tag.c.seq.desc(), ttp_tag.c.rule_id.desc(), ttp_tag.c.technique.desc())
        .limit(bindparam("most"))
        .offset(literal_column("0"))
    )
)
_SIZES = RowSelect(
    lambda connection: select(_group.id, _group.members).where(listed(connection, _group.id, "identities"))
)
_MEMBERS = RowSelect(
    lambda connection: select(_member.identity, _member.attacker).where(
        listed(connection, _member.identity, "identities")
    )
)
_SHARED = RowSelect(
    lambda connection: (
        select(_shown.attacker, _shown.kind, _feature.value, _shown.first_seen, _shown.last_seen, _shown.digest)
        .join(IDENTITIES.feature, (_feature.kind == _shown.kind) & (_feature.digest == _shown.digest))
        .where(listed(connection, _shown.attacker, "attackers"), _shown.kind.in_(literals(SHARED)))
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
    small: list[UUID] = []
    found: dict[UUID, list[str]] = {}
    for part in parts(identities):
        for digits, number in _SIZES.rows(connection, identities=part):
            identity = as_uuid(digits)
            if number <= ATTACKERS:
                small.append(identity)
            else:
                found[identity] = [one.subject for one in members(connection, IDENTITIES, identity, ATTACKERS)]
    for part in parts(small):
        for digits, attacker in _MEMBERS.rows(connection, identities=part):
            found.setdefault(as_uuid(digits), []).append(attacker)
    return found


def _shared_kinds(connection: Connection, attackers: Iterable[str]) -> Iterator[Evidence[str]]:
    for part in parts(attackers):
        for attacker, kind, value, first, last, key in _SHARED.rows(connection, attackers=part):
            told = _told(Evidence(attacker, intern(kind), value, first, last), key)
            if told is not None:
                yield told


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
