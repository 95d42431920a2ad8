# SPDX-License-Identifier: MIT
"""Queries of the campaigns: `decnet_models.grouping` of identities. Times are ns since the Unix epoch, of events."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TypeAlias
from uuid import UUID

from sqlalchemy import Connection

from decnet_models.campaigns.tables import CAMPAIGNS
from decnet_models.grouping import changes as moves
from decnet_models.grouping import decisions as words
from decnet_models.grouping import evidence, membership, values
from decnet_models.grouping.values import Change, Feature, Group, Reason, Shared

Evidence: TypeAlias = values.Evidence[UUID]
Member: TypeAlias = values.Member[UUID]
Decision: TypeAlias = values.Decision[UUID]


def add_evidence(connection: Connection, found: Iterable[Evidence]) -> dict[Feature, int]:
    """Write which identities have which features; return how many have each that was named."""
    return evidence.add_evidence(connection, CAMPAIGNS, found)


def frequencies(connection: Connection, features: Iterable[Feature]) -> dict[Feature, int]:
    """Return how many identities have each feature: what its rarity is made of."""
    return evidence.frequencies(connection, CAMPAIGNS, features)


def sharing(connection: Connection, features: Iterable[Feature], *, at_most: int = 1000) -> dict[Feature, list[UUID]]:
    """Return which identities have each feature; one that more than `at_most` have is left out."""
    return evidence.sharing(connection, CAMPAIGNS, features, at_most=at_most)


def evidence_of(connection: Connection, identity: UUID, limit: int = 1000) -> list[Evidence]:
    """Return the features of one of the identities."""
    return evidence.evidence_of(connection, CAMPAIGNS, identity, limit)


def evidence_of_all(connection: Connection, identities: Iterable[UUID]) -> list[Evidence]:
    """Return the features of all these identities: of a whole campaign, which is its members'."""
    return evidence.evidence_of_all(connection, CAMPAIGNS, identities)


def shared(connection: Connection, kind: str, limit: int = 100) -> list[Shared]:
    """Return the features of a kind that identities of several campaigns have, the most common first."""
    return evidence.shared(connection, CAMPAIGNS, kind, limit)


def found_campaign(connection: Connection, campaign: UUID, *, now_ns: int) -> None:
    """Make a campaign without members, if it is not there yet."""
    membership.found_group(connection, CAMPAIGNS, campaign, now_ns=now_ns)


def place(connection: Connection, members: Iterable[Member]) -> None:
    """Put identities into campaigns; of one that is in one already, only its times are widened."""
    membership.place(connection, CAMPAIGNS, members)


def campaigns_of(connection: Connection, identities: Iterable[UUID]) -> dict[UUID, UUID]:
    """Return the campaign of each of `identities` that has one."""
    return membership.groups_of(connection, CAMPAIGNS, identities)


def members(connection: Connection, campaign: UUID, limit: int = 1000, *, after: UUID | None = None) -> list[Member]:
    """Return the campaign's identities in order; page on with `after` = the last one's subject."""
    return membership.members(connection, CAMPAIGNS, campaign, limit, after=after)


def campaigns(connection: Connection, limit: int = 100, *, before: Group | None = None) -> list[Group]:
    """Return campaigns, last seen first; page on with `before` = the last one."""
    return membership.groups(connection, CAMPAIGNS, limit, before=before)


def campaign_of_id(connection: Connection, campaign: UUID) -> Group | None:
    """Return the campaign of that id, merged or not; None when there never was one."""
    return membership.group(connection, CAMPAIGNS, campaign)


def resolved(connection: Connection, campaign: UUID) -> UUID | None:
    """Return where the identities of that campaign are now; None for an id that never was."""
    return membership.resolved(connection, CAMPAIGNS, campaign)


def changed(connection: Connection, revision: int, limit: int = 1000) -> list[Group]:
    """Return the campaigns that changed after a revision, the earliest change first."""
    return membership.changed(connection, CAMPAIGNS, revision, limit)


def count_members(connection: Connection) -> int:
    """Return the number of identities in campaigns; a worker asks once, since all are read, and then counts on."""
    return membership.count_members(connection, CAMPAIGNS)


def merge(
    connection: Connection, source: UUID, target: UUID, *, weight: float, because: Sequence[Reason], now_ns: int
) -> int:
    """Move all identities of `source` into `target`; return the change's number. ValueError if either is merged."""
    return moves.merge(connection, CAMPAIGNS, source, target, weight=weight, because=because, now_ns=now_ns)


def split(
    connection: Connection,
    source: UUID,
    target: UUID,
    identities: Collection[UUID],
    *,
    because: Sequence[Reason],
    now_ns: int,
) -> int:
    """Move identities from `source` to `target`; return the change's number. ValueError if either is merged."""
    return moves.split(connection, CAMPAIGNS, source, target, subjects=identities, because=because, now_ns=now_ns)


def undo(connection: Connection, change: int, *, now_ns: int) -> bool:
    """Move back who went with a change and is still there; False when it was undone already."""
    return moves.undo(connection, CAMPAIGNS, change, now_ns=now_ns)


def changes(connection: Connection, campaign: UUID, limit: int = 100) -> list[Change]:
    """Return the merges and splits of the campaign, newest first, each with its reasons."""
    return moves.changes(connection, CAMPAIGNS, campaign, limit)


def decide(connection: Connection, decision: Decision) -> int:
    """Write the operator's word and return its number; IntegrityError when it is not whole."""
    return words.decide(connection, CAMPAIGNS, decision)


def withdraw(connection: Connection, decision: int, *, now_ns: int) -> bool:
    """Take the operator's word back; False when it is not in force."""
    return words.withdraw(connection, CAMPAIGNS, decision, now_ns=now_ns)


def decisions(connection: Connection, limit: int = 1000, *, after: int = 0) -> list[Decision]:
    """Return the operator's words in force, oldest first."""
    return words.decisions(connection, CAMPAIGNS, limit, after=after)
