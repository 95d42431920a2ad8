# SPDX-License-Identifier: MIT
"""The worker: wakes for notices and retries, and starts a lane for each endpoint that has something to be sent."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from decnet_core.bus.subjects import NOTICE
from decnet_core.exits import StartupError
from decnet_core.keys import KeyFileError
from decnet_core.runtime.context import Context
from decnet_core.runtime.worker import MIB, Worker
from decnet_models.database.from_settings import engine_of
from decnet_models.database.warm_up import rehearse
from decnet_models.errors import CursorMovedError, passes
from decnet_models.following.retry_backoff import Patience
from decnet_models.following.single_instance import only_instance
from decnet_workers.webhook.addresses import networks
from decnet_workers.webhook.dial import Dialler
from decnet_workers.webhook.endpoint_queue import InDatabase, Lane
from decnet_workers.webhook.http_sender import Poster
from decnet_workers.webhook.outbox import Outbox, Turn
from decnet_workers.webhook.retry import NS
from decnet_workers.webhook.settings import WebhookSettings
from decnet_workers.webhook.signature import webhook_key

T = TypeVar("T")

MAX_POSTERS = 64
"""Endpoints whose connection is kept."""

FINISH_SECONDS = 3.0
"""How long attempts under way may go on after the order to stop."""


class Webhook(Worker[WebhookSettings]):
    """Delivers notices to webhooks: signed, in order, repeated until they arrive."""

    name = "webhook"
    Settings = WebhookSettings
    listens = (NOTICE.wildcard,)
    memory_budget = 64 * MIB
    network = "any"
    database = True
    keys = ("webhook.key",)

    _engine: Engine
    _outbox: Outbox
    _dialler: Dialler
    _key: bytes

    @classmethod
    def warm(cls) -> None:
        """Look into an empty outbox in memory, so that children share what this compiles."""
        rehearse(_look_into_nothing)

    def __init__(self, settings: WebhookSettings) -> None:
        super().__init__(settings)
        self._posters: dict[str, Poster] = {}
        self._lanes: dict[str, asyncio.Task[None]] = {}
        self._places = asyncio.Semaphore(settings.concurrent_endpoints)

    async def start(self, ctx: Context) -> None:
        """Open the database and read the key; raises StartupError when either is not to be had."""
        try:
            self._key = webhook_key(ctx.state.keys)
            allowed = networks(self.settings.allow_networks)
        except KeyFileError as error:
            raise StartupError(str(error)) from error
        except ValueError as error:
            raise StartupError(f"[webhook] allow_networks: {error}; write e.g. 10.1.0.0/16") from error
        if self.settings.ca_file and not os.access(self.settings.ca_file, os.R_OK):
            raise StartupError(f"[webhook] ca_file: {self.settings.ca_file} cannot be read")
        self._dialler = Dialler(
            allowed=allowed, connect_seconds=self.settings.connect_seconds, ca_file=self.settings.ca_file
        )
        self._engine = await ctx.in_thread(engine_of, ctx)
        self._outbox = Outbox(self._engine, self.settings)

    async def run(self, ctx: Context) -> None:
        """Deliver until asked to stop, then let attempts under way finish."""
        async with only_instance(ctx) as mine:
            if mine:
                await _patiently(ctx, self._outbox.prepare)
                await self._serve(ctx)
                await self._finish()

    async def stop(self, ctx: Context) -> None:
        """Close connections and the database."""
        for poster in self._posters.values():
            poster.close()
        if hasattr(self, "_engine"):
            await ctx.in_thread(self._engine.dispose)

    async def _serve(self, ctx: Context) -> None:
        while not ctx.stopping.is_set():
            turn = await _patiently(ctx, self._outbox.turn)
            if turn is None:
                return
            _show(ctx, turn)
            for webhook_id in turn.ready:
                if webhook_id not in self._lanes:
                    work = self._send(ctx, webhook_id)
                    self._lanes[webhook_id] = ctx.spawn(work, name=f"lane:{webhook_id}", may_end=True)
            if turn.lag and ctx.unpaused.is_set():
                await asyncio.sleep(0)
            else:
                await ctx.nudged(self._sleep_seconds(turn, ctx.poll_seconds(self.settings.poll_seconds)))

    def _sleep_seconds(self, turn: Turn, poll_seconds: float) -> float:
        """Until the next retry is due, at most a poll; a nudge or the end of a lane wakes sooner."""
        if turn.next_at is None:
            return poll_seconds
        return min(poll_seconds, max(0.0, (turn.next_at - time.time_ns()) / NS) + 0.001)

    async def _send(self, ctx: Context, webhook_id: str) -> None:
        """One lane's life; at its end the next turn looks whether something came meanwhile."""
        try:
            async with self._places:
                lane = Lane(ctx, self._outbox, self._poster(webhook_id), self._key, _in_database(ctx))
                await lane.run(webhook_id)
        finally:
            del self._lanes[webhook_id]
            ctx.nudge()

    def _poster(self, webhook_id: str) -> Poster:
        """Return the endpoint's poster, made anew when it was not among the last ones used."""
        poster = self._posters.pop(webhook_id, None) or Poster(
            self._dialler,
            attempt_seconds=self.settings.attempt_seconds,
            idle_seconds=self.settings.idle_seconds,
        )
        self._posters[webhook_id] = poster
        for unused in [name for name in self._posters if name not in self._lanes][: len(self._posters) - MAX_POSTERS]:
            self._posters.pop(unused).close()
        return poster

    async def _finish(self) -> None:
        if self._lanes:
            await asyncio.wait(list(self._lanes.values()), timeout=FINISH_SECONDS)


def _look_into_nothing(engine: Engine) -> None:
    rehearsed = Outbox(engine, WebhookSettings())
    rehearsed.prepare()
    rehearsed.turn()
    rehearsed.job("rehearsal", 1)


def _in_database(ctx: Context) -> InDatabase:
    async def run(function: Callable[..., T], *arguments: object) -> T | None:
        return await _patiently(ctx, function, *arguments)

    return run


async def _patiently(ctx: Context, function: Callable[..., T], *arguments: object) -> T | None:
    """Run database work in the worker's thread, again while the database cannot answer; None when told to stop."""
    patience = Patience(ctx)
    while True:
        try:
            done = await ctx.in_thread(function, *arguments)
        except (DBAPIError, CursorMovedError) as error:
            if isinstance(error, DBAPIError) and not passes(error):
                raise
            await patience.wait(error)
            if ctx.stopping.is_set():
                return None
        else:
            patience.recovered()
            return done


def _show(ctx: Context, turn: Turn) -> None:
    ctx.counters.set("lag_notices", turn.lag)
    ctx.counters.set("pending", turn.pending)
    ctx.counters.set("dead_letters", turn.dead)
