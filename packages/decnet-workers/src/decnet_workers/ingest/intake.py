# SPDX-License-Identifier: MIT
"""One pass: lines of all spools become rows, in one transaction with the positions read.

The transaction makes it exactly once: killed before the commit, the same lines are read again; killed after it, they
are not. Spools are acknowledged after the commit, so at worst they keep a segment too long. Lines stay in memory until
they are committed, so a database that fails for an hour costs one batch of memory and no duplicates in the quarantine.
"""

import logging
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec import structs
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from decnet_core.events.codec import encode
from decnet_core.events.envelope import Event
from decnet_core.spool.positions import Position
from decnet_core.spool.quarantine import Quarantine
from decnet_core.spool.reader import ReadResult
from decnet_core.text import for_terminal
from decnet_core.uncollected import uncollected
from decnet_models.artifacts.queries import register
from decnet_models.database.engine import reading, writing
from decnet_models.database.sqlite.syncing import sync_log
from decnet_models.errors import EveryEventRefusedError, reason, refuses_values
from decnet_models.events import queries
from decnet_workers.ingest.artifacts import artifacts_in
from decnet_workers.ingest.lines import Sorted, not_from_future, sort_lines
from decnet_workers.ingest.open_spools import OpenSpool, OpenSpools, Read
from decnet_workers.ingest.settings import IngestSettings

log = logging.getLogger(__name__)

MAX_REFUSED_IN_A_ROW = 16
"""More events in a row that the database refuses are not their own fault."""

REFUSALS = (DBAPIError, OverflowError, UnicodeError)
"""What inserting an event may raise; those that `refuses_values` knows are its own fault."""


class IntakeResult(msgspec.Struct):
    """The result of one pass."""

    new: int = 0
    duplicates: int = 0
    from_future: int = 0
    torn: int = 0
    missing: int = 0
    last_seq: int = 0
    lag_bytes: int = 0
    read: bool = False
    """Whether anything was read; then there may be more."""


class _Taken(msgspec.Struct, frozen=True):
    """Lines of one spool, read and sorted, that await their commit."""

    spool: OpenSpool
    next: Position
    events: list[Event]
    from_future: int
    torn: int
    missing: int


class Intake:
    """Moves events from the spools below `spools` into the database; invalid lines go to `quarantine`.

    The artifacts that events mention are registered with them; the artifact store is the one at `store`.
    """

    def __init__(
        self, engine: Engine, spools: Path, quarantine: Quarantine, settings: IngestSettings, *, store: Path
    ) -> None:
        self._engine = engine
        self._store = store
        self._quarantine = quarantine
        self._settings = settings
        self._positions: dict[str, Position] | None = None
        self._taken: list[_Taken] = []
        self._refused_in_a_row = self._refused_after = 0  # up to the last commit; once what is taken is committed
        self.spools = OpenSpools(spools)

    @property
    def counting(self) -> bool:
        """Whether the last event was refused; another process would count the refusals in a row anew."""
        return self._refused_in_a_row > 0

    def newest(self) -> int:
        with reading(self._engine) as connection:
            return queries.last_seq(connection)

    @uncollected()  # a batch is bounded
    def run_pass(self) -> IntakeResult:
        """Take and commit one batch; raises DBAPIError when the database fails, and can then be repeated.

        Raises EveryEventRefusedError for more refused events in a row than may be quarantined, in this pass or since
        the last event that was stored; none of this pass is quarantined then.
        """
        if not self._taken:
            self._take()
        outcome = self._commit(time.time_ns()) if self._taken else IntakeResult()
        for taken in self._taken:
            taken.spool.position = taken.next
        self._taken = []
        self._refused_in_a_row = self._refused_after
        self.spools.acknowledge(finished_only=True)
        outcome.lag_bytes = self.spools.lag_bytes()
        return outcome

    def close(self) -> None:
        """Acknowledge everything that is committed."""
        self.spools.acknowledge(finished_only=False)
        self._quarantine.close()

    def _take(self) -> None:
        if self._positions is None:
            self._positions = self._committed_positions()
        reads = self.spools.read(self._positions, self._settings.batch_events, self._settings.batch_bytes)
        self._taken = [self._sort(read) for read in reads]
        self._refused_after = 0 if any(taken.events for taken in self._taken) else self._refused_in_a_row
        self._quarantine.sync()

    def _committed_positions(self) -> dict[str, Position]:
        with reading(self._engine) as connection:
            positions = queries.ingest_positions(connection)
        sync_log(self._engine)  # of a process that was killed between its commit and its sync
        return {spool: Position(segment, offset) for spool, (segment, offset) in positions.items()}

    def _sort(self, read: Read) -> _Taken:
        batch = read.batch
        held = sort_lines(batch.lines)
        self._keep_rejects(read.spool.name, held, batch)
        events, from_future = self._not_from_future(held.events, read.spool.name)
        return _Taken(read.spool, batch.next, events, from_future, batch.torn, batch.missing)

    def _not_from_future(self, events: Sequence[Event], spool: str) -> tuple[list[Event], int]:
        """Return the events, those from the future as of now, and how many; the quarantine has these as they came."""
        now_ns, found, count = time.time_ns(), list[Event](), 0
        for event in events:
            found.append(not_from_future(event, now_ns, self._settings.future_seconds))
            if found[-1] is not event:
                count += 1
                why = f"dated {event.ts} ns, in the future: stored as of {now_ns} ns"
                self._quarantine.put(why, spool, encode(event))
        return found, count

    def _keep_rejects(self, spool: str, held: Sorted, batch: ReadResult) -> None:
        for reject in held.rejects:
            self._quarantine.put(reject.reason, spool, reject.line)
        for line in batch.overlong:
            self._quarantine.put(f"the line has {line.size} bytes", spool, line.head)
        rejected = len(held.rejects) + len(batch.overlong)
        if rejected:
            log.warning("invalid lines quarantined spool=%s lines=%d", for_terminal(spool), rejected)
        if batch.missing:
            log.error("segments lost unread spool=%s segments=%d", for_terminal(spool), batch.missing)

    def _commit(self, now_ns: int) -> IntakeResult:
        try:
            return self._commit_all(now_ns)
        except REFUSALS as error:
            if not refuses_values(error):
                raise
            log.error("the database rejects events, isolating them: %s", reason(error))  # noqa: TRY400  # expected
        self._quarantine_refused()
        return self._commit_all(now_ns)

    def _quarantine_refused(self) -> None:
        """Move the events that the database rejects for their content from the batch to the quarantine.

        Before the commit, as invalid lines are: a commit that fails, or a kill, costs at most a duplicate there, while
        the other way round the event would be nowhere.
        """
        tried = self._try_each()
        for taken, outcomes in tried:
            for event, refusal in outcomes:
                if refusal is not None:
                    self._quarantine.put(refusal, taken.spool.name, encode(event))
        self._quarantine.sync()
        self._taken = [
            structs.replace(taken, events=[event for event, refusal in outcomes if refusal is None])
            for taken, outcomes in tried
        ]

    def _commit_all(self, now_ns: int) -> IntakeResult:
        events = [event for taken in self._taken for event in taken.events]
        artifacts = list(artifacts_in(events, self._store, now_ns=now_ns))
        with writing(self._engine, synced=False, rows=len(events)) as connection:
            new = queries.insert_events(connection, events, now_ns=now_ns)
            register(connection, artifacts)
            for taken in self._taken:
                queries.move_ingest_position(
                    connection, taken.spool.name, taken.next.segment, taken.next.offset, now_ns=now_ns
                )
            newest = queries.last_seq(connection)
        sync_log(self._engine)  # others write meanwhile; what is repeated if it fails is known, and ignored
        return IntakeResult(
            new=new,
            duplicates=len(events) - new,
            from_future=sum(taken.from_future for taken in self._taken),
            torn=sum(taken.torn for taken in self._taken),
            missing=sum(taken.missing for taken in self._taken),
            last_seq=newest,
            read=True,
        )

    def _try_each(self) -> list[tuple[_Taken, list[tuple[Event, str | None]]]]:
        """Return the events of each spool with the reason for which the database rejects them or their artifact.

        Each is tried in a transaction of its own that is rolled back. (Not behind a savepoint: SQLite drops all of them
        together with the transaction when the disk is full, and what follows would be committed piecemeal.)
        """
        tried = [(taken, list[tuple[Event, str | None]]()) for taken in self._taken]
        in_a_row = self._refused_in_a_row
        for taken, outcomes in tried:
            for event in taken.events:
                refusal = self._refusal(event)
                in_a_row = 0 if refusal is None else in_a_row + 1
                if in_a_row > MAX_REFUSED_IN_A_ROW:
                    raise EveryEventRefusedError(
                        f"the database refuses {in_a_row} events in a row; the last, {event.id}: {refusal}"
                    )
                outcomes.append((event, refusal))
        self._refused_after = in_a_row
        return tried

    def _refusal(self, event: Event) -> str | None:
        artifacts = list(artifacts_in([event], self._store, now_ns=time.time_ns()))
        with self._engine.connect() as connection:
            try:
                queries.insert_events(connection, [event])
                register(connection, artifacts)
            except REFUSALS as error:
                if not refuses_values(error):
                    raise
                return reason(error)
            finally:
                connection.rollback()
        return None
