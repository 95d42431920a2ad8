# SPDX-License-Identifier: MIT
"""Workers that follow the event log: what one must say, and the loop that all of them share."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Sequence
from typing import ClassVar, TypeVar

import msgspec
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from decnet_core.bus.subjects import EVENTS_INGESTED, NOTICE, NoticeWritten
from decnet_core.events.catalogue import kind_of
from decnet_core.events.notices import Notice
from decnet_core.runtime.context import Context
from decnet_core.runtime.worker import Worker
from decnet_models.database.engine import DatabaseSettings, writing
from decnet_models.database.from_settings import engine_of
from decnet_models.errors import CursorMovedError, LeaseLostError, passes
from decnet_models.events.queries import StoredEvent
from decnet_models.following.batch_processor import Consumption, Step
from decnet_models.following.cursor_position import Track
from decnet_models.following.lease_keeper import Tenure
from decnet_models.following.retry_backoff import Patience
from decnet_models.following.shard_leases import Leases
from decnet_models.following.single_instance import only_instance
from decnet_models.progress.queries import begin_cursor

S = TypeVar("S", bound=msgspec.Struct)


class Batch(msgspec.Struct, frozen=True):
    """Events in the order of the log, and the connection whose transaction takes their results and moves the cursor."""

    connection: Connection
    events: Sequence[StoredEvent]


class Results(msgspec.Struct, frozen=True):
    """What handling a batch found besides the rows it wrote: notices by their idempotency key."""

    notices: Sequence[tuple[str, Notice]] = ()


class CursorWorker(Worker[S]):
    """A worker whose job is to handle events of the kinds it `consumes`, each exactly once, in the order of the log.

    `handle` runs in the worker's thread, inside the transaction that moves the cursor. Killed at any instruction, the
    transaction never happened and the events come again. When it raises, the same events come again in smaller batches,
    so what it keeps in `self` must not be changed by events whose results may yet be rolled back.

    On SQLite one instance works and others stand by (a file lock, which costs no wake-up). On PostgreSQL, on however
    many hosts, instances hold leases: each those of its share of the attackers when the worker is `shared`, else one
    all of them. The leases are kept when the log is looked at, so they cost no wake-ups either.
    """

    listens = (EVENTS_INGESTED.pattern,)
    poll_seconds: ClassVar[float] = 5.0
    """How long a lost nudge can delay the work; while the bus is there, five times that, up to 10 s."""
    batch_events: ClassVar[int] = 500
    """Events per transaction."""
    reads_synthetic: ClassVar[bool] = False
    """Whether it is given the life that the orchestrator made up."""

    shared: ClassVar[bool] = False
    """Whether its instances on PostgreSQL share the attackers: what it makes of an event must then depend on events of
    the same attacker only, and rows that several attackers have in common be merged by rules that commute."""

    database = True

    _engine: Engine

    def prepare(self, connection: Connection) -> None:
        """Do what must be done once before the first batch; repeated when the database fails."""

    def handle(self, batch: Batch) -> Results:
        """Write the batch's results on its connection and return its notices."""
        raise NotImplementedError

    @classmethod
    def warm(cls) -> None:
        """Handle one event of each kind in a database in memory, so that children share what this compiles."""
        from decnet_models.database.warm_up import begin, rehearse, sample_events
        from decnet_models.events.queries import insert_events

        worker = cls._rehearsing()

        def work(engine: Engine) -> None:
            with writing(engine) as connection:
                insert_events(connection, sample_events(cls.consumes))
                begin(connection, cls.name)
                worker.prepare(connection)
            worker._consumption(engine, cls.name).step()

        rehearse(work)

    @classmethod
    def _rehearsing(cls) -> CursorWorker[S]:
        """Return a worker fit to `handle` without having been started."""
        return cls(cls.Settings())

    async def start(self, ctx: Context) -> None:
        """Open the database; raises StartupError when it is not there or not this version's."""
        self._engine = await ctx.in_thread(engine_of, ctx)

    async def run(self, ctx: Context) -> None:
        """Follow the log until asked to stop."""
        if self._engine.dialect.name == "postgresql":
            await self._share(ctx)
            return
        async with only_instance(ctx) as mine:
            if mine:
                await self._follow(ctx, None)

    async def stop(self, ctx: Context) -> None:
        """Close the database."""
        if hasattr(self, "_engine"):
            await ctx.in_thread(self._engine.dispose)

    async def _share(self, ctx: Context) -> None:
        seconds = ctx.settings.section("database", DatabaseSettings).lease_seconds
        leases = Leases(self._engine, ctx.worker, seconds=seconds, shared=self.shared)
        try:
            await self._follow(ctx, Tenure(ctx, leases, seconds))
        finally:
            with contextlib.suppress(DBAPIError):  # then they expire
                await ctx.in_thread(leases.release)

    async def _follow(self, ctx: Context, tenure: Tenure | None) -> None:
        consumption = self._consumption(self._engine, ctx.worker, tenure.leases if tenure else None)
        patience, prepared = Patience(ctx), False
        while not ctx.stopping.is_set():
            try:
                if not prepared:
                    await ctx.in_thread(self._prepare, ctx.worker, tenure is None)
                    prepared = True
                if tenure is not None and not await tenure.held():
                    continue
                started = time.perf_counter()
                step = await ctx.in_thread(consumption.step)
            except LeaseLostError as lost:
                assert tenure is not None
                tenure.lost(lost)
                continue
            except (DBAPIError, CursorMovedError) as error:
                if isinstance(error, DBAPIError) and not passes(error):
                    raise
                await patience.wait(error)
                continue
            patience.recovered()
            _report(ctx, step, time.perf_counter() - started)
            if step.lag:
                await asyncio.sleep(0)
            else:
                seconds = ctx.poll_seconds(self.poll_seconds)
                await ctx.nudged(seconds if tenure is None else min(seconds, tenure.due_seconds()))
            await ctx.unpaused.wait()

    def _consumption(self, engine: Engine, name: str, track: Track | None = None) -> Consumption:
        return Consumption(
            engine,
            name,
            lambda connection, events: self.handle(Batch(connection, events)).notices,
            kinds=[kind_of(payload) for payload in self.consumes],
            limit=self.batch_events,
            synthetic=self.reads_synthetic,
            track=track,
        )

    def _prepare(self, worker: str, alone: bool) -> None:
        with writing(self._engine) as connection:
            if alone:
                begin_cursor(connection, worker, now_ns=time.time_ns())
            self.prepare(connection)


def _report(ctx: Context, step: Step, seconds: float) -> None:
    ctx.counters.add("events_handled", step.handled)
    ctx.counters.add("set_aside", step.set_aside)
    ctx.counters.set("lag_events", step.lag)
    if step.handled:
        ctx.counters.set("batch_seconds", round(seconds, 6))
    for kind, seq in step.notices.items():
        ctx.bus.publish(NOTICE.of(kind), msgspec.json.encode(NoticeWritten(seq)))
