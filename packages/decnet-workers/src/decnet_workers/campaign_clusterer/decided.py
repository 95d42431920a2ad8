# SPDX-License-Identifier: MIT
"""Turns the operator's decisions into rulings about identities, and gives campaigns their ids.

A campaign's id is its founder's, the identity that was seen first, with other last digits. So the same campaign always
gets the same id, and what names a campaign names an identity: one pinned to a campaign is together with its founder.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from uuid import UUID

import msgspec
from sqlalchemy import Connection, func, select

from decnet_models.campaigns.tables import CAMPAIGNS
from decnet_models.grouping import changes
from decnet_models.grouping.decisions import all_decisions
from decnet_models.grouping.membership import resolved
from decnet_models.grouping.values import Decision
from decnet_models.identities.tables import IDENTITIES
from decnet_workers.campaign_clusterer.links import Pair
from decnet_workers.campaign_clusterer.partition import NOTHING, Decided, Ruling

_DIGITS = 0xCA3B_A16E_0000
"""Differs from an identity's id to a campaign's, in the node of the UUID."""


class Decisions(msgspec.Struct, frozen=True):
    """The decisions in force, and who is named together."""

    decided: Decided = NOTHING
    partners: Mapping[UUID, frozenset[UUID]] = {}
    named: frozenset[UUID] = frozenset()
    """All identities that a decision is about."""


def campaign_of(founder: UUID) -> UUID:
    return UUID(int=founder.int ^ _DIGITS)


def founder_of(campaign: UUID) -> UUID:
    return UUID(int=campaign.int ^ _DIGITS)


def version(connection: Connection) -> int:
    """Return a number that grows with each decision and each withdrawal of one."""
    c = CAMPAIGNS.decision.c
    return sum(
        connection.execute(select(func.count(), func.count(c.withdrawn_at)).select_from(CAMPAIGNS.decision)).one()
    )


def read(connection: Connection) -> Decisions:
    """Return the decisions in force; identities that were merged stand for those that they are in now."""

    @cache
    def now(identity: UUID) -> UUID:
        return resolved(connection, IDENTITIES, identity) or identity

    rulings: list[Ruling] = []
    pinned: set[UUID] = set()
    for decision in reversed(all_decisions(connection, CAMPAIGNS)):
        ruling = _ruling(connection, decision)
        if ruling is None:
            continue
        rulings.append(Ruling((now(ruling.pair[0]), now(ruling.pair[1])), ruling.together))
        subject, founder = rulings[-1].pair
        if (
            decision.kind == "pinned" and subject != founder
        ):  # a founder is there anyway, and evidence joins others to it
            pinned.add(subject)
    named = frozenset(identity for ruling in rulings for identity in ruling.pair)
    return Decisions(Decided(tuple(rulings), frozenset(pinned)), _partners(rulings), named)


def ever_named(connection: Connection) -> set[UUID]:
    """Return all identities that any decision is or was about: what a withdrawn one did must be undone."""
    rulings = (_ruling(connection, decision) for decision in all_decisions(connection, CAMPAIGNS, withdrawn=True))
    pairs = {identity for ruling in rulings if ruling is not None for identity in ruling.pair}
    return pairs | {resolved(connection, IDENTITIES, identity) or identity for identity in pairs}


def _ruling(connection: Connection, decision: Decision[UUID]) -> Ruling | None:
    match decision:
        case Decision(kind="together" | "apart" as kind, subject=UUID() as one, other=UUID() as other):
            return Ruling((one, other), kind == "together")
        case Decision(kind="pinned", subject=UUID() as one, group=UUID() as campaign):
            return Ruling((one, founder_of(campaign)), together=True)
        case Decision(change=int(number)):
            change = changes.change(connection, CAMPAIGNS, number)
            pair = (founder_of(change.source), founder_of(change.target)) if change else None
            return Ruling(pair, change.kind == "split") if change and pair else None
    return None


def _partners(rulings: Iterable[Ruling]) -> dict[UUID, frozenset[UUID]]:
    found: dict[UUID, frozenset[UUID]] = {}
    for ruling in rulings:
        for one, other in (ruling.pair, _turned(ruling.pair)) if ruling.together else ():
            found[one] = found.get(one, frozenset()) | {other}
    return found


def _turned(pair: Pair) -> Pair:
    return pair[1], pair[0]
