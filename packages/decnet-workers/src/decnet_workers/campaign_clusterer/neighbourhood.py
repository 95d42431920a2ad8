# SPDX-License-Identifier: MIT
"""Collects all identities that the campaigns of some can depend on: whom links, campaigns and decisions lead to.

What is outside has no link into it, so that what is inside can be partitioned by itself. The cost is that of the
identities inside and of those that share a feature with one, at most `weighing.CAP` for each feature.
"""

from collections.abc import Collection, Iterable, Mapping
from uuid import UUID

from sqlalchemy import Connection, func, select

from decnet_models.campaigns.evidence import evidence_by_identity
from decnet_models.campaigns.tables import CAMPAIGNS
from decnet_models.database.statements import parts
from decnet_models.grouping.evidence import frequencies, sharing
from decnet_models.grouping.membership import groups_of
from decnet_models.grouping.values import Feature
from decnet_workers.campaign_clusterer import weighing
from decnet_workers.campaign_clusterer.links import Weighed
from decnet_workers.campaign_clusterer.profile import Profile
from decnet_workers.campaign_clusterer.signals import AIMING, DECKY
from decnet_workers.campaign_clusterer.targeting import FLEET, MOST_DECKIES, crowd, fleet_size
from decnet_workers.campaign_clusterer.update import Update

MOST = 4000
"""Identities of one neighbourhood; it is cut there, so that poisoned evidence cannot make it the world."""


class Neighbourhood:
    """The identities collected so far, their profiles, and of how many identities each of their features is.

    All is as if `update` were written.
    """

    def __init__(self, connection: Connection, update: Update) -> None:
        self._connection = connection
        self._make = update.make
        self._changed = update.features
        before, after = _fleets(connection, self._changed)
        self._refitted = before != after
        self._holders: dict[Feature, set[UUID]] = {}
        self._before: dict[Feature, int] = {}
        self._known: set[Feature] = set()
        self.collected: set[UUID] = set()
        self._loaded = {*update.identities}
        self.profiles = {**update.profiles}
        self.subjects: dict[Feature, int] = {FLEET: after}
        self.weighed = Weighed(self.subjects)
        self.cut = False

    def unsettled(self) -> set[UUID]:
        """Return the identities with a feature of which another number of identities has it now."""
        changed = [feature for feature in self._changed if feature[0] in weighing.JOINING or feature[0] == AIMING]
        self._know(changed)
        found = {identity for feature in changed for identity in self._holders.get(feature, ())}
        return found | self._aiming() if self._refitted else found

    @property
    def inside(self) -> dict[UUID, Profile]:
        """Return the profiles of the identities that were collected; one that shows nothing has none."""
        return {identity: self.profiles[identity] for identity in self.collected if identity in self.profiles}

    def collect(self, first: Iterable[UUID], partners: Mapping[UUID, Collection[UUID]]) -> None:
        """Collect all that `first` lead to, these included; `partners` are those whom decisions name together."""
        frontier = set(first)
        while frontier and not self.cut:
            self.collected |= frontier
            self._load(frontier)
            self._count(frontier)
            reached = self._linked(frontier) | _fellows(self._connection, frontier)
            reached.update(partner for identity in frontier for partner in partners.get(identity, ()))
            frontier = reached - self.collected
            self.cut = len(self.collected) + len(frontier) > MOST

    def _load(self, identities: Iterable[UUID]) -> None:
        for part in parts(set(identities) - self._loaded):
            self._loaded.update(part)
            self.profiles |= self._make.of(evidence_by_identity(self._connection, part))

    def _count(self, frontier: Iterable[UUID]) -> None:
        known = [self.profiles[identity] for identity in frontier if identity in self.profiles]
        self._number(feature for profile in known for feature in profile.aims())
        self._know({feature for profile in known for feature in profile.features})

    def _number(self, asked: Iterable[Feature]) -> None:
        """Learn of how many identities the features are."""
        new = {feature for feature in asked if feature not in self.subjects}
        counted = frequencies(self._connection, CAMPAIGNS, new)
        for feature in new:
            self._before[feature] = counted.get(feature, 0)
            self.subjects[feature] = self._before[feature] + sum(self._changed.get(feature, {}).values())

    def _know(self, asked: Iterable[Feature]) -> None:
        """Learn the number of identities with the features, and which these are if it decides something of them."""
        new = [feature for feature in asked if feature not in self._known]
        self._known.update(new)
        self._number(new)
        deciding = [feature for feature in new if _decides(feature, self._before[feature], self.subjects[feature])]
        holders = sharing(self._connection, CAMPAIGNS, deciding, at_most=MOST)
        for feature in deciding:
            changed = self._changed.get(feature, {})
            self._holders[feature] = {one for one in holders.get(feature, ()) if changed.get(one) != -1}
            self._holders[feature].update(one for one, change in changed.items() if change == 1)

    def _aiming(self) -> set[UUID]:
        """Return the identities that aim at deckies, up to MOST."""
        c = CAMPAIGNS.evidence.c
        query = select(c.identity).where(c.kind == AIMING).distinct().order_by(c.identity).limit(MOST)
        return set(self._connection.execute(query).scalars())

    def _linked(self, frontier: Iterable[UUID]) -> set[UUID]:
        candidates = {
            identity: {
                other
                for feature in self.profiles[identity].features
                if weighing.may_join(feature[0], self.subjects[feature])
                for other in self._holders[feature]
            }
            - self.collected
            for identity in frontier
            if identity in self.profiles
        }
        reached = {other for others in candidates.values() for other in others}
        self._load(reached)
        self._number(feature for other in reached for feature in self.profiles[other].aims())
        return {
            other
            for identity, others in candidates.items()
            for other in others
            if self.weighed.strength(self.profiles[identity], self.profiles[other])
        }


def _fellows(connection: Connection, identities: Iterable[UUID]) -> set[UUID]:
    """Return the members of the campaigns that the identities are in."""
    c = CAMPAIGNS.member.c
    campaigns = set(groups_of(connection, CAMPAIGNS, identities).values())
    return {
        identity
        for part in parts(campaigns)
        for identity in connection.execute(select(c.identity).where(c.campaign.in_(part))).scalars()
    }


def _decides(feature: Feature, before: int, after: int) -> bool:
    """Return whether the number of identities with a feature, before and after a change, matters to these."""
    if feature[0] == AIMING:
        return crowd(before) != crowd(after)
    if max(before, after) < 2:
        return False  # nobody else has it, nor had: these are most features by far
    return feature[0] in weighing.JOINING and min(before, after) <= weighing.CAP


def _fleets(connection: Connection, changed: Mapping[Feature, Mapping[UUID, int]]) -> tuple[int, int]:
    """Return as how many deckies those count at which anybody was seen, before and after the changes."""
    numbers = {feature: sum(by.values()) for feature, by in changed.items() if feature[0] == DECKY}
    counted = frequencies(connection, CAMPAIGNS, numbers)
    new = sum(not counted.get(feature, 0) and number > 0 for feature, number in numbers.items())
    gone = sum(0 < counted.get(feature, 0) <= -number for feature, number in numbers.items())
    c = CAMPAIGNS.feature.c
    known = select(c.kind).where(c.kind == DECKY, c.subjects > 0).limit(MOST_DECKIES + gone).subquery()
    before = connection.execute(select(func.count()).select_from(known)).scalar_one()
    return fleet_size(before), fleet_size(before + new - gone)
