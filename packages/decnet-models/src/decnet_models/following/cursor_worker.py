# SPDX-License-Identifier: MIT
"""Workers that follow the event log, and how batches and leases become steps of the loop."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, TypeVar

import msgspec
from sqlalchemy import Column, Connection, Engine
from sqlalchemy.exc import DBAPIError

from decnet_core.bus.subjects import EVENTS_INGESTED, NOTICE, NoticeWritten
from decnet_core.events.catalogue import kind_of
from decnet_core.events.notices import Notice
from decnet_core.runtime.context import Context
from decnet_models.database.engine import writing
from decnet_models.database.settings import DatabaseSettings
from decnet_models.errors import LeaseLostError
from decnet_models.events.queries import BriefRow, StoredEvent
from decnet_models.following.batch_processor import BatchProcessor, BatchResult, Write
from decnet_models.following.breaks import Breaks
from decnet_models.following.cursor_position import CursorPosition
from decnet_models.following.database_worker import DatabaseWorker
from decnet_models.following.known_forgetting import KnownForgetting
from decnet_models.following.known_forgetting import begin as begin_forgetting
from decnet_models.following.lease_keeper import LeaseKeeper
from decnet_models.following.shard_leases import ShardLeases
from decnet_models.following.single_instance import single_instance
from decnet_models.following.step_loop import AT_ONCE, Rest, repeat
from decnet_models.progress.queries import begin_cursor

S = TypeVar("S", bound=msgspec.Struct)


class EventBatch(msgspec.Struct, frozen=True):
    """Events in log order, and a connection: of the transaction for their results and the cursor, or of a snapshot."""

    connection: Connection
    events: Sequence[StoredEvent] = ()
    rows: Sequence[BriefRow] = ()
    """In place of events, for a worker that asked for `brief` ones."""


class Results(msgspec.Struct, frozen=True):
    """The notices that handling a batch produced besides rows, by their idempotency key.

    A worker that knows them before the transaction makes them `PreparedNotices` there.
    """

    notices: Sequence[tuple[str, Notice]] = ()


class CursorWorker(DatabaseWorker[S]):
    """A worker that handles events of the kinds it `consumes`, each exactly once, in log order.

    `handle` runs in the worker's thread, inside the transaction that moves the cursor. If it is killed at any point,
    the transaction never happened and the events come again. When it raises, the same events come again in smaller
    batches, so what it keeps in `self` must not be changed by events whose results may yet be rolled back.

    On SQLite that transaction keeps all other writers waiting. A worker that reads and computes much overrides
    `compute` instead, which runs before it.

    On SQLite one instance works and others stand by (a file lock, which costs no wake-up). On PostgreSQL, instances on
    any number of hosts hold leases: each for its share of the attackers when the worker is `shared`, else one for all
    of them. The leases are renewed when the log is read, so they cost no wake-ups either.
    """

    listens: ClassVar[tuple[str, ...]] = (EVENTS_INGESTED.pattern,)
    parks = True
    poll_seconds: ClassVar[float] = 5.0
    """How long a lost nudge can delay the work; while the bus is connected, five times that, up to 10 s."""
    batch_events: ClassVar[int] = 500
    """Events per transaction."""
    reads_synthetic: ClassVar[bool] = False
    """Whether it handles synthetic events, which the orchestrator generated."""

    brief: ClassVar[bool] = False
    """Whether it decodes the payloads itself, and only those that it has not seen lately."""

    turn_at: ClassVar[float | None] = None
    """If it works in turns while much comes (`following.breaks`), when one begins: its results may be a minute late."""

    shared: ClassVar[bool] = False
    """Whether its instances on PostgreSQL share the attackers: the result of an event must then depend on events of the
    same attacker only, and rows common to several attackers be merged by commutative rules."""

    attacker_column: ClassVar[Column[str] | None] = None
    """The indexed column of the worker's tables that names its attackers, if it has rows of single ones."""

    def prepare(self, connection: Connection) -> None:
        """Run once before the first batch; repeated when the database fails."""

    def handle(self, batch: EventBatch) -> Results:
        """Write the batch's results on its connection and return its notices."""
        return self.compute(batch)(batch.connection)

    def compute(self, batch: EventBatch) -> Callable[[Connection], Results]:
        """Read and compute on the batch's snapshot, without a lock; return what writes the results.

        It may read what only this worker writes: if another instance changes that meanwhile, nothing is written. What
        others write may be older than the transaction. The snapshot begins with the first query; the longer it lasts,
        the larger SQLite's write-ahead log becomes: `end_snapshot` after the last query lets go of it.
        """
        return lambda connection: self.handle(EventBatch(connection, batch.events, batch.rows))

    def unsettled(self, connection: Connection) -> bool:
        """Return whether `settle` has something to do; asked on a snapshot whenever the log is handled to its end."""
        del connection
        return False

    def settle(self, snapshot: Connection) -> Callable[[Connection], Results]:
        """Compute a bounded part of what follows from the events handled so far; return what writes it.

        As `compute`, but without events: for results of which a batch would change many that the next one changes
        again, so that they wait for the log's end.
        """
        del snapshot
        return lambda connection: Results()  # noqa: ARG005  # nothing

    def forget(self, connection: Connection, attackers: Sequence[str]) -> None:
        """Delete everything about these attackers, who turned out to be known sources; needs `attacker_column`."""
        raise NotImplementedError

    def beside(self, engine: Engine) -> bool:  # noqa: ARG002  # most follow nothing else
        """Do a bounded piece of work that no event brings, after each batch; return whether there is more."""
        return False

    @classmethod
    def warm(cls) -> None:
        """Handle one event of each kind in a database in memory, so that children share what this compiles."""
        from decnet_models.database.warm_up import begin, sample_events, warm_up
        from decnet_models.events.queries import insert_events

        worker = cls._unstarted()

        def work(engine: Engine) -> None:
            with writing(engine) as connection:
                insert_events(connection, sample_events(cls.consumes))
                begin(connection, cls.name)
                worker.prepare(connection)
            processor = worker._processor(engine, cls.name)
            processor.step()
            worker.settled(processor)
            worker.beside(engine)
            worker._forget_known(engine, cls.name)

        warm_up(work)

    @classmethod
    def _unstarted(cls) -> CursorWorker[S]:
        """Return a worker that can `handle` without having been started."""
        return cls(cls.Settings())

    async def run(self, ctx: Context) -> None:
        if self._engine.dialect.name == "postgresql":
            await self._follow_leased(ctx)
            return
        async with single_instance(ctx) as mine:
            if mine:
                await self._follow(ctx, None)

    async def _follow_leased(self, ctx: Context) -> None:
        seconds = ctx.settings.section("database", DatabaseSettings).lease_seconds
        leases = ShardLeases(self._engine, ctx.worker, seconds=seconds, shared=self.shared)
        try:
            await self._follow(ctx, LeaseKeeper(ctx, leases, seconds))
        finally:
            with contextlib.suppress(DBAPIError):  # then they expire
                await ctx.in_thread(leases.release)

    async def _follow(self, ctx: Context, keeper: LeaseKeeper | None) -> None:
        processor = self._processor(self._engine, ctx.worker, keeper.leases if keeper else None)
        breaks = Breaks(self.turn_at) if self.turn_at is not None and keeper is None else None

        async def prepare() -> None:
            await ctx.in_thread(self._prepare, ctx.worker, keeper is None)

        async def step() -> Rest:
            if keeper is not None and not await keeper.held():
                return AT_ONCE
            started = time.perf_counter()
            try:
                done, more = await ctx.in_thread(self._step, processor)
                _report(ctx, done, time.perf_counter() - started)
                if breaks is not None:
                    breaks.note(done.handled)
                if done.lag or more:
                    return AT_ONCE
                while await self._settled(ctx, processor):  # before a break all parts: events come between them
                    if breaks is None or not breaks.wanted or ctx.stopping.is_set() or not ctx.unpaused.is_set():
                        return AT_ONCE
            except LeaseLostError as lost:
                assert keeper is not None
                keeper.lost(lost)
                return AT_ONCE
            seconds = ctx.poll_seconds(self.poll_seconds)
            return Rest(
                seconds if keeper is None else min(seconds, keeper.due_seconds()),
                idle=not done.handled,
                break_seconds=breaks.due() if breaks is not None else None,
            )

        await repeat(ctx, step, prepare=prepare)

    async def _settled(self, ctx: Context, processor: BatchProcessor) -> bool:
        """Settle a part; return whether there was one."""
        done = await ctx.in_thread(self.settled, processor)
        if done is not None:
            ctx.counters.add("dead_letters", done.dead_letters)
            _publish(ctx, done)
        return done is not None

    def settled(self, processor: BatchProcessor) -> BatchResult | None:
        """Settle a part; return what was done, None: nothing was to be done."""

        def compute(snapshot: Connection) -> Write:
            write = self.settle(snapshot)
            return lambda connection: write(connection).notices

        return processor.settle(self.unsettled, compute)

    def _step(self, processor: BatchProcessor) -> tuple[BatchResult, bool]:
        done = processor.step()
        forgotten = self._forget_known(self._engine, processor.worker)
        return done, self.beside(self._engine) or forgotten

    def _forget_known(self, engine: Engine, worker: str) -> bool:
        column = self.attacker_column
        return column is not None and KnownForgetting(engine, worker, column, self.forget).step()

    def _processor(self, engine: Engine, name: str, position: CursorPosition | None = None) -> BatchProcessor:
        def compute(snapshot: Connection, events: Sequence[Any]) -> Write:
            batch = EventBatch(snapshot, rows=events) if self.brief else EventBatch(snapshot, events)
            write = self.compute(batch)
            return lambda connection: write(connection).notices

        return BatchProcessor(
            engine,
            name,
            lambda connection, events: self.handle(EventBatch(connection, events)).notices,
            compute=compute,
            kinds=[kind_of(payload) for payload in self.consumes],
            limit=self.batch_events,
            synthetic=self.reads_synthetic,
            brief=self.brief,
            position=position,
        )

    def _prepare(self, worker: str, alone: bool) -> None:
        with writing(self._engine) as connection:
            if alone:
                begin_cursor(connection, worker, now_ns=time.time_ns())
            if self.attacker_column is not None:
                begin_forgetting(connection, worker)
            self.prepare(connection)


def _report(ctx: Context, step: BatchResult, seconds: float) -> None:
    ctx.counters.add("events_handled", step.handled)
    ctx.counters.add("events_of_known_sources", step.known)
    ctx.counters.add("dead_letters", step.dead_letters)
    ctx.counters.set("lag_events", step.lag)
    if step.handled:
        ctx.counters.set("batch_seconds", round(seconds, 6))
    _publish(ctx, step)


def _publish(ctx: Context, step: BatchResult) -> None:
    for kind, seq in step.notices.items():
        ctx.bus.publish(NOTICE.of(kind), msgspec.json.encode(NoticeWritten(seq)))
