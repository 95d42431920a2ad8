# SPDX-License-Identifier: MIT
"""Collects all identities that the campaigns of some can depend on: whom links, campaigns and decisions lead to.

What is outside has no link into it, so that what is inside can be partitioned by itself. So they are collected in
parts, and what a part needs is forgotten after it. The cost is that of the identities inside and of those that share a
feature with one, at most `weighing.CAP` for each feature.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from uuid import UUID

from sqlalchemy import Connection, func, select

from decnet_models.campaigns.evidence import evidence_by_identity, holders
from decnet_models.campaigns.tables import CAMPAIGNS
from decnet_models.database.statements import parts
from decnet_models.grouping.evidence import frequencies
from decnet_models.grouping.membership import groups_of
from decnet_models.grouping.values import Feature
from decnet_workers.campaign_clusterer import weighing
from decnet_workers.campaign_clusterer.links import candidates, strength
from decnet_workers.campaign_clusterer.profile import Profile
from decnet_workers.campaign_clusterer.signals import AIMING, DECKY, TARGET
from decnet_workers.campaign_clusterer.targeting import FLEET, MOST_DECKIES, common_aims, crowd, fleet_size, matters
from decnet_workers.campaign_clusterer.update import Update

MOST = 4000
"""Identities of one neighbourhood; it is cut there, so that poisoned evidence cannot make it the world."""
FIRST_AT_ONCE = 256
"""Identities from which a part begins."""
NUMBERED_AT_ONCE = 2_000
"""Features whose numbers are read at a time: with their digests and rows these take more memory than all else."""
KEPT = 1024
"""Profiles that are kept for the next part: many of those who share something with it are the same."""


class Neighbourhood:
    """The identities of a part, their profiles, and of how many identities each of their features is.

    All is as if `update` were written. Inside, an identity is its number in a `Roster`.
    """

    def __init__(self, connection: Connection, update: Update) -> None:
        self._connection = connection
        self._update = update
        self._changed = update.features
        before, after = _fleets(connection, self._changed)
        self._refitted = before != after
        self._roster = update.roster
        self._holders: dict[Feature, set[int]] = {}
        self._before: dict[Feature, int] = {}
        self._done: set[int] = set()
        self._loaded: set[int] = set()
        self._profiles: dict[int, Profile] = {}
        self._forget()
        self.subjects: dict[Feature, int] = {FLEET: after}
        self.cut = False

    def unsettled(self) -> list[UUID]:
        """Return the identities for which it matters that another number of identities has a feature now.

        Those who share a feature follow each other, since the same others are looked at for them.
        """
        changed = [feature for feature in self._changed if feature[0] in weighing.JOINING or feature[0] == AIMING]
        self._number([*changed, *(_week_of(value) for kind, value in changed if kind == TARGET)])
        found: dict[int, None] = {}
        for some in parts((feature for feature in changed if self._decides(feature)), FIRST_AT_ONCE):
            shown = holders(self._connection, some)
            found.update(dict.fromkeys(self._roster.number(one) for feature in some for one in shown.get(feature, ())))
        unsettled = [self._roster.identity(number) for number in found]
        return [*unsettled, *self._aiming()] if self._refitted else unsettled

    def parts(
        self, first: Iterable[UUID], partners: Mapping[UUID, Collection[UUID]]
    ) -> Iterator[tuple[set[UUID], dict[UUID, Profile]]]:
        """Yield all that `first` lead to, these included, in parts without links between them.

        A part is its identities and their profiles; one that shows nothing has none. `partners` are those whom
        decisions name together.
        """
        rest = [self._roster.number(identity) for identity in first]
        for start in range(0, len(rest), FIRST_AT_ONCE):
            begin = set(rest[start : start + FIRST_AT_ONCE]) - self._done
            if begin:
                inside = self._collected(begin, partners)
                identity = self._roster.identity
                known = {identity(one): self._profiles[one] for one in inside if one in self._profiles}
                yield {identity(one) for one in inside}, known
                if len(self._profiles) > len(self._update.profiles) + KEPT:
                    self._forget()

    def _collected(self, frontier: set[int], partners: Mapping[UUID, Collection[UUID]]) -> set[int]:
        inside: set[int] = set()
        cut = False
        while frontier and not cut:
            inside |= frontier
            self._done |= frontier
            self._load(frontier)
            self._count(frontier)
            names = {self._roster.identity(number) for number in frontier}
            fellows = _fellows(self._connection, names)
            fellows.update(partner for name in names for partner in partners.get(name, ()))
            frontier = (self._linked(frontier) | {self._roster.number(one) for one in fellows}) - self._done
            cut = len(inside) + len(frontier) > MOST
        self.cut |= cut
        return inside

    def _forget(self) -> None:
        """Forget what only the last part needed, so all but what changes."""
        number = self._roster.number
        self._loaded = {number(identity) for identity in self._update.identities}
        self._profiles = {number(identity): one for identity, one in self._update.profiles.items()}
        self._update.make.forget_but(self._profiles.values())
        self._holders.clear()

    def _load(self, identities: Iterable[int]) -> None:
        new = set(identities) - self._loaded
        self._loaded |= new
        for part in parts(self._roster.identity(number) for number in new):
            made = self._update.make.of(evidence_by_identity(self._connection, part))
            self._profiles.update((self._roster.number(identity), one) for identity, one in made.items())

    def _count(self, frontier: Iterable[int]) -> None:
        """Learn how many identities show what these show, and which these are if that may join them."""
        known = [self._profiles[number] for number in frontier if number in self._profiles]
        self._number({feature for profile in known for feature in (*profile.aims(), *profile.features)})
        features = {feature for profile in known for feature in profile.features} - self._holders.keys()
        joining = [feature for feature in features if weighing.may_join(feature[0], self.subjects[feature])]
        shown = holders(self._connection, joining)
        for feature in joining:
            there = {self._roster.number(one) for one in shown.get(feature, ())}
            for changed in self._changed.get(feature, ()):
                if changed < 0:
                    there.discard(~changed)
                else:
                    there.add(changed)
            self._holders[feature] = there

    def _number(self, asked: Iterable[Feature]) -> None:
        """Learn of how many identities the features are."""
        new = {feature for feature in asked if feature not in self.subjects}
        for part in parts(new, NUMBERED_AT_ONCE):
            counted = frequencies(self._connection, CAMPAIGNS, part)
            for feature in part:
                self._before[feature] = counted.get(feature, 0)
                self.subjects[feature] = self._before[feature] + _more(self._changed.get(feature, ()))

    def _decides(self, feature: Feature) -> bool:
        """Return whether it matters to those who show a feature how many do, before and after a change."""
        before, after = self._before[feature], self.subjects[feature]
        kind, value = feature
        if kind == AIMING:
            return crowd(before) != crowd(after)
        stay = before - sum(changed < 0 for changed in self._changed[feature])
        if stay < 2:
            return False  # whoever changes is looked at anyway, and with them whom they are linked with
        if kind == TARGET:
            week = _week_of(value)
            aiming = min(crowd(self._before[week]), crowd(self.subjects[week]))
            found = weighing.may_join(kind, before) != weighing.may_join(kind, after)
            return found or matters(before, after, aiming, self.subjects[FLEET])
        bits = weighing.feature_bits
        return any(bits(kind, before, infected) != bits(kind, after, infected) for infected in (False, True))

    def _aiming(self) -> Sequence[UUID]:
        """Return the identities that aim at deckies, up to MOST."""
        c = CAMPAIGNS.evidence.c
        query = select(c.identity).where(c.kind == AIMING).distinct().order_by(c.identity).limit(MOST)
        return self._connection.execute(query).scalars().all()

    def _linked(self, frontier: Iterable[int]) -> set[int]:
        reached = {
            number: candidates(self._profiles[number], self._holders) - self._done
            for number in frontier
            if number in self._profiles
        }
        others = set[int]().union(*reached.values())
        self._load(others)
        self._number(
            {
                feature
                for number, near in reached.items()
                for other in near
                if common_aims(self._profiles[number], self._profiles[other])
                for feature in self._profiles[other].aims()
            }
        )
        linked: set[int] = set()
        for number, near in reached.items():
            profile = self._profiles[number]
            linked.update(other for other in near - linked if strength(profile, self._profiles[other], self.subjects))
        return linked


def _week_of(target: str) -> Feature:
    """Return the feature of those who aimed at any decky in the week of a target."""
    return AIMING, target.rpartition(" ")[2]


def _fellows(connection: Connection, identities: Iterable[UUID]) -> set[UUID]:
    """Return the members of the campaigns that the identities are in."""
    c = CAMPAIGNS.member.c
    campaigns = set(groups_of(connection, CAMPAIGNS, identities).values())
    return {
        identity
        for part in parts(campaigns)
        for identity in connection.execute(select(c.identity).where(c.campaign.in_(part))).scalars()
    }


def _more(changed: Iterable[int]) -> int:
    """Return how many more identities have a feature, as `Update.features` has it."""
    return sum(-1 if one < 0 else 1 for one in changed)


def _fleets(connection: Connection, changed: Mapping[Feature, Iterable[int]]) -> tuple[int, int]:
    """Return as how many deckies those count at which anybody was seen, before and after the changes."""
    numbers = {feature: _more(by) for feature, by in changed.items() if feature[0] == DECKY}
    counted = frequencies(connection, CAMPAIGNS, numbers)
    new = sum(not counted.get(feature, 0) and number > 0 for feature, number in numbers.items())
    gone = sum(0 < counted.get(feature, 0) <= -number for feature, number in numbers.items())
    c = CAMPAIGNS.feature.c
    known = select(c.kind).where(c.kind == DECKY, c.subjects > 0).limit(MOST_DECKIES + gone).subquery()
    before = connection.execute(select(func.count()).select_from(known)).scalar_one()
    return fleet_size(before), fleet_size(before + new - gone)
