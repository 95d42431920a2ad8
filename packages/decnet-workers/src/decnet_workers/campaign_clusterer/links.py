# SPDX-License-Identifier: MIT
"""Which pairs of identities have enough in common to be linked.

Thousands of identities that took one thing from one address make tens of thousands of pairs. So a pair is a number as
long as it is only compared; its reasons are computed again, by `link`, for the few that are written.
"""

from array import array
from bisect import bisect
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

import msgspec

from decnet_models.grouping.values import Feature, Reason
from decnet_workers.campaign_clusterer import weighing
from decnet_workers.campaign_clusterer.profile import Profile
from decnet_workers.campaign_clusterer.signals import TARGET

UNSEEN = 8.0
"""Bits of a common aim that suffice to join two groups of several."""

Pair = tuple[UUID, UUID]

_NUMBER = 24
"""Binary digits of an identity's number."""
_MOST = (1 << 15) - 1
"""Hundredths of a bit, more than two can have in common."""


class Link(msgspec.Struct, frozen=True):
    """Two identities that may act together, and why."""

    pair: Pair
    bits: float
    because: tuple[Reason, ...]


class Weighed:
    """How strongly pairs of identities are linked, remembered; profiles and numbers must stay as they are.

    Most pairs that share something share too little for any circumstances to make it up, and are not looked at closer.
    """

    def __init__(self, subjects: Mapping[Feature, int]) -> None:
        self._subjects = subjects
        self._numbers: dict[int, int] = {}
        """By the identity, as a number, a short one."""
        self._strengths: dict[int, int] = {}
        """By two of these as one: a tuple of UUIDs takes six times the memory, and is hashed in Python."""

    def strength(self, one: Profile, other: Profile, *, last_time: bool = False) -> int:
        """Return hundredths of a bit, doubled, and 1 more if an aim alone joins (`UNSEEN`); 0 below JOIN.

        `last_time`: nobody asks for this pair again, so that it is not remembered.
        """
        if not weighing.have_anything(one, other):
            return 0
        if other.identity < one.identity:
            one, other = other, one
        numbers = self._numbers
        pair = numbers.setdefault(one.identity.int, len(numbers)) << _NUMBER
        pair |= numbers.setdefault(other.identity.int, len(numbers))
        found = self._strengths.get(pair)
        if found is None:
            found = self._computed(one, other)
            if not last_time:
                self._strengths[pair] = found
        return found

    def _computed(self, one: Profile, other: Profile) -> int:
        because = weighing.shared(one, other, self._subjects)
        if not weighing.could_join(one, other, sum(reason[2] for reason in because)):
            return 0
        found = _made(one, other, because)
        if found.bits < weighing.JOIN:
            return 0
        by_aim = any(kind == TARGET and bits >= UNSEEN for kind, _, bits in because)
        return round(found.bits * 100) << 1 | by_aim


def strongest_first(ordered: Sequence[Profile], subjects: Mapping[Feature, int], weighed: Weighed) -> "array[int]":
    """Return the pairs that reach JOIN, as numbers that `ends` and `by_aim` read: their places in `ordered`.

    Equally strong ones are in the order of their identities if `ordered` is.
    """
    holders: dict[Feature, array[int]] = {}
    for number, profile in enumerate(ordered):
        for feature in profile.features:
            if weighing.may_join(feature[0], subjects.get(feature, 0)):
                holders.setdefault(feature, array("I")).append(number)
    found = array("Q")
    for one, profile in enumerate(ordered):
        others: set[int] = set()
        for feature in profile.features & holders.keys():
            numbers = holders[feature]
            others.update(numbers[bisect(numbers, one) :])
        for other in others:
            if strength := weighed.strength(profile, ordered[other], last_time=True):
                found.append(_packed(one, other, strength))
    return array("Q", sorted(found))


def _packed(one: int, other: int, strength: int) -> int:
    """Return one number for a pair: the smaller, the stronger, and among equals the earlier."""
    return (((_MOST - (strength >> 1)) << _NUMBER | one) << _NUMBER | other) << 1 | strength & 1


def ends(pair: int) -> tuple[int, int]:
    """Return the two places."""
    last = (1 << _NUMBER) - 1
    return pair >> _NUMBER + 1 & last, pair >> 1 & last


def by_aim(pair: int) -> bool:
    """Return whether a common aim links the two so strongly that it joins groups."""
    return bool(pair & 1)


def link(one: Profile, other: Profile, subjects: Mapping[Feature, int]) -> Link:
    """Return what two identities have in common, with the reasons."""
    return _made(one, other, weighing.shared(one, other, subjects))


def _made(one: Profile, other: Profile, features: Iterable[Reason]) -> Link:
    because = (*features, *weighing.circumstances(one, other))
    return Link((one.identity, other.identity), round(sum(reason[2] for reason in because), 2), because)
