# SPDX-License-Identifier: MIT
"""Collects all identities that the campaigns of some can depend on: whom links, campaigns and decisions lead to.

What is outside has no link into it, so that what is inside can be partitioned by itself. The cost is that of the
identities inside and of those that share a feature with one, at most `weighing.CAP` for each feature.
"""

from collections.abc import Collection, Iterable, Mapping
from uuid import UUID

import msgspec
from sqlalchemy import Connection, select

from decnet_models.campaigns.evidence import evidence_by_identity
from decnet_models.campaigns.tables import CAMPAIGNS
from decnet_models.database.statements import parts
from decnet_models.grouping.evidence import frequencies, sharing
from decnet_models.grouping.membership import groups_of
from decnet_models.grouping.values import Evidence, Feature
from decnet_workers.campaign_clusterer import weighing
from decnet_workers.campaign_clusterer.partition import Weighed
from decnet_workers.campaign_clusterer.profile import Profile, profiles

MOST = 4000
"""Identities of one neighbourhood; it is cut there, so that poisoned evidence cannot make it the world."""


class Update(msgspec.Struct, frozen=True):
    """Evidence of identities before and after it changes; the database has what was before."""

    old: Mapping[UUID, Collection[Evidence[UUID]]]
    new: Mapping[UUID, Collection[Evidence[UUID]]]

    def features(self) -> dict[Feature, dict[UUID, int]]:
        """Return the features that identities get (1) or lose (-1)."""
        changed: dict[Feature, dict[UUID, int]] = {}
        for identity in self.old.keys() | self.new.keys():
            before, after = (_features(side.get(identity, ())) for side in (self.old, self.new))
            for feature in before ^ after:
                changed.setdefault(feature, {})[identity] = 1 if feature in after else -1
        return changed


class Neighbourhood:
    """The identities collected so far, their profiles, and of how many identities each of their features is.

    All is as if `update` were written.
    """

    def __init__(self, connection: Connection, update: Update) -> None:
        self._connection = connection
        self._changed = update.features()
        self._holders: dict[Feature, set[UUID]] = {}
        self.collected: set[UUID] = set()
        self.evidence: dict[UUID, Collection[Evidence[UUID]]] = {**dict.fromkeys(update.old, ()), **update.new}
        self.profiles = profiles(one for evidence in update.new.values() for one in evidence)
        self.subjects: dict[Feature, int] = {}
        self.weighed = Weighed(self.subjects)
        self.cut = False

    def unsettled(self) -> set[UUID]:
        """Return the identities with a feature of which another number of identities has it now."""
        self._know(self._changed)
        return {identity for feature in self._changed for identity in self._holders.get(feature, ())}

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
        new = evidence_by_identity(self._connection, set(identities) - self.evidence.keys())
        self.evidence |= new
        self.profiles |= profiles(one for evidence in new.values() for one in evidence)

    def _count(self, frontier: Iterable[UUID]) -> None:
        known = (self.profiles[identity] for identity in frontier if identity in self.profiles)
        self._know({feature for profile in known for feature in profile.features})

    def _know(self, asked: Iterable[Feature]) -> None:
        """Learn the number of identities with the features, and which these are if it is small enough to join them."""
        new = [feature for feature in asked if feature not in self.subjects]
        counted = frequencies(self._connection, CAMPAIGNS, new)
        for feature in new:
            self.subjects[feature] = counted.get(feature, 0) + sum(self._changed.get(feature, {}).values())
        joining = [
            feature
            for feature in new
            if feature[0] in weighing.BITS and min(self.subjects[feature], counted.get(feature, 0)) <= weighing.CAP
        ]
        holders = sharing(self._connection, CAMPAIGNS, joining, at_most=MOST)
        for feature in joining:
            changed = self._changed.get(feature, {})
            self._holders[feature] = {one for one in holders.get(feature, ()) if changed.get(one) != -1}
            self._holders[feature].update(one for one, change in changed.items() if change == 1)

    def _linked(self, frontier: Iterable[UUID]) -> set[UUID]:
        candidates = {
            identity: {
                other
                for feature in self.profiles[identity].features
                if weighing.feature_bits(feature[0], self.subjects[feature])
                for other in self._holders[feature]
            }
            - self.collected
            for identity in frontier
            if identity in self.profiles
        }
        self._load(other for others in candidates.values() for other in others)
        return {
            other
            for identity, others in candidates.items()
            for other in others
            if self.weighed.link(self.profiles[identity], self.profiles[other]) is not None
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


def _features(evidence: Iterable[Evidence[UUID]]) -> set[Feature]:
    return {(one.kind, one.value) for one in evidence if one.kind in weighing.BITS}
