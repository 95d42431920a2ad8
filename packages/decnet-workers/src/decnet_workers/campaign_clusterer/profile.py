# SPDX-License-Identifier: MIT
"""What is known of an identity, as a value."""

from collections.abc import Iterable, Iterator, Mapping
from uuid import UUID

import msgspec

from decnet_models.grouping.values import Evidence, Feature
from decnet_workers.campaign_clusterer.signals import AIMING, DECKY, METHODS, TARGET


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

    def aims(self) -> Iterator[Feature]:
        """Yield the features whose numbers say how much it means to have aimed at the same deckies."""
        for decky, weeks in self.targets.items():
            yield from ((TARGET, f"{decky} {week}") for week in weeks)
        yield from ((AIMING, str(week)) for week in frozenset[int]().union(*self.targets.values()))


def profiles(evidence: Iterable[Evidence[UUID]]) -> dict[UUID, Profile]:
    """Return the profiles of the identities with evidence."""
    by_identity: dict[UUID, list[Evidence[UUID]]] = {}
    for one in evidence:
        by_identity.setdefault(one.subject, []).append(one)
    return {identity: _profile(identity, found) for identity, found in by_identity.items()}


def _profile(identity: UUID, evidence: list[Evidence[UUID]]) -> Profile:
    return Profile(
        identity,
        frozenset((one.kind, one.value) for one in evidence if one.kind not in (AIMING, DECKY, METHODS)),
        frozenset(one.value for one in evidence if one.kind == DECKY),
        tuple(name for one in evidence if one.kind == METHODS for name in one.value.split()),
        min(one.first_seen for one in evidence),
        max(one.last_seen for one in evidence),
        _targets(one.value for one in evidence if one.kind == TARGET),
    )


def _targets(values: Iterable[str]) -> dict[str, frozenset[int]]:
    found: dict[str, set[int]] = {}
    for value in values:
        decky, _, week = value.rpartition(" ")
        found.setdefault(decky, set()).add(int(week))
    return {decky: frozenset(weeks) for decky, weeks in found.items()}
