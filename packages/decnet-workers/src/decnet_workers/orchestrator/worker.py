# SPDX-License-Identifier: MIT
"""The worker `orchestrator`: carries out what is planned when it is due, and is parked until then."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Awaitable, Callable
from functools import partial
from uuid import UUID

import msgspec
from sqlalchemy import Engine

from decnet_core.bus.subjects import FLEET_CHANGED
from decnet_core.deckies.handover import HandoverError
from decnet_core.exits import StartupError
from decnet_core.runtime.context import Context
from decnet_core.runtime.worker import MIB
from decnet_models.database.engine import writing
from decnet_models.database.warm_up import warm_up
from decnet_models.fleet.change_log import ChangeInfo
from decnet_models.fleet.queries import Address, Decky, Service, write_decky
from decnet_models.fleet.states import State, record_state
from decnet_models.following.database_worker import DatabaseWorker
from decnet_models.following.retry_backoff import RETRIED, until_answered
from decnet_models.following.single_instance import single_instance
from decnet_models.following.step_loop import AT_ONCE, Rest, repeat, seconds_until
from decnet_models.realism.queries import Action, Persona, write_persona
from decnet_workers.orchestrator.documents import Document, written
from decnet_workers.orchestrator.genres import genres
from decnet_workers.orchestrator.grammar import GrammarError
from decnet_workers.orchestrator.plan import Host, addresses
from decnet_workers.orchestrator.schedule import Look, Schedule
from decnet_workers.orchestrator.scripts import DatabaseScript, FilesScript, MailScript, ShellScript, WebScript
from decnet_workers.orchestrator.settings import OrchestratorSettings
from decnet_workers.orchestrator.text_endpoint import TextEndpoint
from decnet_workers.orchestrator.visits import database, files, mail, shell, web
from decnet_workers.orchestrator.visits.announced import Route, SessionError, connected
from decnet_workers.orchestrator.working_hours import UnknownZoneError, is_known
from decnet_workers.orchestrator.writing import Writing

POLL_SECONDS = 60.0
"""How long a lost nudge can delay the plan of a new decky."""
SESSION_SECONDS = 300.0
"""A session that takes longer has failed."""


class Orchestrator(DatabaseWorker[OrchestratorSettings]):
    """Makes the deckies look used: sessions between them, files and mail, in working hours; all of it is synthetic."""

    name = "orchestrator"
    Settings = OrchestratorSettings
    listens = (FLEET_CHANGED.pattern,)
    parks = True
    background = True
    preload = ("asyncio.subprocess", "subprocess", "zoneinfo")
    memory_budget = 192 * MIB  # with the SSH clients, which a unit's limit includes
    network = "any"

    _schedule: Schedule
    _writing: Writing

    def __init__(self, settings: OrchestratorSettings) -> None:
        super().__init__(settings)
        self._running: dict[UUID, asyncio.Task[None]] = {}

    @classmethod
    def warm(cls) -> None:
        warm_up(_rehearse)

    @classmethod
    def check(cls, settings: OrchestratorSettings) -> None:
        """Refuse a time zone that this host does not know."""
        zone = settings.timezone
        if not is_known(zone):
            raise StartupError(
                f"[orchestrator] timezone: there is no time zone {zone!r} here; write e.g. Europe/Berlin"
            )

    async def start(self, ctx: Context) -> None:
        """Open the database; raises StartupError, also for a time zone that this host does not know."""
        self.check(self.settings)
        await super().start(ctx)
        self._schedule = Schedule(self._engine, self.settings)
        self._writing = Writing(self._schedule, TextEndpoint(self.settings))

    async def run(self, ctx: Context) -> None:
        """Carry out what is due until stopped; the next process repeats what is broken off then."""
        async with single_instance(ctx) as mine:
            if mine:
                prepare = partial(ctx.in_thread, self._schedule.abandon_interrupted)
                await repeat(ctx, partial(self._step, ctx), prepare=prepare)
                await self._break_off(ctx)

    async def _break_off(self, ctx: Context) -> None:
        """Put back what is under way: it may have become due while the supervisor was about to park the worker."""
        if not self._running:
            return
        for task in (tasks := list(self._running.values())):
            task.cancel()
        await asyncio.wait(tasks)
        with contextlib.suppress(*RETRIED):  # the next process finds it all the same (`abandon_interrupted`)
            await ctx.in_thread(self._schedule.put_back, list(self._running))

    async def _step(self, ctx: Context) -> Rest:
        """Begin as many due sessions as there is room for."""
        room = self.settings.concurrent_sessions - len(self._running)
        look = await ctx.in_thread(self._schedule.look, max(0, room))
        ctx.counters.set("sessions_open", len(self._running))
        for action in look.due:
            if await ctx.in_thread(self._schedule.take, action):
                work = self._carry_out(ctx, action, look)
                self._running[action.id] = ctx.spawn(work, name=f"session:{action.id}", may_end=True)
            else:
                ctx.counters.add("sessions_missed")
        if look.due:
            return AT_ONCE
        # A change of the fleet or the end of a session wakes sooner.
        due = None if self._running else seconds_until(look.next_due)
        return Rest(ctx.poll_seconds(POLL_SECONDS), due, idle=not self._running)

    async def _carry_out(self, ctx: Context, action: Action, look: Look) -> None:
        error: str | None = None
        what = "sessions" if action.kind == "session" else "files"
        try:
            async with asyncio.timeout(SESSION_SECONDS):
                if action.kind == "session":
                    await _session(ctx, action, look)
                else:
                    await self._writing.carry_out(ctx, action, _here(look, action.decky))
        except TimeoutError:
            error = "it took too long"
        except (
            SessionError,
            HandoverError,
            OSError,
            msgspec.ValidationError,
            GrammarError,
            UnknownZoneError,
        ) as failure:
            error = str(failure) or type(failure).__name__
        try:
            ctx.counters.add(f"{what}_failed" if error else f"{what}_done")
            await until_answered(ctx, self._schedule.finish, action.id, error)
        finally:
            del self._running[action.id]
            ctx.nudge()


async def _session(ctx: Context, action: Action, look: Look) -> None:
    host, visitor = _here(look, action.decky), _here(look, action.peer or "")
    route = _route(action, host, visitor)
    await _VISITS[action.protocol or ""](ctx, route, action)


def _here(look: Look, name: str) -> Host:
    if name not in look.hosts:
        raise SessionError(f"decky {name} is not played any more")
    return look.hosts[name]


def _route(action: Action, host: Host, visitor: Host) -> Route:
    """Return the way to the service; raises SessionError when there is none any more."""
    port = next((each.port for each in host.decky.services if each.service == action.protocol), None)
    ends = addresses(visitor, host)
    if port is None or ends is None:
        raise SessionError(f"decky {host.decky.name} does not offer {action.protocol} to {visitor.decky.name} any more")
    lender = visitor.decky.name if visitor.decky.runtime == "netns" else ""
    return Route(host.decky.name, *ends, port, str(action.id), lender)


async def _browse(ctx: Context, route: Route, action: Action) -> None:
    await web.visit(partial(connected, ctx, route), route.address, msgspec.convert(action.body, WebScript))


async def _type(ctx: Context, route: Route, action: Action) -> None:
    script = msgspec.convert(action.body, ShellScript)
    await shell.visit(await connected(ctx, route), script)


async def _mail(ctx: Context, route: Route, action: Action) -> None:
    script = msgspec.convert(action.body, MailScript)
    await mail.visit(await connected(ctx, route), script)


async def _fetch(ctx: Context, route: Route, action: Action) -> None:
    script = msgspec.convert(action.body, FilesScript)

    async def data_connection(port: int) -> socket.socket:
        return await connected(ctx, route, data_port=port)

    await files.visit(await connected(ctx, route), data_connection, script)


async def _query(ctx: Context, route: Route, action: Action) -> None:
    script = msgspec.convert(action.body, DatabaseScript)
    await database.visit(await connected(ctx, route), script)


_VISITS: dict[str, Callable[[Context, Route, Action], Awaitable[None]]] = {
    "http": _browse, "ssh": _type, "smtp": _mail, "ftp": _fetch, "mysql": _query,
}  # fmt: skip


def _rehearse(engine: Engine) -> None:
    """Plan for two deckies, write one document of each kind, and do as if that had been carried out.

    So a zygote has read all genres and compiled every statement.
    """
    user = {"name": "warm-up", "home": "/", "shell": "sh", "passwords": ["x"]}
    always = Persona("warm-up", "", {"family": "debian", "users": [user]}, work_from=0, work_until=1440, work_days=127)
    services = (Service("http", 80), Service("ssh", 22))
    deckies = [
        Decky(name, (Address(f"127.0.0.{index}"),), name, "loopback", always.name, services)
        for index, name in enumerate(("one", "other"), 1)
    ]
    now = time.time_ns()
    with writing(engine) as connection:
        write_persona(connection, always, now_ns=now)
        for decky in deckies:
            write_decky(connection, decky, ChangeInfo("added", "orchestrator", "", now))
            record_state(connection, State(decky.name, 1, "running", now, now))
    schedule = Schedule(engine, OrchestratorSettings(sessions_per_day=1.0))
    look = schedule.look(1)
    for action in look.due:
        schedule.take(action)
        schedule.abandon_interrupted()
        schedule.prose({0: action.id})
        schedule.finish(action.id, None)
    for genre in genres():
        written(look.hosts["one"], Document(genre, "warm-up", "/", "1970-01-01", (0,)))
