# SPDX-License-Identifier: MIT
"""The clusterer: events in, evidence out; when it has caught up, identities of the attackers whose evidence changed."""

from collections.abc import Iterable, Sequence
from typing import ClassVar

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
from decnet_workers.clusterer.regroup import regroup
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
    listens = (EVENTS_INGESTED.pattern, GROUPING_DECIDED.pattern)
    consumes = KINDS_READ
    notices = (IdentityFormed, IdentityGrew, IdentityMerged, CredentialReused)
    group = "heavy"
    memory_budget = 96 * MIB
    batch_events: ClassVar[int] = 1000

    attacker_column = IDENTITIES.evidence.c.attacker

    _decisions: tuple[int, int] | None = None

    def handle(self, batch: EventBatch) -> Results:
        """Add the batch to the evidence."""
        gathered(batch.events).write(batch.connection)
        if rows.count_pending(batch.connection, BEHIND) < BEHIND:
            return Results()
        return Results(tuple(compute_identities(batch.connection)))

    def forget(self, connection: Connection, attackers: Sequence[str]) -> None:
        """Take their evidence from the attackers, so that they join nobody."""
        rows.forget(connection, attackers)

    def unsettled(self, connection: Connection) -> bool:
        """Return whether evidence or decisions have changed since identities were computed."""
        return rows.count_pending(connection, 1) > 0 or decisions_made(connection) != self._decisions

    def settle(self, connection: Connection) -> Results:
        """Compute the identities of some of those whose evidence changed."""
        found = tuple(compute_identities(connection))
        self._decisions = decisions_made(connection)  # rolled back, it is computed once more at the next event
        return Results(found)


def compute_identities(connection: Connection, limit: int = ROUND) -> Iterable[tuple[str, Notice]]:
    """Compute the identities of up to `limit` of what is pending, and apply the operator's decisions."""
    pending = rows.pending(connection, limit)
    attackers = {name for kind, name in pending if kind == rows.ATTACKER}
    features = {(kind, name) for kind, name in pending if kind not in (rows.ATTACKER, rows.TIMES)}
    regrouped = regroup(StoredView(connection), attackers, features)
    outcome = settle(connection, regrouped, {name for kind, name in pending if kind == rows.TIMES})
    rows.remove_pending(connection, pending)
    yield from notices(outcome)
    yield from reused(connection, {key for key in regrouped.features if key[0] == "credential"})
