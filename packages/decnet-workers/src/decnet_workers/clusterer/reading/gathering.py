# SPDX-License-Identifier: MIT
"""What is computed at once: of all that is pending, attackers who share something with one another.

A round reads who shares something with its own attackers, too. Taken in the order of their addresses, those of one
actor come in rounds of their own, and each reads all the others: the more are pending, the more often. So a round
begins with a few, and goes on with those that it reads anyway, whoever shares the heaviest feature first, and then
with the pending features that they show, those first of which it reads nearly all attackers, until it would read more
than it may. `regroup` finds what was read for that.
"""

from collections.abc import Collection, Iterable, Sequence, Set
from heapq import nlargest, nsmallest
from typing import NamedTuple, Protocol

from decnet_models.identities.evidence_rows import ATTACKER
from decnet_workers.clusterer.cores import SAMPLE
from decnet_workers.clusterer.reading.known import Known, KnownAttacker, KnownFeature
from decnet_workers.commodity.limits import Key

_STEP = 64
"""Attackers and features that are added at once."""
_SEEDS = 8
"""What is added at once of what goes with nothing before."""


class Waiting(Protocol):
    """What is pending."""

    def attackers(self, some: Collection[str]) -> Set[str]:
        """Return those of some attackers that are."""

    def features(self, some: Collection[Key]) -> Set[Key]:
        """Return those of some features that are."""


class Gathered(NamedTuple):
    """The attackers and features that are computed at once."""

    attackers: set[str]
    features: set[Key]


def gathered(known: Known, waiting: Waiting, first: Sequence[tuple[str, str]], *, most: int, reach: int) -> Gathered:
    """Return up to `most` that are pending, beginning with `first`: features, and attackers under the kind ATTACKER.

    It ends when they share something with `reach` attackers or more.
    """
    found = _Gathering(known, waiting, looks_for_features=any(kind != ATTACKER for kind, _ in first))
    rest = list(first)
    while (room := most - found.number) > 0 and len(found.reached) < reach:
        step = min(max(_STEP, found.number // 8), room)
        if found.near:
            found.add(found.nearest(step), set())
        elif features := found.nearest_features(step):
            found.add(set(), features)
        elif rest:
            step = min(step, _SEEDS)
            part, rest = rest[:step], rest[step:]
            names = {name for kind, name in part if kind == ATTACKER}
            found.add(known.attackers(names), {key for key in part if key[0] != ATTACKER})
        else:
            break
    return Gathered({one.name for one in found.attackers}, found.features)


class _Gathering:
    """What has been gathered so far."""

    def __init__(self, known: Known, waiting: Waiting, *, looks_for_features: bool) -> None:
        self._known = known
        self._waiting = waiting
        self._looks_for_features = looks_for_features
        self.attackers: set[KnownAttacker] = set()
        self.features: set[Key] = set()
        self.reached: set[KnownAttacker] = set()
        self.near: dict[KnownAttacker, float] = {}
        """Pending attackers that share something with these, and the bits of the heaviest."""
        self._followed: set[KnownFeature] = set()
        self._asked: set[KnownFeature] = set()
        self._neighbours: set[KnownAttacker] = set()
        self._farther: dict[KnownFeature, int] = {}
        """Pending features that those reached show, and how many more attackers do."""

    @property
    def number(self) -> int:
        return len(self.attackers) + len(self.features)

    def nearest(self, number: int) -> set[KnownAttacker]:
        return set(nlargest(number, self.near, key=lambda one: (self.near[one], one.name)))

    def nearest_features(self, number: int) -> set[Key]:
        """Return pending features that attackers show who are read anyway, those first that fewest others show."""
        if not self._looks_for_features:
            return set()
        self._look_at(self.reached - self.attackers - self._neighbours)
        rest = [(others, one.key) for one, others in self._farther.items() if one.key not in self.features]
        return {key for _, key in nsmallest(number, rest)}

    def _look_at(self, neighbours: set[KnownAttacker]) -> None:
        """Read attackers who are no part of this, and count them for the pending features that they show."""
        self._neighbours |= neighbours
        new = self._known.shown_by(neighbours) - self._asked
        self._asked |= new
        pending = self._pending(new)
        self._farther |= {one: one.attackers for one in new if one.key in pending}
        for one in (one for attacker in neighbours for one in attacker.features if one in self._farther):
            self._farther[one] -= 1

    def _pending(self, features: Iterable[KnownFeature]) -> Set[Key]:
        """Return those of features that are pending and no part of this."""
        keys = {one.key for one in features} - self.features
        return self._waiting.features(keys) if keys else keys

    def add(self, attackers: set[KnownAttacker], features: set[Key]) -> None:
        """Add them, and note who shares something with them."""
        attackers = attackers - self.attackers
        self.attackers |= attackers
        self.reached |= attackers
        for one in attackers:
            self.near.pop(one, None)
        shown = self._known.shown_by(attackers)
        if self._looks_for_features:
            self.features |= self._pending(shown)
        self._follow((shown | self._known.features(features)) - self._followed)
        self.features |= features

    def _follow(self, features: set[KnownFeature]) -> None:
        """Read who shows these features, of those with so few attackers that a round looks at all of them."""
        self._followed |= features
        few = ((one, self._known.weight_alone(one)) for one in features if one.attackers <= SAMPLE)
        bits = {one: weight for one, weight in few if weight > 0}
        self._known.read_samples(bits)
        near: dict[KnownAttacker, float] = {}
        for feature, weight in bits.items():
            for one in feature.sample.attackers:
                near[one] = max(weight, near.get(one, 0.0))
        fresh = near.keys() - self.reached
        self.reached |= fresh
        pending = self._known.attackers(self._waiting.attackers({one.name for one in fresh}))
        for one in pending | (near.keys() & self.near.keys()):
            self.near[one] = max(near[one], self.near.get(one, 0.0))
