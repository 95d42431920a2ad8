# SPDX-License-Identifier: MIT
"""The worker: wakes for notices and retries, and starts a lane for each endpoint that has something to be sent."""

from __future__ import annotations

import asyncio
import os
import time
from functools import partial

from sqlalchemy import Engine

from decnet_core.bus.subjects import NOTICE
from decnet_core.exits import StartupError
from decnet_core.keys import KeyFileError
from decnet_core.runtime.context import Context
from decnet_core.runtime.worker import MIB
from decnet_models.database.warm_up import warm_up
from decnet_models.following.database_worker import DatabaseWorker
from decnet_models.following.retry_backoff import until_answered
from decnet_models.following.single_instance import single_instance
from decnet_models.following.step_loop import AT_ONCE, repeat
from decnet_workers.webhook.addresses import networks
from decnet_workers.webhook.dial import Dialler
from decnet_workers.webhook.endpoint_queue import Lane
from decnet_workers.webhook.http_sender import Poster
from decnet_workers.webhook.outbox import Outbox, Turn
from decnet_workers.webhook.retry import NS
from decnet_workers.webhook.settings import WebhookSettings
from decnet_workers.webhook.signature import webhook_key

MAX_POSTERS = 64
"""Endpoints whose connection is kept."""

FINISH_SECONDS = 3.0
"""How long attempts under way may go on after the order to stop."""


class Webhook(DatabaseWorker[WebhookSettings]):
    """Delivers notices to webhooks: signed, in order, repeated until they arrive."""

    name = "webhook"
    Settings = WebhookSettings
    listens = (NOTICE.wildcard,)
    memory_budget = 64 * MIB
    network = "any"
    keys = ("webhook.key",)

    _outbox: Outbox
    _dialler: Dialler
    _key: bytes

    @classmethod
    def warm(cls) -> None:
        """Look into an empty outbox in memory, so that children share what this compiles."""
        warm_up(_look_into_nothing)

    def __init__(self, settings: WebhookSettings) -> None:
        super().__init__(settings)
        self._posters: dict[str, Poster] = {}
        self._lanes: dict[str, asyncio.Task[None]] = {}
        self._places = asyncio.Semaphore(settings.concurrent_endpoints)

    async def start(self, ctx: Context) -> None:
        """Open the database and read the key; raises StartupError when either is not available."""
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
        await super().start(ctx)
        self._outbox = Outbox(self._engine, self.settings)

    async def run(self, ctx: Context) -> None:
        """Deliver until asked to stop, then let attempts under way finish."""
        async with single_instance(ctx) as mine:
            if mine:
                await repeat(ctx, partial(self._step, ctx), prepare=partial(ctx.in_thread, self._outbox.prepare))
                await self._finish()

    async def stop(self, ctx: Context) -> None:
        """Close connections and the database."""
        for poster in self._posters.values():
            poster.close()
        await super().stop(ctx)

    async def _step(self, ctx: Context) -> float:
        """Look what is due, and start a lane for each endpoint that has some and no lane yet."""
        turn = await ctx.in_thread(self._outbox.turn)
        _show(ctx, turn)
        for webhook_id in turn.ready:
            if webhook_id not in self._lanes:
                work = self._send(ctx, webhook_id)
                self._lanes[webhook_id] = ctx.spawn(work, name=f"lane:{webhook_id}", may_end=True)
        return AT_ONCE if turn.lag else self._sleep_seconds(turn, ctx.poll_seconds(self.settings.poll_seconds))

    def _sleep_seconds(self, turn: Turn, poll_seconds: float) -> float:
        """Until the next retry is due, at most a poll; a nudge or the end of a lane wakes sooner."""
        if turn.next_at is None:
            return poll_seconds
        return min(poll_seconds, max(0.0, (turn.next_at - time.time_ns()) / NS) + 0.001)

    async def _send(self, ctx: Context, webhook_id: str) -> None:
        """One lane's life; at its end the next turn looks whether something came meanwhile."""
        try:
            async with self._places:
                lane = Lane(ctx, self._outbox, self._poster(webhook_id), self._key, partial(until_answered, ctx))
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
    outbox = Outbox(engine, WebhookSettings())
    outbox.prepare()
    outbox.turn()
    outbox.job("warm-up", 1)


def _show(ctx: Context, turn: Turn) -> None:
    ctx.counters.set("lag_notices", turn.lag)
    ctx.counters.set("pending", turn.pending)
    ctx.counters.set("dead_letters", turn.dead)
