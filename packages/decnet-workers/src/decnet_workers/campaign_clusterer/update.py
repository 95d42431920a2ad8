# SPDX-License-Identifier: MIT
"""How the evidence of identities changes: read for a few at a time, of which only what differs is kept, in columns."""

from array import array
from collections.abc import Collection, Iterable, Iterator
from uuid import UUID

from sqlalchemy import Connection

from decnet_models.campaigns.evidence import evidence_by_identity
from decnet_models.database.statements import parts
from decnet_models.grouping.values import Evidence, Feature
from decnet_workers.campaign_clusterer import reading, weighing
from decnet_workers.campaign_clusterer.profile import Profile, Profiles
from decnet_workers.campaign_clusterer.roster import Roster
from decnet_workers.campaign_clusterer.signals import AIMING, DECKY

READ_AT_ONCE = 100
"""All evidence of so many is in memory at a time: twice, before and after."""

_COUNTED = weighing.JOINING | {AIMING, DECKY}
"""Kinds of evidence of which it matters how many identities have them."""


class EvidenceColumns:
    """Evidence of many, in a quarter of the memory that it takes as objects."""

    def __init__(self) -> None:
        self._identities: list[UUID] = []
        self._features: list[Feature] = []
        self._times = array("q")

    def add(self, feature: Feature, one: Evidence[UUID]) -> None:
        """Add evidence; `feature` is its kind and value, of which many others have the same object."""
        self._identities.append(one.subject)
        self._features.append(feature)
        self._times.extend((one.first_seen, one.last_seen))

    def __len__(self) -> int:
        return len(self._identities)

    def __iter__(self) -> Iterator[Evidence[UUID]]:
        times = iter(self._times)
        for identity, (kind, value), first, last in zip(self._identities, self._features, times, times, strict=True):
            yield Evidence(identity, kind, value, first, last)


class Update:
    """What is to change in the evidence of identities; the database has what was before."""

    def __init__(self, make: Profiles) -> None:
        self.make = make
        """Makes the profiles, which have in common what is equal."""
        self.identities: set[UUID] = set()
        """Those whose evidence changes."""
        self.profiles: dict[UUID, Profile] = {}
        """What those of them show afterwards who show anything."""
        self.roster = Roster()
        self.features: dict[Feature, array[int]] = {}
        """The features that identities get or lose: the number of each that gets it, and ~number of each that does not
        have it any more."""
        self.gone = EvidenceColumns()
        """What they show no more."""
        self.new = EvidenceColumns()
        """What they did not show before."""
        self.changed = EvidenceColumns()
        """What they showed at other times."""

    def of(self, identity: UUID, old: Iterable[Evidence[UUID]], new: Collection[Evidence[UUID]]) -> None:
        """Note that an identity that showed `old` shows `new`."""
        there, shown = ({(one.kind, one.value): one for one in side} for side in (old, new))
        if there == shown:
            return
        self.identities.add(identity)
        self.profiles |= self.make.of({identity: new})
        number = self.roster.number(identity)
        for key, one in there.items():
            if key not in shown:
                self.gone.add(self._counted(key, ~number), one)
        for key, one in shown.items():
            if key not in there:
                self.new.add(self._counted(key, number), one)
            elif there[key] != one:
                self.changed.add(self.make.once(*key), one)

    def _counted(self, key: Feature, number: int) -> Feature:
        """Note that an identity gets a feature or loses it; return the feature."""
        feature = self.make.once(*key)
        if feature[0] in _COUNTED:
            self.features.setdefault(feature, array("i")).append(number)
        return feature


def update_of(connection: Connection, touched: Collection[UUID]) -> Update:
    """Return how the evidence of identities changes to what they show at present."""
    update = Update(Profiles())
    for part in parts(touched, READ_AT_ONCE):
        old = evidence_by_identity(connection, part)
        new: dict[UUID, list[Evidence[UUID]]] = {}
        for one in reading.shown(connection, part):
            new.setdefault(one.subject, []).append(one)
        for identity in sorted(old.keys() | new.keys()):
            update.of(identity, old.get(identity, ()), new.get(identity, ()))
    return update
