# SPDX-License-Identifier: MIT
"""What is known of an identity, as a value."""

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from sys import intern
from uuid import UUID

import msgspec

from decnet_models.grouping.values import Evidence, Feature
from decnet_workers.campaign_clusterer.signals import AIMING, APPLET, DECKY, INFECTED, METHODS, TARGET, WALLET


class Profile(msgspec.Struct, frozen=True):
    """What an identity shows; times are ns since the Unix epoch, of events."""

    identity: UUID
    features: frozenset[Feature]
    """What it can share: infrastructure, payloads, families."""
    deckies: frozenset[str]
    methods: tuple[str, ...]
    first_seen: int
    last_seen: int
    targets: Mapping[str, frozenset[int]] = {}
    """The deckies at which it aimed, with the weeks in which."""
    times: Sequence[int] = ()
    """When the features were first and last seen, each time once, in their order."""
    wallets: frozenset[str] = frozenset()
    infected: bool = False
    """Whether it shows that it is an infected device."""

    def aims(self) -> Iterator[Feature]:
        """Yield the features whose numbers say how much it means to have aimed at the same deckies."""
        for decky, weeks in self.targets.items():
            yield from ((TARGET, f"{decky} {week}") for week in weeks)
        yield from ((AIMING, str(week)) for week in frozenset[int]().union(*self.targets.values()))

    def shown_at(self) -> Iterator[int]:
        """Yield the times at which it is known to have acted."""
        yield from self.times
        yield from (self.first_seen, self.last_seen)


class Profiles:
    """Makes profiles that have what is equal in common: most of what identities show, others show, too."""

    def __init__(self) -> None:
        self._features: dict[Feature, Feature] = {}
        self._weeks: dict[frozenset[int], frozenset[int]] = {}
        self._deckies: dict[frozenset[str], frozenset[str]] = {}

    def of(self, evidence: Mapping[UUID, Iterable[Evidence[UUID]]]) -> dict[UUID, Profile]:
        """Return the profiles of the identities that have evidence."""
        lists = ((identity, [*found]) for identity, found in evidence.items())
        return {identity: self._profile(identity, found) for identity, found in lists if found}

    def forget_but(self, profiles: Iterable[Profile]) -> None:
        """Forget what no one of these profiles shows."""
        self._features.clear()
        self._weeks.clear()
        self._deckies.clear()
        for profile in profiles:
            self._features.update((feature, feature) for feature in profile.features)
            self._weeks.update((weeks, weeks) for weeks in profile.targets.values())
            self._deckies[profile.deckies] = profile.deckies

    def once(self, kind: str, value: str) -> Feature:
        """Return the feature, always the same object."""
        return self._features.setdefault((kind, value), (kind, value))

    def _profile(self, identity: UUID, evidence: list[Evidence[UUID]]) -> Profile:
        times = array("q", sorted({time for one in evidence for time in (one.first_seen, one.last_seen)}))
        return Profile(
            identity,
            frozenset(self.once(one.kind, one.value) for one in evidence if one.kind not in _OTHERS),
            self._set_of(intern(one.value) for one in evidence if one.kind == DECKY),
            tuple(intern(name) for one in evidence if one.kind == METHODS for name in one.value.split()),
            times[0],
            times[-1],
            self._targets(one.value for one in evidence if one.kind == TARGET),
            times,
            frozenset(one.value for one in evidence if one.kind == WALLET),
            any(one.kind in (APPLET, INFECTED) for one in evidence),
        )

    def _set_of(self, names: Iterable[str]) -> frozenset[str]:
        deckies = frozenset(names)
        return self._deckies.setdefault(deckies, deckies)

    def _targets(self, values: Iterable[str]) -> dict[str, frozenset[int]]:
        found: dict[str, set[int]] = {}
        for value in values:
            decky, _, week = value.rpartition(" ")
            found.setdefault(intern(decky), set()).add(int(week))
        once = self._weeks.setdefault
        return {decky: once(weeks, weeks) for decky, weeks in zip(found, map(frozenset, found.values()), strict=True)}


_OTHERS = frozenset((AIMING, DECKY, INFECTED, METHODS))
"""Kinds of evidence that profiles do not have as features."""
