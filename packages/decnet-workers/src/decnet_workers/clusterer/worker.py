# SPDX-License-Identifier: MIT
"""The clusterer: events in, evidence out; when it has caught up, identities of the attackers whose evidence changed."""

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from random import random
from typing import ClassVar, NamedTuple

from sqlalchemy import Connection

from decnet_core.bus.subjects import EVENTS_INGESTED, GROUPING_DECIDED
from decnet_core.events.notices import CredentialReused, IdentityFormed, IdentityGrew, IdentityMerged, Notice
from decnet_core.runtime.worker import MIB, NoSettings
from decnet_core.text import for_terminal
from decnet_models.events.queries import last_seq, of_attacker
from decnet_models.following.batch_processor import BatchProcessor, BatchResult
from decnet_models.following.cursor_worker import CursorWorker, EventBatch, Results
from decnet_models.following.narrowing import Narrowing
from decnet_models.identities import evidence_rows as rows
from decnet_models.identities.tables import IDENTITIES
from decnet_models.progress.queries import add_dead_letter
from decnet_workers.clusterer.announce import notices, reused
from decnet_workers.clusterer.decided import decisions_made
from decnet_workers.clusterer.intake import gathered as intake_of
from decnet_workers.clusterer.payloads import Payloads
from decnet_workers.clusterer.placing import settle
from decnet_workers.clusterer.reading.gathering import gathered
from decnet_workers.clusterer.reading.known import Known, ReadsTooManyError
from decnet_workers.clusterer.reading.stored_view import StoredView, StoredWaiting
from decnet_workers.clusterer.regroup import Regrouped, regroup
from decnet_workers.clusterer.signals import KINDS_READ

log = logging.getLogger(__name__)

ROUND = 3_000
"""Attackers and features at most whose identities are computed in one transaction."""
MOST_READ = 6_000
"""Attackers at most that a round reads: those who share something with its own may be many times as many."""
AIM = 3_500
"""Attackers that a round should read, so that few are begun again with fewer of what is pending."""
FIRST_ROUND, LEAST_ROUND = 1_000, 300
"""The first round's; and what is computed whatever it reads, since a change of one large identity reads all of it."""
BEHIND = 20_000
"""With so many of them pending, identities are computed though there are more events."""


class Computed(NamedTuple):
    """What follows for identities from what was pending."""

    pending: Sequence[tuple[str, str]]
    regrouped: Regrouped

    def write(self, connection: Connection) -> Iterable[tuple[str, Notice]]:
        """Write it, apply the operator's decisions, and yield the notices."""
        shown = {name for kind, name in self.pending if kind in (rows.ATTACKER, rows.TIMES)}
        outcome = settle(connection, self.regrouped, shown)
        rows.remove_pending(connection, self.pending)
        yield from notices(outcome)
        yield from reused(connection, {key for key in self.regrouped.features if key[0] == "credential"})


def computed_of(
    snapshot: Connection, pending: Sequence[tuple[str, str]], *, gather: bool = True, complete: bool = False
) -> Computed:
    """Compute the identities of the first of what is pending and others that go with it, as many at most as are given.

    What is computed at once does not change the result, so a round that reads more than MOST_READ begins again with
    half of it. Without `gather` it is the first of these and nothing else; `complete`: nothing else is pending.
    """
    size, reach = len(pending), AIM if gather and not complete else 0
    while size > LEAST_ROUND:
        try:
            return _computed_of(snapshot, pending[:size], MOST_READ, reach)
        except ReadsTooManyError:
            size, reach = max(LEAST_ROUND, size // 2), (reach or AIM) // 2 if gather else 0
    return _computed_of(snapshot, pending[:size], None, reach)


def _computed_of(snapshot: Connection, pending: Sequence[tuple[str, str]], most: int | None, reach: int) -> Computed:
    """Compute the identities of what is pending or, if there is a `reach`, of what is gathered from it on."""
    times = [one for one in pending if one[0] == rows.TIMES]
    changed = [one for one in pending if one[0] != rows.TIMES]
    attackers = {name for kind, name in changed if kind == rows.ATTACKER}
    features = {key for key in changed if key[0] != rows.ATTACKER}
    with closing(Known(StoredView(snapshot), most)) as known:
        if reach:
            attackers, features = gathered(known, StoredWaiting(snapshot), changed, most=len(changed), reach=reach)
        done = [*sorted(features), *times, *((rows.ATTACKER, one) for one in sorted(attackers))]
        return Computed(done, regroup(known, attackers, features))


def next_round(size: int, done: int, attackers: int, read: int) -> int:
    """Return how much to compute next, after a round of `size` at most that did so much, of so many attackers.

    Features alone, which are pending before all attackers, say nothing of what attackers read.
    """
    if done and not attackers:
        return size
    return max(LEAST_ROUND, min(ROUND, 2 * max(done, FIRST_ROUND), AIM * done // max(1, read)))


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
    batch_events: ClassVar[int] = 10_000  # of many fewer pages are written, and each attacker is read less often
    brief = True

    attacker_column = IDENTITIES.evidence.c.attacker

    _decisions: tuple[int, int] | None = None

    def __init__(self, settings: NoSettings) -> None:
        super().__init__(settings)
        self._narrowing = Narrowing(ROUND)
        self._payloads = Payloads()
        self._round = FIRST_ROUND
        self._pending: Sequence[tuple[str, str]] = ()

    def compute(self, batch: EventBatch) -> Callable[[Connection], Results]:
        """Return what adds the batch to the evidence; what has piled up before is computed first."""
        piled = self._piled(batch.connection)
        evidence = intake_of(batch.connection, batch.rows, self._payloads)

        def write(connection: Connection) -> Results:
            found = piled(connection)
            evidence.write(connection)
            return found

        return write

    def _piled(self, snapshot: Connection) -> Callable[[Connection], Results]:
        """Compute identities if much has piled up; when that fails it waits for `settled`, for no event is at fault."""
        computed = None
        if self._narrowing.is_whole and rows.count_pending(snapshot, BEHIND) >= BEHIND:
            try:
                computed = self._computed(snapshot, self._waiting(snapshot, self._round))
            except Exception as error:  # whatever it is
                self._narrowing.failed(error)

        def write(connection: Connection) -> Results:
            if computed is None:
                return Results()
            try:
                return Results(tuple(computed.write(connection)))
            except Exception as error:
                self._narrowing.failed(error)
                raise  # the events come again, without this

        return write

    def forget(self, connection: Connection, attackers: Sequence[str]) -> None:
        """Take their evidence from the attackers, so that they join nobody."""
        rows.forget(connection, attackers)

    def unsettled(self, connection: Connection) -> bool:
        """Return whether evidence or decisions have changed since identities were computed."""
        return rows.count_pending(connection, 1) > 0 or decisions_made(connection) != self._decisions

    def settled(self, processor: BatchProcessor) -> BatchResult | None:
        """Settle a part; one attacker or feature that fails is set aside, and stops no other."""
        aside = self._narrowing.fault is not None
        try:
            done = super().settled(processor)
        except Exception as error:  # whatever it is
            self._narrowing.failed(error)
            return BatchResult()
        self._narrowing.succeeded()
        if done is not None and aside:
            done.dead_letters = len(self._pending)
        return done

    def settle(self, snapshot: Connection) -> Callable[[Connection], Results]:
        """Compute the identities of some of those whose evidence changed."""
        if self._narrowing.fault is not None:
            return _aside(self._pending, self._narrowing.fault)
        size = min(self._round, self._narrowing.size)
        self._pending = self._waiting(snapshot, size)
        computed = self._computed(snapshot, self._pending, complete=len(self._pending) < size)
        self._pending = computed.pending

        def write(connection: Connection) -> Results:
            found = tuple(computed.write(connection))
            self._decisions = decisions_made(connection)  # rolled back, it is computed once more at the next event
            return Results(found)

        return write

    def _waiting(self, snapshot: Connection, size: int) -> Sequence[tuple[str, str]]:
        """Return what is pending, from anywhere on: whoever always has new addresses must not keep others waiting."""
        share = random() if self._narrowing.is_whole else 0.0  # noqa: S311  # no secret
        return rows.pending(snapshot, size, share)

    def _computed(self, snapshot: Connection, pending: Sequence[tuple[str, str]], complete: bool = False) -> Computed:
        computed = computed_of(snapshot, pending, gather=self._narrowing.is_whole, complete=complete)
        attackers = sum(kind == rows.ATTACKER for kind, _ in computed.pending)
        self._round = next_round(self._round, len(computed.pending), attackers, computed.regrouped.read)
        return computed


def _aside(pending: Sequence[tuple[str, str]], error: Exception) -> Callable[[Connection], Results]:
    """Return what passes over something that is pending: a dead letter under its newest event."""

    def write(connection: Connection) -> Results:
        for kind, name in pending:
            reason = f"{kind or 'attacker'} {name}: {type(error).__name__}: {error}"
            log.error("not grouped %s", for_terminal(reason), exc_info=error)
            newest = of_attacker(connection, name, 1)
            seq = newest[0].seq if newest else last_seq(connection)
            add_dead_letter(connection, Clusterer.name, seq, reason, now_ns=time.time_ns())
        rows.remove_pending(connection, pending)
        return Results()

    return write
