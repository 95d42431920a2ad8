# SPDX-License-Identifier: MIT
"""What a computation of identities has read: an object for each feature and each attacker.

Whatever it computes of one is kept there, since a dictionary for each of a dozen facts took most of the memory. What
only one attacker shows joins nobody, and is no object: of that it is noted what it says of the attacker.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping

from decnet_core.timing.durations import DAY_NS
from decnet_models.database.statements import parts
from decnet_workers.clusterer.cores import SAMPLE, Shown
from decnet_workers.clusterer.kinds import KINDS, MARKS, WORK, Days, Feature, Kind, is_brief, weight
from decnet_workers.clusterer.owners import INFECTED_DEVICE, is_owned, is_shared_address, tells_apart
from decnet_workers.clusterer.reading.view import Settled, View
from decnet_workers.commodity.limits import Key, limits
from decnet_workers.errors import WorkersError

UNKNOWN = Shown({}, {})

_INFECTED = " ".join(INFECTED_DEVICE)

_DATED = (*MARKS, "command")

_LONG = 8
"""Days of a log of which half is few: credentials that were seen within these may be those of one actor's list."""


_AT_ONCE = 2_000
"""Features that are read at once."""


class ReadsTooManyError(WorkersError):
    """More attackers would have to be read than memory is allowed for."""


class KnownAttacker:
    """An attacker; but for its name, nothing is known before `Known.read`."""

    __slots__ = (
        *("days", "infected", "kinds", "looked", "marks", "name", "own_clients", "own_credentials", "shown", "works"),
        "worm",
    )

    def __init__(self, name: str) -> None:
        self.name = name
        self.shown: tuple[KnownFeature, ...] | None = None
        """What others show, too."""
        self.marks: tuple[Key, ...] | None = None
        """What it shows of which actors have their own; None for a shared address."""
        self.days: Mapping[Key, Days] | None = None
        """In which days it showed which keys, wallets and commands, once that is asked for."""
        self.infected = self.worm = self.works = False
        self.own_credentials = 0
        """How many credentials it alone tries."""
        self.own_clients: tuple[Key, ...] = ()
        """The SSH clients (HASSH) that it alone has."""
        self.looked: tuple[KnownFeature, ...] | None = None
        """The features that are looked at, once weights are known."""
        self.kinds: tuple[str, ...] = ()
        """The kinds of these."""

    @property
    def features(self) -> "tuple[KnownFeature, ...]":
        assert self.shown is not None, self.name
        return self.shown


class Sample:
    """The attackers of a feature that are looked at; features that the same ones show have one in common."""

    __slots__ = ("attackers", "common", "contested", "shown", "unrelated")

    def __init__(self, attackers: tuple[KnownAttacker, ...]) -> None:
        self.attackers = attackers
        self.common: dict[str, list[tuple[int, int]]] | None = None
        """By kind, see `Weighing`."""
        self.contested: bool | None = None
        """Whether they have keys that do not go together, see `Linking`."""
        self.unrelated: bool | None = None
        """Whether they have nothing in common that tells who they are, see `Weighing`."""
        self.shown = UNKNOWN
        """What they show, as long as `Linking` needs it."""

    def marks(self) -> list[tuple[Key, ...]]:
        """Return the marks of each of them that was read and is not shared."""
        return [one.marks for one in self.attackers if one.marks is not None]


class KnownFeature:
    """A feature that several attackers show, or of which something was computed before."""

    __slots__ = (
        *("attackers", "before", "brief", "core", "days", "key", "kind", "owner", "proven", "read_sample", "since"),
        *("tells", "weighed", "weight"),
    )

    def __init__(self, key: Key, attackers: int, days: int, before: Settled | None = None) -> None:
        self.key = key
        self.kind: Kind = KINDS[key[0]]
        self.attackers = attackers
        self.days = days
        """From the day in which it was first seen to that in which it was last seen."""
        self.before = before
        self.weight = before.weight if before else 0.0
        """What it weighs; until it is weighed, what it did."""
        self.core = before.core if before else None
        self.proven = before is not None and before.proven
        self.owner = before.owner if before else ""
        self.since: int | None = None
        """Of what actors of a crew have as their own, the day on which it was first seen, since 1970."""
        self.weighed = False
        self.tells = tells_apart(key)
        self.brief = False
        """Whether it is a credential that was seen within half of the days of a long log."""
        self.read_sample: Sample | None = None

    @property
    def sample(self) -> Sample:
        assert self.read_sample is not None, self.key
        return self.read_sample

    @property
    def seen(self) -> Feature:
        return Feature(self.attackers, 0, self.days * DAY_NS)


class _Attackers(dict[str, KnownAttacker]):
    """Attackers by name, each made when it is first asked for."""

    def __missing__(self, name: str) -> KnownAttacker:
        found = self[name] = KnownAttacker(name)
        return found


class Known:
    """What was read of a View.

    Raises ReadsTooManyError before the evidence of more than `most` attackers is read.
    """

    def __init__(self, view: View, most: int | None = None) -> None:
        self._view = view
        self._most = most
        self.population = view.population
        self.read_attackers = 0
        self._attackers = _Attackers()
        self._features: dict[str, KnownFeature] = {}
        """By kind, a space and digest."""
        self._samples: dict[tuple[KnownAttacker, ...], Sample] = {}
        self._cores: set[str] = set()

    def close(self) -> None:
        """Part attackers from what they show, so that all is freed at once: no garbage is collected meanwhile."""
        for one in self._attackers.values():
            one.shown = one.looked = None

    def attackers(self, names: Iterable[str]) -> set[KnownAttacker]:
        """Return the attackers of these names, which need not have been read."""
        return {self._attackers[name] for name in names}

    def read(self, attackers: Collection[KnownAttacker]) -> None:
        """Read the evidence of those attackers of whom it was not read."""
        unread = [one.name for one in attackers if one.shown is None]
        if self._most is not None and self.read_attackers + len(unread) > self._most:
            raise ReadsTooManyError(f"more than {self._most} attackers")
        self.read_attackers += len(unread)
        for part in parts(unread):
            shown = self._view.shown_by(part)
            alone = self._learn({name for names in shown.values() for name in names})
            for name in part:
                self._note(self._attackers[name], shown.get(name, ()), alone)

    def features(self, keys: Iterable[Key]) -> set[KnownFeature]:
        """Return the features, but those that join nobody and did not before."""
        found, names = self._features, {" ".join(key) for key in keys}
        self._learn(names)
        return {found[name] for name in names if name in found}

    def shared(self, key: Key) -> bool:
        """Return whether several attackers show a feature that one shows who was read."""
        found = self._features.get(" ".join(key))
        return found is not None and found.attackers > 1

    def shown_by(self, attackers: Collection[KnownAttacker]) -> set[KnownFeature]:
        """Return what attackers show."""
        self.read(attackers)
        return {feature for one in attackers for feature in one.features}

    def read_samples(self, features: Iterable[KnownFeature]) -> None:
        """Read the attackers of features that are looked at: all, but of features with many."""
        unread = {feature.key: feature for feature in features if feature.read_sample is None}
        for part in parts(unread):
            few = [key for key in part if unread[key].attackers <= SAMPLE]
            found = dict(self._view.holders_of_all(few))
            found |= {key: self._view.holders(key, SAMPLE) for key in set(part).difference(few)}
            for key in part:
                unread[key].read_sample = self._sample(found.pop(key, ()))

    def sampled(self, features: Collection[KnownFeature]) -> set[KnownAttacker]:
        """Read the attackers of features that are looked at, and the evidence of these; return them."""
        self.read_samples(features)
        found = {attacker for feature in features for attacker in feature.sample.attackers}
        self.read(found)
        return found

    def holders(self, features: Collection[KnownFeature]) -> set[KnownAttacker]:
        """Return all who show features; one that has just become too common has hardly more than its cap."""
        few = [feature for feature in features if feature.attackers <= SAMPLE]
        self.read_samples(few)
        found = {attacker for feature in few for attacker in feature.sample.attackers}
        for part in parts(feature.key for feature in features if feature.attackers > SAMPLE):
            for names in self._view.holders_of_all(part).values():
                found |= self.attackers(names)
        return found

    def of_cores(self, cores: Iterable[str]) -> set[KnownFeature]:
        """Return the features that were in these cores, but for cores that were asked for before."""
        fresh = set(cores) - self._cores
        self._cores |= fresh
        return self.features(self._view.of_cores(fresh)) if fresh else set()

    def days_of(self, attackers: Collection[KnownAttacker]) -> list[Mapping[Key, Days]]:
        """Return of each attacker in which days it showed which keys, wallets and commands that are not published."""
        for part in parts(one.name for one in attackers if one.days is None):
            found = self._view.days_of(part, _DATED)
            for name in part:
                days = found.get(name, {})
                self._attackers[name].days = {key: days[key] for key in days if key not in limits()}
        return [one.days or {} for one in attackers]

    def weight_alone(self, feature: KnownFeature) -> float:
        """Return a feature's weight by the number of its attackers alone, whatever else they show."""
        limit = limits().get(feature.key)
        return round(weight(feature.kind, feature.seen, self.population, limit, self._view.log_days), 3)

    def _learn(self, names: Iterable[str]) -> dict[str, str]:
        """Read features of which it was not known who shows them; return the kinds of those that one attacker shows."""
        unknown = [(*name.partition(" ")[::2], name) for name in names if name not in self._features]
        asked = [(kind, digest, name) for kind, digest, name in unknown if kind in KINDS]
        alone: dict[str, str] = {}
        for start in range(0, len(asked), _AT_ONCE):
            part = asked[start : start + _AT_ONCE]
            found = self._view.features([(kind, digest) for kind, digest, _ in part])
            for kind, digest, name in part:
                if (seen := found.get((kind, digest))) is None:
                    alone[name] = kind
                else:
                    self._features[name] = self._feature((kind, digest), *seen)
        return alone

    def _feature(self, key: Key, seen: Feature, before: Settled | None) -> KnownFeature:
        attackers, first, last = seen
        feature = KnownFeature(key, attackers, last // DAY_NS - first // DAY_NS, before)
        feature.since = first // DAY_NS if key[0] in _DATED else None
        feature.brief = key[0] == "credential" and self._is_brief(feature)
        return feature

    def _is_brief(self, feature: KnownFeature) -> bool:
        days = self._view.log_days
        return days >= _LONG and feature.attackers > 1 and is_brief(feature.seen, days)

    def _note(self, attacker: KnownAttacker, names: Collection[str], alone: Mapping[str, str]) -> None:
        """Note what an attacker shows, given the kinds of what it alone does."""
        found = self._features
        shown = [found[name] for name in names if name in found]
        own = [(alone[name], name.partition(" ")[2]) for name in names if name in alone]
        numbers = Counter([one.kind.name for one in shown] + [kind for kind, _ in own])
        attacker.shown = tuple(shown)
        attacker.infected, attacker.worm = _INFECTED in names, "worm" in numbers
        attacker.works = not numbers.keys().isdisjoint(WORK)
        attacker.own_credentials = sum(kind == "credential" for kind, _ in own)
        attacker.own_clients = tuple(key for key in own if key[0] == "hassh")
        if not is_shared_address(numbers):
            attacker.marks = (
                *(one.key for one in shown if one.tells),
                *(key for key in own if is_owned(key) and tells_apart(key)),
            )

    def _sample(self, names: Collection[str]) -> Sample:
        attackers = tuple(self._attackers[name] for name in names)
        return self._samples.get(attackers) or self._samples.setdefault(attackers, Sample(attackers))
