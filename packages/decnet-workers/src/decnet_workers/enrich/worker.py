# SPDX-License-Identifier: MIT
"""Wakes for new attackers, answers that no longer hold and lists that are due, and runs each provider on its own."""

import asyncio
import logging
import os
import time
from collections.abc import Awaitable, Callable
from functools import partial

import msgspec
from sqlalchemy import Engine

from decnet_core.bus.subjects import INTEL_REQUESTED, NOTICE, NoticeWritten
from decnet_core.durable import make_directory
from decnet_core.events.notices import AttackerJudged, AttackerObserved, notice_kind
from decnet_core.exits import StartupError
from decnet_core.runtime.context import Context
from decnet_core.runtime.worker import MIB
from decnet_core.timing.durations import DAY_NS, HOUR_NS
from decnet_models.database.warm_up import warm_up
from decnet_models.following.database_worker import DatabaseWorker
from decnet_models.following.retry_backoff import until_answered
from decnet_models.following.single_instance import single_instance
from decnet_models.following.step_loop import AT_ONCE, Rest, repeat, seconds_until
from decnet_workers.enrich.answers import Answer
from decnet_workers.enrich.asked import Limits
from decnet_workers.enrich.knowledge import Knowledge, Poll, Terms
from decnet_workers.enrich.mmdb import MmdbError
from decnet_workers.enrich.provider_error import ProviderError
from decnet_workers.enrich.provider_queue import ProviderQueue
from decnet_workers.enrich.providers import Providers, make_providers
from decnet_workers.enrich.settings import EnrichSettings, ProvidersError, names_of

log = logging.getLogger(__name__)

LISTS = "lists"
"""The folder of the state directory in which lists are kept."""


class Enrich(DatabaseWorker[EnrichSettings]):
    """Asks others what they know about attackers' addresses: reputation, lists, host names, countries."""

    name = "enrich"
    Settings = EnrichSettings
    notices = (AttackerJudged,)
    listens = (NOTICE.of(notice_kind(AttackerObserved)), INTEL_REQUESTED.pattern)
    parks = True
    background = True
    gives_way = True
    memory_budget = 64 * MIB
    network = "any"
    writes = (LISTS,)

    _knowledge: Knowledge
    _providers: Providers

    @classmethod
    def warm(cls) -> None:
        warm_up(_rehearse)

    def __init__(self, settings: EnrichSettings) -> None:
        super().__init__(settings)
        self._running: dict[str, asyncio.Task[None]] = {}

    @classmethod
    def check(cls, settings: EnrichSettings) -> None:
        """Refuse providers that there are not, and authorities that cannot be read."""
        if settings.ca_file and not os.access(settings.ca_file, os.R_OK):
            raise StartupError(f"[enrich] ca_file: {settings.ca_file} cannot be read")
        try:
            names_of(settings)
        except ProvidersError as error:
            raise StartupError(str(error)) from error

    async def start(self, ctx: Context) -> None:
        """Open the database, the files and the lists; raises StartupError when one cannot be used."""
        self.check(self.settings)
        folder = ctx.state.root / LISTS
        try:
            await ctx.in_thread(make_directory, folder)
            self._providers = await ctx.in_thread(make_providers, self.settings, folder)
        except ProvidersError as error:
            raise StartupError(str(error)) from error
        except MmdbError as error:
            raise StartupError(f"[enrich] mmdb_files: {error}") from error
        except OSError as error:
            raise StartupError(f"{folder} cannot be used: {error.strerror}") from error
        for one in self._providers.lists.values():
            await ctx.in_thread(one.open)
        await super().start(ctx)
        self._knowledge = Knowledge(
            self._engine,
            terms_of(self.settings),
            {name: (one.limits, one.takes) for name, one in self._providers.asked.items()},
            self._providers.local(),
            self._providers.askable,
        )

    async def run(self, ctx: Context) -> None:
        """Ask and fetch until stopped; what is under way then is broken off, and asked again."""
        async with single_instance(ctx) as mine:
            if mine:
                await repeat(ctx, partial(self._step, ctx), prepare=partial(ctx.in_thread, self._knowledge.prepare))
                await self._break_off()

    async def _break_off(self) -> None:
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def stop(self, ctx: Context) -> None:
        if hasattr(self, "_providers"):
            self._providers.close()
        await super().stop(ctx)

    async def _step(self, ctx: Context) -> Rest:
        """Start a task for each provider that can be asked and each list that is due, and has none yet."""
        poll = await ctx.in_thread(self._knowledge.poll)
        _show(ctx, poll)
        now, due = time.time_ns(), {**poll.free, **self._lists_due(poll)}
        for name in [name for name, at in due.items() if at <= now and name not in self._running]:
            work = self._fetch if name in self._providers.lists else self._ask
            self._running[name] = ctx.spawn(self._work(ctx, name, work), name=f"provider:{name}", may_end=True)
        return AT_ONCE if poll.lag else self._rest(ctx, [poll.returning_at, *due.values()])

    def _lists_due(self, poll: Poll) -> dict[str, int]:
        return {name: max(one.due_at(), poll.paused.get(name, 0)) for name, one in self._providers.lists.items()}

    def _rest(self, ctx: Context, due: list[int]) -> Rest:
        """Wait for what is due next, at most a poll; a nudge or the end of a task wakes sooner."""
        seconds = ctx.poll_seconds(self.settings.poll_seconds)
        if self._running:
            return Rest(seconds, idle=False)
        until = seconds_until(min(due))
        return Rest(seconds if until is None else min(seconds, until), until)

    async def _work(self, ctx: Context, name: str, work: Callable[[Context, str], Awaitable[bool | None]]) -> None:
        try:
            if await work(ctx, name):
                _tell(ctx)
        finally:
            self._running.pop(name, None)
            ctx.nudge()

    async def _ask(self, ctx: Context, name: str) -> bool:
        return await ProviderQueue(
            ctx,
            name,
            self._providers.asked[name],
            self._knowledge,
            partial(until_answered, ctx),
            seconds=self.settings.attempt_seconds,
        ).run()

    async def _fetch(self, ctx: Context, name: str) -> bool | None:
        """Fetch a list, and look everybody of late up in it; return whether a verdict changed."""
        in_database = partial(until_answered, ctx)
        await in_database(self._knowledge.count_fetch, name)
        try:
            is_new = await self._providers.lists[name].fetch(ctx.in_thread)
        except ProviderError as error:
            ctx.counters.add("fetches_failed")
            log.warning("the list %s cannot be fetched: %s", name, error)
            await in_database(self._knowledge.record_failure, name, str(error), error.wait_seconds)
            return False
        ctx.counters.add("lists_fetched")
        await in_database(self._knowledge.record_fetched, name)
        return await in_database(self._knowledge.look_up_all, name) if is_new else False


def terms_of(settings: EnrichSettings) -> Terms:
    """Return how long findings hold, from the settings."""
    return Terms(
        keep_ns=int(settings.keep_hours * HOUR_NS),
        negative_ns=int(settings.negative_hours * HOUR_NS),
        forget_ns=int(settings.forget_days * DAY_NS),
        look_back_ns=int(settings.look_back_days * DAY_NS),
        queue=settings.queue,
    )


def _show(ctx: Context, poll: Poll) -> None:
    ctx.counters.set("lag_notices", poll.lag)
    ctx.counters.set("questions_waiting", poll.waiting)
    ctx.counters.add("questions_given_up", poll.given_up)
    if poll.judged:
        _tell(ctx)


def _tell(ctx: Context) -> None:
    """Nudge those who follow verdicts: profiler and webhook."""
    ctx.bus.publish(NOTICE.of(notice_kind(AttackerJudged)), msgspec.json.encode(NoticeWritten(0)))


def _rehearse(engine: Engine) -> None:
    """Ask about an address, so that a zygote has compiled every statement."""
    asked = {"warm-up": (Limits(1, 86400, 1), lambda _: True)}
    knowledge = Knowledge(engine, terms_of(EnrichSettings()), asked, {}, lambda _: {})
    knowledge.prepare()
    knowledge.poll()
    knowledge.job("warm-up")
    knowledge.record("warm-up", {"192.0.2.1": Answer("malicious", ("warm-up",))})
