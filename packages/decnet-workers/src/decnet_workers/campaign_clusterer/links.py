# SPDX-License-Identifier: MIT
"""Which pairs of identities have enough in common to be linked.

Thousands of identities that took one thing from one address make tens of thousands of pairs. So a pair is a number as
long as it is only compared; its reasons are computed again, by `link`, for the few that are written.
"""

from array import array
from collections import Counter
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


class Link(msgspec.Struct, frozen=True):
    """Two identities that may act together, and why."""

    pair: Pair
    bits: float
    because: tuple[Reason, ...]


def strength(one: Profile, other: Profile, subjects: Mapping[Feature, int]) -> int:
    """Return hundredths of a bit, doubled, and 1 more if an aim alone joins (`UNSEEN`); 0 below JOIN.

    Most pairs that share something share too little for any circumstances to make it up, and are not looked at closer.
    """
    if other.identity.int < one.identity.int:
        one, other = other, one
    because = weighing.shared(one, other, subjects)
    if not weighing.could_join(one, other, sum(reason[2] for reason in because)):
        return 0
    found = _made(one, other, because)
    if found.bits < weighing.JOIN:
        return 0
    by_aim = any(kind == TARGET and bits >= UNSEEN for kind, _, bits in because)
    return round(found.bits * 100) << 1 | by_aim


def strongest_first(ordered: Sequence[Profile], subjects: Mapping[Feature, int]) -> "array[int]":
    """Return the pairs that reach JOIN, as numbers that `ends` and `by_aim` read: their places in `ordered`.

    Equally strong ones are in the order of their identities if `ordered` is. To sort them all would take an object for
    each, six times the memory; they are found in their order among equals.
    """
    holders: dict[Feature, array[int]] = {}
    for number, profile in enumerate(ordered):
        for feature in profile.features:
            if weighing.may_join(feature[0], subjects.get(feature, 0)):
                holders.setdefault(feature, array("I")).append(number)
    equals: dict[int, array[int]] = {}
    for one, profile in enumerate(ordered):
        for other in sorted(other for other in candidates(profile, holders) if other > one):
            if bits := strength(profile, ordered[other], subjects):
                equals.setdefault(bits >> 1, array("Q")).append(_packed(one, other, bits & 1))
    found = array("Q")
    for bits in sorted(equals, reverse=True):
        found += equals.pop(bits)
    return found


def candidates(one: Profile, holders: Mapping[Feature, Iterable[int]]) -> set[int]:
    """Return who may be linked with an identity: who shares a feature, or aimed at two deckies in the same weeks.

    `holders` are those of features that may join. Most who aimed at one of its deckies aimed at no other of them.
    """
    found: set[int] = set()
    for feature in one.features & holders.keys():
        if feature[0] != TARGET:
            found.update(holders[feature])
    if len(one.targets) > 1:
        common = Counter[int]()
        for decky, weeks in one.targets.items():
            common.update(set[int]().union(*(holders.get((TARGET, f"{decky} {week}"), ()) for week in weeks)))
        found.update(other for other, deckies in common.items() if deckies > 1)
    return found


def _packed(one: int, other: int, by_aim: int) -> int:
    """Return one number for a pair."""
    return (one << _NUMBER | other) << 1 | by_aim


def ends(pair: int) -> tuple[int, int]:
    """Return the two places."""
    last = (1 << _NUMBER) - 1
    return pair >> _NUMBER + 1, pair >> 1 & last


def by_aim(pair: int) -> bool:
    """Return whether a common aim links the two so strongly that it joins groups."""
    return bool(pair & 1)


def link(one: Profile, other: Profile, subjects: Mapping[Feature, int]) -> Link:
    """Return what two identities have in common, with the reasons."""
    return _made(one, other, weighing.shared(one, other, subjects))


def _made(one: Profile, other: Profile, features: Iterable[Reason]) -> Link:
    because = (*features, *weighing.circumstances(one, other))
    return Link((one.identity, other.identity), round(sum(reason[2] for reason in because), 2), because)
