# SPDX-License-Identifier: MIT
"""The clusterer: events in, evidence out; when it has caught up, identities of the attackers whose evidence changed."""

from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar, NamedTuple

from sqlalchemy import Connection

from decnet_core.bus.subjects import EVENTS_INGESTED, GROUPING_DECIDED
from decnet_core.events.notices import CredentialReused, IdentityFormed, IdentityGrew, IdentityMerged, Notice
from decnet_core.runtime.worker import MIB, NoSettings
from decnet_models.following.cursor_worker import CursorWorker, EventBatch, Results
from decnet_models.identities import evidence_rows as rows
from decnet_models.identities.tables import IDENTITIES
from decnet_workers.clusterer.announce import notices, reused
from decnet_workers.clusterer.decided import decisions_made
from decnet_workers.clusterer.intake import gathered
from decnet_workers.clusterer.placing import settle
from decnet_workers.clusterer.regroup import Regrouped, regroup
from decnet_workers.clusterer.signals import KINDS_READ
from decnet_workers.clusterer.stored_view import StoredView

ROUND = 4_000
"""Attackers and features whose identities are computed in one transaction."""
BEHIND = 20_000
"""With so many of them pending, identities are computed though there are more events."""


class Clusterer(CursorWorker[NoSettings]):
    """Finds the attackers that one actor uses, by what they share and few others show."""

    name = "clusterer"
    background = True
    gives_way = True
    turn_at = 0.0
    listens = (EVENTS_INGESTED.pattern, GROUPING_DECIDED.pattern)
    ends_break = (GROUPING_DECIDED.pattern,)
    consumes = KINDS_READ
    notices = (IdentityFormed, IdentityGrew, IdentityMerged, CredentialReused)
    group = "heavy"
    memory_budget = 96 * MIB
    batch_events: ClassVar[int] = 1000

    attacker_column = IDENTITIES.evidence.c.attacker

    _decisions: tuple[int, int] | None = None

    def compute(self, batch: EventBatch) -> Callable[[Connection], Results]:
        """Return what adds the batch to the evidence; what has piled up before is computed first."""
        behind = rows.count_pending(batch.connection, BEHIND) >= BEHIND
        computed = computed_identities(batch.connection) if behind else None
        evidence = gathered(batch.events)

        def write(connection: Connection) -> Results:
            found = tuple(computed.write(connection)) if computed else ()
            evidence.write(connection)
            return Results(found)

        return write

    def forget(self, connection: Connection, attackers: Sequence[str]) -> None:
        """Take their evidence from the attackers, so that they join nobody."""
        rows.forget(connection, attackers)

    def unsettled(self, connection: Connection) -> bool:
        """Return whether evidence or decisions have changed since identities were computed."""
        return rows.count_pending(connection, 1) > 0 or decisions_made(connection) != self._decisions

    def settle(self, snapshot: Connection) -> Callable[[Connection], Results]:
        """Compute the identities of some of those whose evidence changed."""
        computed = computed_identities(snapshot)

        def write(connection: Connection) -> Results:
            found = tuple(computed.write(connection))
            self._decisions = decisions_made(connection)  # rolled back, it is computed once more at the next event
            return Results(found)

        return write


class Computed(NamedTuple):
    """What follows for identities from what was pending."""

    pending: Sequence[tuple[str, str]]
    regrouped: Regrouped

    def write(self, connection: Connection) -> Iterable[tuple[str, Notice]]:
        """Write it, apply the operator's decisions, and yield the notices."""
        seen = {name for kind, name in self.pending if kind == rows.TIMES}
        outcome = settle(connection, self.regrouped, seen)
        rows.remove_pending(connection, self.pending)
        yield from notices(outcome)
        yield from reused(connection, {key for key in self.regrouped.features if key[0] == "credential"})


def computed_identities(snapshot: Connection, limit: int = ROUND) -> Computed:
    """Compute the identities of up to `limit` of what is pending."""
    pending = rows.pending(snapshot, limit)
    attackers = {name for kind, name in pending if kind == rows.ATTACKER}
    features = {(kind, name) for kind, name in pending if kind not in (rows.ATTACKER, rows.TIMES)}
    return Computed(pending, regroup(StoredView(snapshot), attackers, features))
