# SPDX-License-Identifier: MIT
"""The worker ingest."""

import time

import msgspec
from sqlalchemy import Engine

from decnet_core.bus.subjects import EVENTS_INGESTED, SPOOL_APPENDED, Ingested
from decnet_core.events.catalogue import PAYLOADS
from decnet_core.runtime.context import Context
from decnet_core.runtime.worker import MIB
from decnet_core.spool.quarantine import Quarantine
from decnet_models.artifacts.queries import Artifact, Sighting, register
from decnet_models.database.engine import reading, sqlite_file, writing
from decnet_models.database.settings import database_url
from decnet_models.database.warm_up import sample_events, warm_up
from decnet_models.events import queries
from decnet_models.events.plausible_time import PlausibleTime
from decnet_models.following.database_worker import DatabaseWorker
from decnet_models.following.single_instance import single_instance
from decnet_models.following.step_loop import AT_ONCE, Rest, repeat
from decnet_workers.ingest.intake import Intake, IntakeResult
from decnet_workers.ingest.retention import Retention, within_disk
from decnet_workers.ingest.settings import IngestSettings


class Ingest(DatabaseWorker[IngestSettings]):
    """Moves the events of this host's spools into the database, each exactly once.

    The only writer of the event log; a second instance stands by. A spool that cannot be read is reported and skipped;
    when the database cannot accept events they wait in the spools.
    """

    name = "ingest"
    Settings = IngestSettings
    listens = (SPOOL_APPENDED.wildcard,)
    parks = True
    memory_budget = 96 * MIB
    reads_spools = True
    writes = ("spool/.readers/ingest", "quarantine/ingest")
    oom_score_adj = 100

    _intake: Intake | None = None
    _retention: Retention

    def __init__(self, settings: IngestSettings) -> None:
        super().__init__(settings)
        self._plausible_time = PlausibleTime()

    @classmethod
    def warm(cls) -> None:
        warm_up(_insert_samples)

    async def run(self, ctx: Context) -> None:
        async with single_instance(ctx) as mine:
            if mine:
                await self._follow(ctx, self._begin(ctx))
                await ctx.in_thread(self._finish)

    def _begin(self, ctx: Context) -> Intake:
        quarantine = Quarantine(ctx.state.root / "quarantine" / self.name, self.settings.quarantine_bytes)
        self._intake = Intake(self._engine, ctx.state.spool, quarantine, self.settings, store=ctx.state.artifacts)
        file = sqlite_file(database_url(ctx.settings, ctx.state))
        self._retention = Retention(self._engine, within_disk(self.settings.retention, file))
        ctx.counters.read_from(self._plausible_time.counters)
        ctx.counters.read_from(self._retention.counters)
        ctx.counters.read_from(quarantine.counters)
        ctx.counters.read_from(self._intake.spools.counters)
        return self._intake

    def _finish(self) -> None:
        if self._intake is not None:
            self._intake.close()

    async def _follow(self, ctx: Context, intake: Intake) -> None:
        async def announce() -> None:  # a predecessor may have died between its commit and its nudge
            _announce(ctx, await ctx.in_thread(intake.newest))

        async def step() -> Rest:
            started = time.perf_counter()
            outcome = await ctx.in_thread(intake.run_pass)
            more = await self._forget(ctx)
            _report(ctx, outcome, time.perf_counter() - started)
            if outcome.read or more:
                return AT_ONCE
            return Rest(
                ctx.poll_seconds(self.settings.poll_seconds), idle=not (intake.spools.failing or intake.counting)
            )

        await repeat(ctx, step, prepare=announce)

    async def _forget(self, ctx: Context) -> bool:
        """Delete a few events that are due; return whether there are more: between batches."""
        if not self._retention.wanted(time.monotonic()):
            return False
        return await ctx.in_thread(self._forget_step)

    def _forget_step(self) -> bool:
        return self._retention.step(now=lambda connection: self._plausible_time.by_log(connection, time.time_ns()))


def _announce(ctx: Context, last_seq: int) -> None:
    ctx.bus.publish(EVENTS_INGESTED.pattern, msgspec.json.encode(Ingested(last_seq)))


def _report(ctx: Context, outcome: IntakeResult, seconds: float) -> None:
    ctx.counters.add("events_ingested", outcome.new)
    ctx.counters.add("duplicates", outcome.duplicates)
    ctx.counters.add("events_from_future", outcome.from_future)
    ctx.counters.add("torn_lines", outcome.torn)
    ctx.counters.add("segments_missing", outcome.missing)
    ctx.counters.set("lag_bytes", outcome.lag_bytes)
    if outcome.read:
        ctx.counters.set("batch_seconds", round(seconds, 6))
    if outcome.new:
        _announce(ctx, outcome.last_seq)


def _insert_samples(engine: Engine) -> None:
    with writing(engine) as connection:
        samples = sample_events(PAYLOADS)
        queries.insert_events(connection, samples)
        digest, first = "0" * 64, samples[0]
        register(connection, [(Artifact(digest, "file", 1, 1, 1), Sighting(first.id, digest, first.ts, "ssh"))])
        queries.move_ingest_position(connection, "warm-up", 1, 0, now_ns=1)
        queries.move_ingest_position(connection, "warm-up", 1, 1, now_ns=1)
    with reading(engine) as connection:
        queries.ingest_positions(connection)
        queries.last_seq(connection)
