# SPDX-License-Identifier: MIT
"""What is computed at once: of all that is pending, attackers who share something with one another.

A round reads who shares something with its own attackers, too. Taken in the order of their addresses, those of one
actor come in rounds of their own, and each reads all the others: the more are pending, the more often. So a round
begins with a few, and goes on with those that it reads anyway, whoever shares the heaviest feature first, and then
with the pending features that they show, those first of which it reads nearly all attackers, until it would read more
than it may. What was read for that `regroup` gets from here.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from heapq import nlargest, nsmallest
from typing import NamedTuple, Protocol

from decnet_models.database.statements import parts
from decnet_models.identities.evidence_rows import ATTACKER
from decnet_workers.clusterer.cores import SAMPLE
from decnet_workers.clusterer.kinds import KINDS, Feature
from decnet_workers.clusterer.reading.view import Settled, View, weight_alone
from decnet_workers.commodity.limits import Key

_STEP = 64
"""Attackers and features that are added at once."""
_SEEDS = 8
"""What is added at once of what goes with nothing before."""
_OF_ONE = Feature(1, 0, 0)
"""A feature of one attacker, which joins nobody whenever it was seen; half of all are."""


class Waiting(Protocol):
    """What is pending."""

    def attackers(self, some: Collection[str]) -> Set[str]:
        """Return those of some attackers that are."""

    def features(self, some: Collection[Key]) -> Set[Key]:
        """Return those of some features that are."""


class Gathered(NamedTuple):
    """The attackers and features that are computed at once, and the View with what was read for them."""

    attackers: set[str]
    features: set[Key]
    view: View


def gathered(view: View, waiting: Waiting, first: Sequence[tuple[str, str]], *, most: int, reach: int) -> Gathered:
    """Return up to `most` that are pending, beginning with `first`: features, and attackers under the kind ATTACKER.

    It ends when they share something with `reach` attackers or more.
    """
    found = _Gathering(view, waiting, looks_for_features=any(kind != ATTACKER for kind, _ in first))
    rest = list(first)
    while (room := most - found.number) > 0 and len(found.reached) < reach:
        step = min(_STEP, room)
        if found.near:
            found.add(found.nearest(step), set())
        elif features := found.nearest_features(step):
            found.add(set(), features)
        elif rest:
            step = min(step, _SEEDS)
            part, rest = rest[:step], rest[step:]
            found.add({name for kind, name in part if kind == ATTACKER}, {key for key in part if key[0] != ATTACKER})
        else:
            break
    return Gathered(found.attackers, found.features, found.ahead)


class _ReadAhead:
    """A View that has read some of it before, and forgets that when it is asked for: whoever asks keeps it."""

    def __init__(self, view: View) -> None:
        self._view = view
        self.population, self.log_days = view.population, view.log_days
        self.shown: dict[str, Collection[Key]] = {}
        self.seen: dict[Key, Feature] = {}
        self.held: dict[Key, Collection[str]] = {}

    def shown_by(self, attackers: Collection[str]) -> Mapping[str, Collection[Key]]:
        found = {one: self.shown.pop(one) for one in attackers if one in self.shown}
        rest = [one for one in attackers if one not in found]
        return {**found, **self._view.shown_by(rest)} if rest else found

    def features(self, keys: Collection[Key]) -> Mapping[Key, Feature]:
        found = {key: self.seen.pop(key) for key in keys if key in self.seen}
        rest = [key for key in keys if key not in found]
        return {**found, **self._view.features(rest)} if rest else found

    def holders(self, key: Key, limit: int) -> Collection[str]:
        return self._view.holders(key, limit)

    def holders_of_all(self, keys: Collection[Key]) -> Mapping[Key, Collection[str]]:
        found = {key: self.held.pop(key) for key in keys if key in self.held}
        rest = [key for key in keys if key not in found]
        return {**found, **self._view.holders_of_all(rest)} if rest else found

    def settled(self, keys: Collection[Key]) -> Mapping[Key, Settled]:
        return self._view.settled(keys)

    def of_cores(self, cores: Iterable[str]) -> Set[Key]:
        return self._view.of_cores(cores)


class _Gathering:
    """What has been gathered so far."""

    def __init__(self, view: View, waiting: Waiting, *, looks_for_features: bool) -> None:
        self._view = view
        self._waiting = waiting
        self._looks_for_features = looks_for_features
        self._keys: dict[Key, Key] = {}
        self.ahead = _ReadAhead(view)
        self.attackers: set[str] = set()
        self.features: set[Key] = set()
        self.reached: set[str] = set()
        self.near: dict[str, float] = {}
        """Pending attackers that share something with these, and the bits of the heaviest."""
        self._followed: set[Key] = set()
        self._asked: set[Key] = set()
        self._neighbours: set[str] = set()
        self._farther: dict[Key, int] = {}
        """Pending features that those reached show, and how many more attackers do."""

    @property
    def number(self) -> int:
        return len(self.attackers) + len(self.features)

    def nearest(self, number: int) -> set[str]:
        return set(nlargest(number, self.near, key=lambda one: (self.near[one], one)))

    def nearest_features(self, number: int) -> set[Key]:
        """Return pending features that attackers show who are read anyway, those first that fewest others show."""
        if not self._looks_for_features:
            return set()
        self._look_at(self.reached - self.attackers - self._neighbours)
        rest = [(others, key) for key, others in self._farther.items() if key not in self.features]
        return {key for _, key in nsmallest(number, rest)}

    def _look_at(self, neighbours: set[str]) -> None:
        """Read attackers who are no part of this, and count them for the pending features that they show."""
        self._neighbours |= neighbours
        new = self._shown(neighbours) - self._asked
        self._asked |= new
        for part in parts(self._waiting.features(new) - self.features if new else ()):
            self._farther |= {self._keys[key]: seen.attackers for key, seen in self._view.features(part).items()}
        for key in (key for one in neighbours for key in self.ahead.shown.get(one, ()) if key in self._farther):
            self._farther[key] -= 1

    def add(self, attackers: set[str], features: set[Key]) -> None:
        """Add them, and note who shares something with them."""
        attackers = attackers - self.attackers
        self.attackers |= attackers
        self.reached |= attackers
        for one in attackers:
            self.near.pop(one, None)
        keys = self._shown(attackers)
        if self._looks_for_features:
            self.features |= self._waiting.features(keys)
        self._follow((keys | features) - self._followed)
        self.features |= features

    def _shown(self, attackers: set[str]) -> set[Key]:
        """Read what attackers show, and return it."""
        found: set[Key] = set()
        for one, shown in self._view.shown_by(sorted(attackers)).items() if attackers else ():
            kept = tuple(self._keys.setdefault(key, key) for key in shown if key[0] in KINDS)
            self.ahead.shown[one] = kept
            found.update(kept)
        return found

    def _follow(self, keys: set[Key]) -> None:
        """Read who shows these features, of those with so few attackers that a round looks at all of them."""
        self._followed |= keys
        for key in keys:
            self._keys.setdefault(key, key)
        bits: dict[Key, float] = {}
        for part in parts(keys):
            for key, feature in self._view.features(part).items():
                self.ahead.seen[self._keys[key]] = _OF_ONE if feature.attackers == 1 else feature
                if feature.attackers <= SAMPLE and (weight := weight_alone(self._view, key, feature)) > 0:
                    bits[key] = weight
        near: dict[str, float] = {}
        for part in parts(bits):
            held = self._view.holders_of_all(part)
            self.ahead.held |= held
            for key, names in held.items():
                for one in names:
                    near[one] = max(bits[key], near.get(one, 0.0))
        fresh = near.keys() - self.reached
        self.reached |= fresh
        for one in self._waiting.attackers(fresh) | (near.keys() & self.near.keys()):
            self.near[one] = max(near[one], self.near.get(one, 0.0))
