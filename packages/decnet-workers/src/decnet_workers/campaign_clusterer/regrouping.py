# SPDX-License-Identifier: MIT
"""What changes when identities have changed: computed on a snapshot, written in one transaction."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from uuid import UUID

import msgspec
from sqlalchemy import Connection, select

from decnet_models.campaigns.assignment import Assigned, Assignment, assign
from decnet_models.campaigns.evidence import add_new_evidence, change_evidence, remove_evidence
from decnet_models.campaigns.rhythm import Rhythm, write_rhythms
from decnet_models.database.statements import parts
from decnet_models.grouping.values import Feature
from decnet_models.identities.tables import IDENTITIES
from decnet_workers.campaign_clusterer import rhythm
from decnet_workers.campaign_clusterer.decided import Decisions, campaign_of
from decnet_workers.campaign_clusterer.links import link
from decnet_workers.campaign_clusterer.neighbourhood import Neighbourhood
from decnet_workers.campaign_clusterer.partition import SPOKESMEN, partition
from decnet_workers.campaign_clusterer.profile import Profile
from decnet_workers.campaign_clusterer.update import EvidenceColumns, update_of
from decnet_workers.campaign_clusterer.weighing import JOINING

BY_DECISION = (("decision", "an operator's", 0.0),)


class Regrouping(msgspec.Struct, frozen=True):
    """What is to be written."""

    gone: EvidenceColumns = msgspec.field(default_factory=EvidenceColumns)
    new: EvidenceColumns = msgspec.field(default_factory=EvidenceColumns)
    changed: EvidenceColumns = msgspec.field(default_factory=EvidenceColumns)
    assignments: Sequence[Assignment] = ()
    rhythms: Sequence[Rhythm] = ()
    cut: bool = False
    """Whether a neighbourhood was too large and was cut."""


def regroup(
    connection: Connection, touched: Collection[UUID], decisions: Decisions, again: Collection[UUID] = ()
) -> Regrouping:
    """Return what follows from the present state of the identities `touched`, `again` of some that did not change."""
    update = update_of(connection, touched)
    around = Neighbourhood(connection, update)
    first = (
        *around.unsettled(),
        *sorted(update.identities | (decisions.named & set(touched)) | set(again) | _empty(connection, touched)),
    )
    assignments: list[Assignment] = []
    rhythms: list[Rhythm] = []
    for inside, shown in around.parts(first, decisions.partners):
        profiles = shown | _bare(connection, (inside - shown.keys()) & decisions.named)
        groups = partition(profiles, around.subjects, decisions.decided)
        assignments += _assignments(groups, inside, profiles, around.subjects)
        rhythms += (_rhythm(group, profiles) for group in groups)
    return Regrouping(update.gone, update.new, update.changed, assignments, rhythms, around.cut)


def write(connection: Connection, found: Regrouping, *, now_ns: int) -> list[Assigned]:
    """Write it; return the campaigns that were formed or grew."""
    remove_evidence(connection, found.gone)
    add_new_evidence(connection, found.new)
    change_evidence(connection, found.changed)
    grown = assign(connection, found.assignments, now_ns=now_ns) if found.assignments else []
    write_rhythms(connection, found.rhythms)
    return grown


def _empty(connection: Connection, identities: Collection[UUID]) -> set[UUID]:
    """Return those of the identities that have no attackers any more."""
    c = IDENTITIES.group.c
    query = select(c.id).where(c.members == 0)
    return {found for part in parts(identities) for found in connection.execute(query.where(c.id.in_(part))).scalars()}


def _bare(connection: Connection, identities: Collection[UUID]) -> dict[UUID, Profile]:
    """Return profiles of identities that show nothing, but that the operator has decided about."""
    c = IDENTITIES.group.c
    query = select(c.id, c.first_seen, c.last_seen)
    return {
        identity: Profile(identity, frozenset(), frozenset(), (), first, last)
        for part in parts(identities)
        for identity, first, last in connection.execute(query.where(c.id.in_(part)))
    }


def _assignments(
    groups: list[list[UUID]], inside: set[UUID], profiles: dict[UUID, Profile], subjects: Mapping[Feature, int]
) -> Iterator[Assignment]:
    grouped: set[UUID] = set()
    for group in groups:
        grouped.update(group)
        for identity in group:
            one = profiles[identity]
            others = [profiles[other] for other in group[: SPOKESMEN + 1] if other != identity]
            best = max((link(one, other, subjects) for other in others), key=lambda each: (each.bits, each.pair))
            linked = any(kind in JOINING for kind, _, _ in best.because)
            weight, because = (max(0.0, best.bits), best.because) if linked else (0.0, BY_DECISION)
            yield Assignment(identity, campaign_of(group[0]), weight, because, one.first_seen, one.last_seen)
    yield from (Assignment(identity, None) for identity in sorted(inside - grouped))


def _rhythm(group: list[UUID], profiles: dict[UUID, Profile]) -> Rhythm:
    times = {time for identity in group for time in profiles[identity].shown_at()}
    silence = rhythm.longest_silence(times)
    return Rhythm(campaign_of(group[0]), silence, rhythm.ends_at(max(times), silence))
