# SPDX-License-Identifier: MIT
"""Processes the event log for one worker: a batch's results are committed with the cursor, bad events are skipped.

Events are read, decoded and computed with before the transaction that writes, so the write lock is held only while
results are written. That transaction first moves the cursor from where it was read: if another instance has moved it,
nothing is written (`decnet_models.following.cursor_position`). So what was computed is still true when it is written:
nobody else writes the worker's tables (law 4), and none of its own instances has written since the cursor was read.
It is not synced by itself (`decnet_models.database.sqlite.syncing`): after a power cut it is computed again.

When handling fails, the batch is rolled back and halved until the one bad event is alone; that becomes a dead letter,
recorded with its error. A worker that fails on every event is itself broken: after a few in a row it crashes.

Events of known sources (`decnet_models.known`) are passed over here, for all workers.
"""

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine

from decnet_core.events.notices import Notice
from decnet_core.text import for_terminal
from decnet_core.uncollected import uncollected
from decnet_models.database.engine import reading, writing
from decnet_models.errors import EveryEventFailsError, blames_no_item, stops
from decnet_models.events.queries import (
    BRIEF,
    WHOLE,
    StoredEvent,
    StoredRow,
    decoded,
    last_seq,
    payload_size,
    rows_after,
    rows_of_shards,
)
from decnet_models.following.cursor_position import CursorPosition, Span, WholeLog
from decnet_models.known.matching import KnownSources, KnownSourcesCache
from decnet_models.notices import queries as notices
from decnet_models.progress import queries as progress

log = logging.getLogger(__name__)

Handle = Callable[[Connection, Sequence[StoredEvent]], Iterable[tuple[str, Notice]]]
Write = Callable[[Connection], Iterable[tuple[str, Notice]]]
Compute = Callable[[Connection, Sequence[Any]], Write]
"""Has a snapshot, and events or brief rows."""

NEAR_EVENTS = 1000
"""A batch has no more, unless the worker is far behind: after one of 4,000, profiler and ttp keep 6 to 7 MiB more."""

FAR_BEHIND = 8000
"""A worker that has more rows before it is far behind, and hurries: a large batch takes less for an event."""

WINDOW = 20
"""A batch examines at most this many times its size of rows, so that one transaction never walks a whole backlog."""

BATCH_CHARACTERS = 4 << 20
"""A batch has hardly more than that in its payloads, whoever filled the log with long ones."""

MAX_DEAD_LETTERS_IN_A_ROW = 16


class BatchResult(msgspec.Struct):
    """The result of a step: counts of events, the rows still ahead, and the newest new notice of each kind."""

    handled: int = 0
    dead_letters: int = 0
    lag: int = 0
    notices: dict[str, int] = {}
    known: int = 0
    """Events of known sources, which nothing handles."""


class BatchProcessor:
    """Reads the log for `worker`; `handle` writes the results of events on the connection and returns its notices.

    `compute`, if given, comes before: on a snapshot that takes no lock it determines what is to be written, and
    returns what does so in place of `handle`; with `brief` it is given rows of the columns `BRIEF`, and decodes them
    itself. `position` is the position in the log, by default one cursor over all.
    """

    def __init__(
        self,
        engine: Engine,
        worker: str,
        handle: Handle,
        *,
        compute: Compute | None = None,
        kinds: Sequence[str],
        limit: int,
        synthetic: bool = False,
        brief: bool = False,
        position: CursorPosition | None = None,
    ) -> None:
        self._engine = engine
        self.worker = worker
        self._handle = handle
        self._compute = compute
        self._kinds = kinds
        self._limit = limit
        self._synthetic = synthetic
        self._brief = brief
        self._position = position or WholeLog(worker)
        self._known_cache, self._known = KnownSourcesCache(), KnownSources()
        self._dead_letters_in_a_row = 0

    @uncollected()  # a batch is bounded
    def step(self) -> BatchResult:
        """Handle the next batch; all of it is committed, or what came before the database failed.

        Raises errors that stop a worker (`decnet_models.errors.stops`) when nothing could be committed,
        CursorMovedError, EveryEventFailsError, and MemoryError.
        """
        with reading(self._engine) as connection:
            span = self._position.span(connection)
            if span is None:
                return BatchResult()
            head = last_seq(connection)
            limit = self._limit_at(head - span.start)
            through = min(head if span.until is None else span.until, span.start + WINDOW * limit)
            rows = self._rows(connection, span, through, limit)
            self._known = self._known_cache.current(connection)
        if len(rows) == limit or payload_size(rows) >= BATCH_CHARACTERS:
            through = rows[-1][0]
        done = BatchResult()
        reached = self._consume(rows, span, through, done) if through > span.start else span.start
        done.lag = head - reached
        return done

    @uncollected()  # `compute` is bounded, too
    def settle(self, due: Callable[[Connection], bool], compute: Callable[[Connection], Write]) -> BatchResult | None:
        """Write what follows from events that are handled already, if that is `due`; None: nothing was to be done.

        `compute` reads a snapshot, before the transaction that writes. The cursor is locked and stays where it is;
        raises errors as `step` does.
        """
        with reading(self._engine) as snapshot:
            span = self._position.span(snapshot)
            if span is None or not due(snapshot):
                return None
            write = compute(snapshot)
        with writing(self._engine, synced=False) as connection:
            self._position.move(connection, span, span.start, span.start)
            kinds = _add(connection, write(connection))
            return BatchResult(notices=dict.fromkeys(kinds, notices.last_seq(connection)) if kinds else {})

    def _limit_at(self, lag: int) -> int:
        """Return how many events the next batch has at most."""
        return self._limit if lag > FAR_BEHIND else min(self._limit, NEAR_EVENTS)

    def _rows(self, connection: Connection, span: Span, through: int, limit: int) -> Sequence[StoredRow]:
        wanted: dict[str, Any] = {
            "through": through,
            "limit": limit,
            "kinds": self._kinds,
            "synthetic": self._synthetic,
            "characters": BATCH_CHARACTERS,
            "brief": self._brief,
        }
        if span.shards is None:
            return rows_after(connection, span.start, **wanted)
        return rows_of_shards(connection, span.shards, span.start, **wanted)

    def _consume(self, rows: Sequence[StoredRow], span: Span, through: int, done: BatchResult) -> int:
        position, pending = span.start, [rows]
        while pending:
            part = pending.pop()
            end = part[-1][0] if pending else through
            try:
                self._commit(part, span, position, end, done)
            except Exception as error:
                if stops(error) and position > span.start:
                    break
                if blames_no_item(error) or not part:
                    raise  # without events it is no event's fault
                if len(part) > 1:
                    pending += [part[len(part) // 2 :], part[: len(part) // 2]]
                    continue
                self._skip(part[0][0], span, position, end, error)
                done.dead_letters += 1
            position = end
        return position

    def _commit(self, rows: Sequence[StoredRow], span: Span, position: int, end: int, done: BatchResult) -> None:
        unknown = self._unknown(rows) if self._known else rows
        events: Sequence[Any] = unknown if self._brief else decoded(unknown)
        write = self._computed(events) if events else None
        kinds: set[str] = set()
        with writing(self._engine, synced=False, rows=len(events)) as connection:
            self._position.move(connection, span, position, end)
            if write is not None:
                kinds = _add(connection, write(connection))
            newest = dict.fromkeys(kinds, notices.last_seq(connection)) if kinds else {}
        done.notices.update(newest)
        done.handled += len(events)
        done.known += len(rows) - len(events)
        if events:
            self._dead_letters_in_a_row = 0

    def _unknown(self, rows: Sequence[StoredRow]) -> Sequence[StoredRow]:
        """Return the rows of events that no known source explains."""
        columns = BRIEF if self._brief else WHOLE
        asked = itemgetter(*map(columns.index, ("src_ip", "dst_port", "kind", "ts")))
        return [row for row in rows if self._known.covering(*asked(row)) is None]

    def _computed(self, events: Sequence[Any]) -> Write:
        """Return what writes the events' results and returns their notices."""
        if self._compute is None:
            return lambda connection: self._handle(connection, events)
        with reading(self._engine) as snapshot:
            return self._compute(snapshot, events)

    def _skip(self, seq: int, span: Span, position: int, end: int, error: Exception) -> None:
        self._dead_letters_in_a_row += 1
        if self._dead_letters_in_a_row > MAX_DEAD_LETTERS_IN_A_ROW:
            raise EveryEventFailsError(
                f"{MAX_DEAD_LETTERS_IN_A_ROW} events in a row could not be handled; the next is {seq}"
            ) from error
        reason = f"{type(error).__name__}: {error}"
        log.error("event skipped seq=%d error=%s", seq, for_terminal(reason), exc_info=error)
        with writing(self._engine, synced=False) as connection:
            self._position.move(connection, span, position, end)
            progress.add_dead_letter(connection, self.worker, seq, reason, now_ns=time.time_ns())


def _add(connection: Connection, new: Iterable[tuple[str, Notice]]) -> set[str]:
    """Write notices; return the kinds of those that are new."""
    prepared = new if isinstance(new, notices.PreparedNotices) else notices.PreparedNotices(new, time.time_ns())
    return prepared.add(connection)
