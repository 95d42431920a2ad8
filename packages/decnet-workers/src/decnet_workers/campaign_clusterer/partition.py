# SPDX-License-Identifier: MIT
"""Partitions identities into campaigns: a function of their profiles and the operator's decisions, and of nothing else.

So it cannot matter in which batches they came, or how often a worker was killed. Pairs that share something and reach
JOIN are taken strongest first. Each joins the groups of its two identities if these have enough in common on average,
which those do not whom only one identity links: one who copies the marks of two campaigns must not make them one. To
join two groups of several takes links of at least two identities of each, or one by what nobody can copy, who does not
see it: the deckies at which others aim, and when.

The average is over at most SPOKESMEN of each group, those seen first, so that its cost does not grow with the group.
"""

from array import array
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from uuid import UUID

import msgspec

from decnet_models.grouping.values import Feature
from decnet_workers.campaign_clusterer.links import Pair, by_aim, ends, link, strongest_first
from decnet_workers.campaign_clusterer.profile import Profile

AVERAGE = 6.0
"""Bits that two groups must have in common on average: fewer than JOIN, since many identities show little."""
MOST_COUNTED = 12.0
"""Bits of one pair that count in the average: one strong link must not make up for all the others."""
SPOKESMEN = 8

_UNKNOWN = -(1 << 15)
"""In place of hundredths of a bit."""


class Ruling(msgspec.Struct, frozen=True):
    """What the operator has decided of two identities: whether they are together or apart."""

    pair: Pair
    together: bool


class Decided(msgspec.Struct, frozen=True):
    """The operator's decisions: rulings, the latest first, which overrule evidence and earlier ones."""

    rulings: tuple[Ruling, ...] = ()
    pinned: frozenset[UUID] = frozenset()
    """Identities that no evidence joins: a ruling says where they are."""


NOTHING = Decided()


def partition(
    profiles: Mapping[UUID, Profile],
    subjects: Mapping[Feature, int],
    decided: Decided = NOTHING,
) -> list[list[UUID]]:
    """Return the groups of two or more; members and groups are in the order in which they were first seen."""
    ordered = sorted(profiles.values(), key=lambda one: one.identity.int)
    waiting = strongest_first(ordered, subjects)
    if decided.pinned:
        pinned = {number for number, one in enumerate(ordered) if one.identity in decided.pinned}
        waiting = array("Q", (each for each in waiting if pinned.isdisjoint(ends(each))))
    groups = _Groups(ordered, subjects, decided, waiting)
    while left := array("Q", (each for each in waiting if not groups.joins(each))):
        if len(left) == len(waiting):
            break
        waiting = left
    return groups.found()


class _Groups:
    """The groups so far, of identities by their number in the order in which they were first seen.

    Links name them by their places in `ordered`.

    Groups of thousands are looked at for thousands of links, and a UUID is hashed and compared in Python.
    """

    def __init__(
        self,
        ordered: Sequence[Profile],
        subjects: Mapping[Feature, int],
        decided: Decided,
        found: Iterable[int],
    ) -> None:
        self._profiles = sorted(ordered, key=lambda one: (one.first_seen, one.identity.int))
        self._subjects = subjects
        self._numbers = {profile.identity: number for number, profile in enumerate(self._profiles)}
        self._number_at = array("I", (self._numbers[profile.identity] for profile in ordered))
        self._linked: dict[int, array[int]] = {}
        for each in found:
            one, other = self._ends(each)
            self._linked.setdefault(one, array("I")).append(other)
            self._linked.setdefault(other, array("I")).append(one)
        self._weights: dict[int, array[int]] = {}
        """Hundredths of a bit that an identity has in common with each after it, as far as they were asked for."""
        self._apart: set[int] = set()
        self._refused: set[int] = set()
        """Pairs of groups, as they were, that no link joins (`_as_they_are`)."""
        self._group = [[number] for number in range(len(self._profiles))]
        for ruling in decided.rulings:
            self._obey(ruling)
        self._block = [tuple(group[:SPOKESMEN]) for group in self._group]

    def joins(self, each: int) -> bool:
        """Join the groups of a link's identities if that is right; return whether the link is done with."""
        one, other = (self._group[number] for number in self._ends(each))
        if one is other:
            return True
        state = self._as_they_are(one, other)
        if state in self._refused:
            return False
        if not (by_aim(each) or self._several(one, other)):
            return False
        if self._separated(one, other) or not self._alike(one, other):
            self._refused.add(state)
            return False
        self._join(one, other)
        return True

    def found(self) -> list[list[UUID]]:
        groups = {id(group): group for group in self._group if len(group) > 1}
        return [[self._profiles[number].identity for number in group] for group in sorted(groups.values())]

    def _ends(self, each: int) -> tuple[int, int]:
        one, other = ends(each)
        return self._number_at[one], self._number_at[other]

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

    def _as_they_are(self, one: list[int], other: list[int]) -> int:
        """Return one number for two groups, another one when either has grown: groups only grow."""
        most = len(self._profiles) + 1
        first, second = sorted(group[0] * most + len(group) for group in (one, other))
        return first * most**2 + second

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
        ours, theirs = set[int](), set[int]()
        for number in fewer:
            for partner in self._linked.get(number, ()):
                if self._group[partner] is more:
                    ours.add(number)
                    theirs.add(partner)
            if len(ours) > 1 and len(theirs) > 1:
                return True
        return False

    def _alike(self, one: list[int], other: list[int]) -> bool:
        """Return whether two groups have enough in common; those whom a decision joined speak with one voice."""
        ours, theirs = self._voices(one), self._voices(other)
        most = round(MOST_COUNTED * 100)
        shared = [min(most, max(map(self._weight, product(left, right)))) for left in ours for right in theirs]
        return sum(shared) >= AVERAGE * 100 * len(shared)

    def _voices(self, group: Iterable[int]) -> Iterable[tuple[int, ...]]:
        """Return the first SPOKESMEN of a group that are distinct, each with those whom a decision joined with it."""
        found: dict[tuple[int, ...], None] = {}
        for number in group:
            found[self._block[number]] = None
            if len(found) == SPOKESMEN:
                break
        return found

    def _weight(self, numbers: tuple[int, int]) -> int:
        """Return how many hundredths of a bit two identities have in common."""
        first, second = min(numbers), max(numbers)
        weights = self._weights.get(first)
        if weights is None:
            weights = self._weights[first] = array("h", (_UNKNOWN,)) * (len(self._profiles) - first)
        if weights[second - first] == _UNKNOWN:
            pair = sorted((self._profiles[number] for number in numbers), key=lambda profile: profile.identity.int)
            weights[second - first] = round(link(pair[0], pair[1], self._subjects).bits * 100)
        return weights[second - first]
