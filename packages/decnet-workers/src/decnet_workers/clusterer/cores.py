# SPDX-License-Identifier: MIT
"""Which features belong together: a core is what an actor shows, and attackers are members by what they share with it.

So attackers are not compared with one another, and the cost grows with the evidence. Two features are linked when the
attackers that show both are too many for chance, of those that could:

- Two that join attackers alone need one attacker with both while they are rare (2 or 3 attackers), two with 4 to 15,
  and so on, one more for each fourfold number: joining two large identities needs more. Of the attackers that show
  something of a loader's and a feature of the other's kind, six in ten must agree. Otherwise actors who differ in the
  other bought the loader.
- Others must go together in six of ten cases of the commoner one, so that nothing common links what is rare. Of a long
  list of credentials each address tries a part: two of one list go together in one case of seven.

An address that shows too many different features of a kind (`Kind.several`) is a gateway or an imitator, and links
nothing. Of a feature with many attackers, the first SAMPLE are looked at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from decnet_workers.clusterer.kinds import JOIN
from decnet_workers.commodity.limits import limits

if TYPE_CHECKING:
    from decnet_workers.clusterer.reading.known import KnownFeature

SAMPLE = 63
"""Attackers of a feature that are looked at."""
MOST = 24
"""Features of an attacker that are looked at, the heaviest."""

_AGREE, _OF_ONE_LIST = 0.6, 0.15
_SAME_KIND = 0.34
_RARE = SAMPLE
"""A weaker feature of at most so many attackers follows the core of those of them that have one."""
_WITH_CORE = 0.34
"""How many of them need one."""
_PROVEN_WITH_CORE, _PROVEN_AGREE, _PROVEN_BY = 0.5, 0.85, 3
"""It joins by itself if so many of them have one, so many of these the same, and these are so many."""
LEAST_SEEN = 2
"""Weaker features are linked only if the samples of both show the other so often: so either one's can rule it out."""


class Shown(NamedTuple):
    """What some attackers show: all of a feature, or the sample of them that is looked at."""

    together: Mapping[KnownFeature, int]
    """By feature, how many of them show it; without those that could not be linked (see `could_link`)."""
    kinds: Mapping[str, int]
    """By kind, how many of them show any feature of it that can join attackers."""


def heaviest(features: Iterable[KnownFeature]) -> list[KnownFeature]:
    """Return an attacker's features that are looked at, of those that can join attackers."""
    ordered = sorted((-one.weight, one.key, one) for one in features if one.weight > 0)
    return [one for _, _, one in ordered[:MOST]]


def shown_by(looked_at: Iterable[tuple[Collection[KnownFeature], Collection[str]]]) -> Shown:
    """Return what attackers show, given the features of each, if it is not shared, and their kinds."""
    found = list(looked_at)
    together = Counter(chain.from_iterable(features for features, _ in found))  # one call counts all, and not one each
    kinds = Counter(chain.from_iterable(of_kinds for _, of_kinds in found))
    several = {one: number for one, number in together.items() if number >= LEAST_SEEN or one.weight >= JOIN}
    return Shown(several, kinds)


def size_of(attackers: int) -> int:
    """Return the number of a feature's attackers as pairs of features are judged by it."""
    return attackers if attackers <= SAMPLE else 1 << (attackers.bit_length() - 1)


def could_link(number: int, sizes: tuple[int, int], weak: bool, listed: bool = False) -> bool:
    """Return whether `are_linked` can be true of two features, given how often the first one's sample shows the other.

    `weak`: one of the two joins nobody alone; `listed`: both may be of one list. The sample of the rarer one decides;
    of the other the profile need not be read then. From the sample of the commoner one it only follows that no more
    attackers show both than show the rarer.
    """
    if weak and number < LEAST_SEEN:
        return False
    one, other = sizes
    if one > SAMPLE:
        number = other if one >= other else number * one // SAMPLE
    return enough(number, sizes, weak, listed)


def are_linked(rarer: KnownFeature, commoner: KnownFeature, listed: bool = False) -> bool:
    """Return whether two features belong together; the order is that of `in_order`.

    `listed`: they are credentials of which it is enough that some go together.
    """
    if rarer.key in limits() or commoner.key in limits():
        return False
    one, other = rarer.sample.shown, commoner.sample.shown
    attackers = size_of(rarer.attackers), size_of(commoner.attackers)
    seen = one.together.get(commoner, 0)
    number = seen if attackers[0] <= SAMPLE else seen * attackers[0] // SAMPLE
    weak = min(rarer.weight, commoner.weight) < JOIN
    if not enough(number, attackers, weak, listed):
        return False
    if weak:
        return other.together.get(rarer, 0) >= LEAST_SEEN
    if rarer.kind is commoner.kind:
        return _are_used_together(rarer, number, attackers)
    agree = not _must_agree(rarer, commoner) or seen >= _AGREE * one.kinds.get(commoner.kind.name, 0)
    if attackers[1] > SAMPLE or not _must_agree(commoner, rarer):
        return agree
    return agree and seen >= _AGREE * other.kinds.get(rarer.kind.name, 0)


def _are_used_together(feature: KnownFeature, number: int, attackers: tuple[int, int]) -> bool:
    """Return whether features of one kind are one actor's, given the attackers of the rarer and of the commoner.

    An actor's keys replace each other; but who has bought a loader shows its URL beside their own.
    """
    if feature.kind.tier > 0:
        return number >= _AGREE * attackers[1]
    return number >= _SAME_KIND * attackers[0]


def _must_agree(feature: KnownFeature, other: KnownFeature) -> bool:
    """Return whether attackers that show a feature must mostly show the same one of the other's kind.

    An actor replaces its keys; but one loader, at several keys, is several buyers'.
    """
    if feature.kind.family == "credentials":  # people of one crew have a list in common
        return other.kind.family != "credentials"
    tier = feature.kind.tier
    return tier > 0 and tier >= other.kind.tier


def enough(number: int, attackers: tuple[int, int], weak: bool, listed: bool = False) -> bool:
    """Return whether so many attackers that show both features of a pair can link it; see `could_link`."""
    if weak:
        return number >= LEAST_SEEN and number >= (_OF_ONE_LIST if listed else _AGREE) * max(attackers)
    return number >= (min(attackers).bit_length() + 1) // 2


def in_order(one: KnownFeature, other: KnownFeature) -> tuple[KnownFeature, KnownFeature]:
    """Return two features, the rarer first."""
    first = (size_of(one.attackers), one.key) < (size_of(other.attackers), other.key)
    return (one, other) if first else (other, one)


def may_follow(feature: KnownFeature) -> bool:
    """Return whether a feature is rare enough to follow the core of its attackers, and too weak to make one."""
    return feature.attackers <= _RARE and 0 < feature.weight < JOIN


class Followed(NamedTuple):
    """The feature that a weaker one is linked with; `proven`: whether that one joins by itself then."""

    feature: KnownFeature
    proven: bool


def followed(shown: Iterable[Mapping[str, KnownFeature]]) -> Followed | None:
    """Return what a rare weaker feature is linked with, given what each of its attackers shows of cores.

    Parts of a list of passwords or of a script are seen one by one, so no two of them need go together. But most of the
    attackers that show one are of one core, whichever of the core's features these show. When these are several, nearly
    all, and half of all who show it, then the others are, too: what rarity left open, experience has decided. A common
    tool has holders without any core, or of several.
    """
    cores: dict[str, int] = {}
    examples: dict[str, KnownFeature] = {}
    number = having = 0
    for by_core in shown:
        number += 1
        having += bool(by_core)
        for core, feature in by_core.items():
            cores[core] = cores.get(core, 0) + 1
            if core not in examples or feature.key < examples[core].key:
                examples[core] = feature
    if not cores or having < _WITH_CORE * number:
        return None
    best = min(cores, key=lambda core: (-cores[core], examples[core].key))  # what follows a core changes its name
    if cores[best] < _AGREE * having:
        return None
    proven = cores[best] >= max(_PROVEN_BY, _PROVEN_AGREE * having) and having >= _PROVEN_WITH_CORE * number
    return Followed(examples[best], proven)


def components(
    features: Iterable[KnownFeature], links: Iterable[tuple[KnownFeature, KnownFeature]]
) -> dict[KnownFeature, str]:
    """Return the core of each feature: the least digest of those that links connect it with."""
    parent = {one: one for one in features}
    for one, other in links:
        first, second = _root(parent, one), _root(parent, other)
        if first is not second:
            if _by_digest(second) < _by_digest(first):
                first, second = second, first
            parent[second] = first
    return {one: _root(parent, one).key[1] for one in parent}


def _root(parent: dict[KnownFeature, KnownFeature], one: KnownFeature) -> KnownFeature:
    while (above := parent[one]) is not one:
        parent[one] = one = parent[above]
    return one


def _by_digest(feature: KnownFeature) -> tuple[str, str]:
    return feature.key[1], feature.key[0]
