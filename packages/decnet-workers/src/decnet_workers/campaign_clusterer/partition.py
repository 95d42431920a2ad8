# SPDX-License-Identifier: MIT
"""Partitions identities into campaigns: a function of their profiles and the operator's decisions, and of nothing else.

So it cannot matter in which batches they came, or how often a worker was killed. Pairs that share something and reach
JOIN are taken strongest first. Each joins the groups of its two identities if these have enough in common on average,
which those do not whom only one identity links: one who copies the marks of two campaigns must not make them one. To
join two groups of several takes links of at least two identities of each, or one by what nobody can copy, who does not
see it: the deckies at which others aim, and when.

The average is over at most SPOKESMEN of each group, those seen first, so that its cost does not grow with the group.
"""

from collections.abc import Iterable, Mapping
from itertools import product
from uuid import UUID

import msgspec

from decnet_models.grouping.values import Feature, Reason
from decnet_workers.campaign_clusterer import weighing
from decnet_workers.campaign_clusterer.profile import Profile
from decnet_workers.campaign_clusterer.signals import TARGET
from decnet_workers.campaign_clusterer.targeting import both_aim

AVERAGE = 6.0
"""Bits that two groups must have in common on average: fewer than JOIN, since many identities show little."""
MOST_COUNTED = 12.0
"""Bits of one pair that count in the average: one strong link must not make up for all the others."""
UNSEEN = 8.0
"""Bits of a common aim that suffice to join two groups of several."""
SPOKESMEN = 8

Pair = tuple[UUID, UUID]


class Link(msgspec.Struct, frozen=True):
    """Two identities that may act together, and why."""

    pair: Pair
    bits: float
    because: tuple[Reason, ...]


class Ruling(msgspec.Struct, frozen=True):
    """What the operator has decided of two identities: whether they are together or apart."""

    pair: Pair
    together: bool


class Decided(msgspec.Struct, frozen=True):
    """The operator's decisions: rulings, the latest first, which overrule evidence and earlier ones."""

    rulings: tuple[Ruling, ...] = ()
    pinned: frozenset[UUID] = frozenset()
    """Identities that no evidence joins: a ruling says where they are."""


class Weighed:
    """What pairs of identities have in common, each computed once; profiles and numbers must stay as they are.

    Most pairs that share something share too little for any circumstances to make it up, and are not looked at closer.
    """

    def __init__(self, subjects: Mapping[Feature, int]) -> None:
        self._subjects = subjects
        self._numbers: dict[int, int] = {}
        """By the identity, as a number, a short one."""
        self._links: dict[int, Link] = {}
        self._too_weak: set[int] = set()
        """Most pairs by far, hence numbers: tuples of UUIDs take six times the memory, and are hashed in Python."""

    def link(self, one: Profile, other: Profile) -> Link | None:
        """Return the link of two identities if it reaches JOIN."""
        if not weighing.have_anything(one, other):
            return None
        if other.identity < one.identity:
            one, other = other, one
        numbers = self._numbers
        pair = numbers.setdefault(one.identity.int, len(numbers)) << 32
        pair |= numbers.setdefault(other.identity.int, len(numbers))
        if pair in self._too_weak:
            return None
        if (known := self._links.get(pair)) is not None:
            return known
        found = self._made(one, other)
        if found is None:
            self._too_weak.add(pair)
        else:
            self._links[pair] = found
        return found

    def _made(self, one: Profile, other: Profile) -> Link | None:
        because = weighing.shared(one, other, self._subjects)
        if not weighing.could_join(one, other, sum(reason[2] for reason in because)):
            return None
        found = made(one, other, because)
        return found if found.bits >= weighing.JOIN else None


def links(
    profiles: Mapping[UUID, Profile], subjects: Mapping[Feature, int], weighed: Weighed | None = None
) -> list[Link]:
    """Return the pairs that reach JOIN, strongest first; `weighed` knows some of them."""
    weighed = weighed or Weighed(subjects)
    ordered = sorted(profiles.values(), key=lambda profile: profile.identity)
    holders: dict[Feature, list[int]] = {}
    for number, profile in enumerate(ordered):
        for feature in profile.features:
            if weighing.may_join(feature[0], subjects.get(feature, 0)):
                holders.setdefault(feature, []).append(number)
    pairs: set[int] = set()  # of two numbers as one, since many features may each have thousands
    for (kind, _), numbers in holders.items():
        for place, one in enumerate(numbers):
            others = numbers[place + 1 :]
            if kind == TARGET:  # who shares only one of these has nothing in common: most pairs by far
                others = [other for other in others if both_aim(ordered[one], ordered[other])]
            pairs.update([one * len(ordered) + other for other in others])
    found = (weighed.link(*(ordered[number] for number in divmod(pair, len(ordered)))) for pair in pairs)
    return sorted((each for each in found if each is not None), key=lambda each: (-each.bits, each.pair))


def link(one: Profile, other: Profile, subjects: Mapping[Feature, int]) -> Link:
    """Return what two identities have in common."""
    return made(one, other, weighing.shared(one, other, subjects))


def made(one: Profile, other: Profile, features: Iterable[Reason]) -> Link:
    """Return what two identities have in common, given the features that both show."""
    because = (*features, *weighing.circumstances(one, other))
    return Link((one.identity, other.identity), round(sum(reason[2] for reason in because), 2), because)


NOTHING = Decided()


def partition(
    profiles: Mapping[UUID, Profile],
    subjects: Mapping[Feature, int],
    decided: Decided = NOTHING,
    weighed: Weighed | None = None,
) -> list[list[UUID]]:
    """Return the groups of two or more; members and groups are in the order in which they were first seen."""
    waiting = [each for each in links(profiles, subjects, weighed) if not decided.pinned & set(each.pair)]
    groups = _Groups(profiles, subjects, decided, waiting)
    while left := [each for each in waiting if not groups.joins(each)]:
        if len(left) == len(waiting):
            break
        waiting = left
    return groups.found()


class _Groups:
    """The groups so far, of identities by their number in the order in which they were first seen.

    Groups of thousands are looked at for thousands of links, and a UUID is hashed and compared in Python.
    """

    def __init__(
        self,
        profiles: Mapping[UUID, Profile],
        subjects: Mapping[Feature, int],
        decided: Decided,
        found: Iterable[Link],
    ) -> None:
        self._profiles = sorted(profiles.values(), key=lambda one: (one.first_seen, one.identity))
        self._subjects = subjects
        self._numbers = {profile.identity: number for number, profile in enumerate(self._profiles)}
        self._linked: dict[int, list[int]] = {}
        self._bits: dict[int, float] = {}
        for each in found:
            one, other = (self._numbers[identity] for identity in each.pair)
            self._linked.setdefault(one, []).append(other)
            self._linked.setdefault(other, []).append(one)
            self._bits[self._pair(one, other)] = each.bits
        self._apart: set[int] = set()
        self._refused: set[frozenset[tuple[int, int]]] = set()
        """Pairs of groups, as they were, that no link joins: the first member and the number of each."""
        self._group = [[number] for number in range(len(self._profiles))]
        for ruling in decided.rulings:
            self._obey(ruling)
        self._block = [tuple(group[:SPOKESMEN]) for group in self._group]

    def joins(self, each: Link) -> bool:
        """Join the groups of a link's identities if that is right; return whether the link is done with."""
        one, other = (self._group[self._numbers[identity]] for identity in each.pair)
        if one is other:
            return True
        state = frozenset(((one[0], len(one)), (other[0], len(other))))  # groups only grow
        if state in self._refused:
            return False
        if not (_by_aim(each) or self._several(one, other)):
            return False
        if self._separated(one, other) or not self._alike(one, other):
            self._refused.add(state)
            return False
        self._join(one, other)
        return True

    def found(self) -> list[list[UUID]]:
        groups = {id(group): group for group in self._group if len(group) > 1}
        return [[self._profiles[number].identity for number in group] for group in sorted(groups.values())]

    def _obey(self, ruling: Ruling) -> None:
        if not all(identity in self._numbers for identity in ruling.pair):
            return
        pair = [self._numbers[identity] for identity in ruling.pair]
        one, other = (self._group[number] for number in pair)
        if one is other:
            return
        if not ruling.together:
            self._apart.add(self._pair(*pair))
        elif not self._separated(one, other):
            self._join(one, other)

    def _pair(self, one: int, other: int) -> int:
        """Return one number for two, whichever comes first."""
        return min(one, other) * len(self._profiles) + max(one, other)

    def _join(self, one: list[int], other: list[int]) -> None:
        both = sorted((*one, *other))
        for number in both:
            self._group[number] = both

    def _separated(self, one: list[int], other: list[int]) -> bool:
        return bool(self._apart) and any(self._pair(*pair) in self._apart for pair in product(one, other))

    def _several(self, one: list[int], other: list[int]) -> bool:
        """Return whether links of at least two identities of each lead to the other, if both groups are of several."""
        fewer, more = sorted((one, other), key=len)
        if len(fewer) == 1:
            return True
        ends: tuple[set[int], set[int]] = (set(), set())
        for number in fewer:
            for partner in self._linked.get(number, ()):
                if self._group[partner] is more:
                    ends[0].add(number)
                    ends[1].add(partner)
            if min(map(len, ends)) > 1:
                return True
        return False

    def _alike(self, one: list[int], other: list[int]) -> bool:
        """Return whether two groups have enough in common; those whom a decision joined speak with one voice."""
        ours, theirs = self._voices(one), self._voices(other)
        bits = [min(MOST_COUNTED, max(map(self._weight, product(left, right)))) for left in ours for right in theirs]
        return sum(bits) / len(bits) >= AVERAGE

    def _voices(self, group: Iterable[int]) -> Iterable[tuple[int, ...]]:
        """Return the first SPOKESMEN of a group that are distinct, each with those whom a decision joined with it."""
        found: dict[tuple[int, ...], None] = {}
        for number in group:
            found[self._block[number]] = None
            if len(found) == SPOKESMEN:
                break
        return found

    def _weight(self, numbers: tuple[int, int]) -> float:
        pair = self._pair(*numbers)
        if pair not in self._bits:
            one, other = sorted((self._profiles[number] for number in numbers), key=lambda profile: profile.identity)
            self._bits[pair] = link(one, other, self._subjects).bits
        return self._bits[pair]


def _by_aim(each: Link) -> bool:
    return any(kind == TARGET and bits >= UNSEEN for kind, _, bits in each.because)
