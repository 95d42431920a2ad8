# SPDX-License-Identifier: MIT
"""Queries of the identities: `decnet_models.grouping` of attackers. Times are ns since the Unix epoch, of events."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TypeAlias
from uuid import UUID

from sqlalchemy import Connection

from decnet_models.grouping import changes as moves
from decnet_models.grouping import decisions as words
from decnet_models.grouping import evidence, membership, values
from decnet_models.grouping.values import Change, Feature, Group, Reason, Shared
from decnet_models.identities.tables import IDENTITIES

Evidence: TypeAlias = values.Evidence[str]
Member: TypeAlias = values.Member[str]
Decision: TypeAlias = values.Decision[str]


def add_evidence(connection: Connection, found: Iterable[Evidence]) -> dict[Feature, int]:
    """Write which attackers have which features; return how many have each that was named."""
    return evidence.add_evidence(connection, IDENTITIES, found)


def frequencies(connection: Connection, features: Iterable[Feature]) -> dict[Feature, int]:
    """Return how many attackers have each feature: what its rarity is made of."""
    return evidence.frequencies(connection, IDENTITIES, features)


def sharing(connection: Connection, features: Iterable[Feature], *, at_most: int = 1000) -> dict[Feature, list[str]]:
    """Return which attackers have each feature; one that more than `at_most` have is left out."""
    return evidence.sharing(connection, IDENTITIES, features, at_most=at_most)


def evidence_of(connection: Connection, attacker: str, limit: int = 1000) -> list[Evidence]:
    """Return the features of one of the attackers."""
    return evidence.evidence_of(connection, IDENTITIES, attacker, limit)


def evidence_of_all(connection: Connection, attackers: Iterable[str]) -> list[Evidence]:
    """Return the features of all these attackers: of a whole identity, which is its members'."""
    return evidence.evidence_of_all(connection, IDENTITIES, attackers)


def shared(connection: Connection, kind: str, limit: int = 100) -> list[Shared]:
    """Return the features of a kind that attackers of several identities have, the most common first."""
    return evidence.shared(connection, IDENTITIES, kind, limit)


def found_identity(connection: Connection, identity: UUID, *, now_ns: int) -> None:
    """Make a identity without members, if it is not there yet."""
    membership.found_group(connection, IDENTITIES, identity, now_ns=now_ns)


def place(connection: Connection, members: Iterable[Member]) -> None:
    """Put attackers into identities; of one that is in one already, only its times are widened."""
    membership.place(connection, IDENTITIES, members)


def identities_of(connection: Connection, attackers: Iterable[str]) -> dict[str, UUID]:
    """Return the identity of each of `attackers` that has one."""
    return membership.groups_of(connection, IDENTITIES, attackers)


def members(connection: Connection, identity: UUID, limit: int = 1000, *, after: str | None = None) -> list[Member]:
    """Return the identity's attackers in order; page on with `after` = the last one's subject."""
    return membership.members(connection, IDENTITIES, identity, limit, after=after)


def identities(connection: Connection, limit: int = 100, *, before: Group | None = None) -> list[Group]:
    """Return identities, last seen first; page on with `before` = the last one."""
    return membership.groups(connection, IDENTITIES, limit, before=before)


def identity_of_id(connection: Connection, identity: UUID) -> Group | None:
    """Return the identity of that id, merged or not; None when there never was one."""
    return membership.group(connection, IDENTITIES, identity)


def resolved(connection: Connection, identity: UUID) -> UUID | None:
    """Return where the attackers of that identity are now; None for an id that never was."""
    return membership.resolved(connection, IDENTITIES, identity)


def changed(connection: Connection, revision: int, limit: int = 1000) -> list[Group]:
    """Return the identities that changed after a revision, the earliest first: what campaign-clusterer follows."""
    return membership.changed(connection, IDENTITIES, revision, limit)


def count_members(connection: Connection) -> int:
    """Return the number of attackers in identities; a worker asks once, since all are read, and then counts on."""
    return membership.count_members(connection, IDENTITIES)


def merge(
    connection: Connection, source: UUID, target: UUID, *, weight: float, because: Sequence[Reason], now_ns: int
) -> int:
    """Move all attackers of `source` into `target`; return the change's number. ValueError if either is merged."""
    return moves.merge(connection, IDENTITIES, source, target, weight=weight, because=because, now_ns=now_ns)


def split(
    connection: Connection,
    source: UUID,
    target: UUID,
    attackers: Collection[str],
    *,
    because: Sequence[Reason],
    now_ns: int,
) -> int:
    """Move attackers from `source` to `target`; return the change's number. ValueError if either is merged."""
    return moves.split(connection, IDENTITIES, source, target, subjects=attackers, because=because, now_ns=now_ns)


def undo(connection: Connection, change: int, *, now_ns: int) -> bool:
    """Move back who went with a change and is still there; False when it was undone already."""
    return moves.undo(connection, IDENTITIES, change, now_ns=now_ns)


def changes(connection: Connection, identity: UUID, limit: int = 100) -> list[Change]:
    """Return the merges and splits of the identity, newest first, each with its reasons."""
    return moves.changes(connection, IDENTITIES, identity, limit)


def decide(connection: Connection, decision: Decision) -> int:
    """Write the operator's word and return its number; IntegrityError when it is not whole."""
    return words.decide(connection, IDENTITIES, decision)


def withdraw(connection: Connection, decision: int, *, now_ns: int) -> bool:
    """Take the operator's word back; False when it is not in force."""
    return words.withdraw(connection, IDENTITIES, decision, now_ns=now_ns)


def decisions(connection: Connection, limit: int = 1000, *, after: int = 0) -> list[Decision]:
    """Return the operator's words in force, oldest first."""
    return words.decisions(connection, IDENTITIES, limit, after=after)
