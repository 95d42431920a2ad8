# SPDX-License-Identifier: MIT
"""How the evidence of identities changes: read for a few at a time, of which only what differs is kept."""

from collections.abc import Collection, Iterable
from uuid import UUID

from sqlalchemy import Connection

from decnet_models.campaigns.evidence import evidence_by_identity
from decnet_models.database.statements import parts
from decnet_models.grouping.values import Evidence, Feature
from decnet_workers.campaign_clusterer import reading, weighing
from decnet_workers.campaign_clusterer.profile import Profile, Profiles
from decnet_workers.campaign_clusterer.signals import AIMING, DECKY

READ_AT_ONCE = 100
"""All evidence of so many is in memory at a time: twice, before and after."""

_COUNTED = weighing.JOINING | {AIMING, DECKY}
"""Kinds of evidence of which it matters how many identities have them."""


class Update:
    """What is to change in the evidence of identities; the database has what was before."""

    def __init__(self, make: Profiles) -> None:
        self.make = make
        """Makes the profiles, which have in common what is equal."""
        self.identities: set[UUID] = set()
        """Those whose evidence changes."""
        self.profiles: dict[UUID, Profile] = {}
        """What those of them show afterwards who show anything."""
        self.features: dict[Feature, dict[UUID, int]] = {}
        """The features that identities get (1) or lose (-1)."""
        self.gone: list[Evidence[UUID]] = []
        """What they show no more."""
        self.new: list[Evidence[UUID]] = []
        """What they did not show before."""
        self.changed: list[Evidence[UUID]] = []
        """What they showed at other times."""

    def of(self, identity: UUID, old: Iterable[Evidence[UUID]], new: Collection[Evidence[UUID]]) -> None:
        """Note that an identity that showed `old` shows `new`."""
        there, shown = ({(one.kind, one.value): one for one in side} for side in (old, new))
        if there == shown:
            return
        self.identities.add(identity)
        self.profiles |= self.make.of({identity: new})
        for kind, value in there.keys() ^ shown.keys():
            if kind in _COUNTED:
                feature = self.make.once(kind, value)
                self.features.setdefault(feature, {})[identity] = 1 if (kind, value) in shown else -1
        self.gone += [one for key, one in there.items() if key not in shown]
        self.new += [one for key, one in shown.items() if key not in there]
        self.changed += [one for key, one in shown.items() if key in there and there[key] != one]


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
