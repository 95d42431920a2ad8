# SPDX-License-Identifier: MIT
"""Wakes for notices and retries, and runs a queue for each endpoint that has deliveries due."""

import asyncio
import os
import time
from functools import partial
from pathlib import Path

import msgspec
from sqlalchemy import Engine

from decnet_core.bus.subjects import NOTICE, NoticeWritten
from decnet_core.events.notices import (
    IncidentAcknowledged,
    IncidentClosed,
    IncidentDigest,
    IncidentEscalated,
    IncidentGrew,
    IncidentOpened,
    decode_notice,
)
from decnet_core.exits import StartupError
from decnet_core.keys import KeyFileError
from decnet_core.runtime.context import Context
from decnet_core.runtime.worker import MIB
from decnet_models.database.engine import writing
from decnet_models.database.warm_up import warm_up
from decnet_models.following.database_worker import DatabaseWorker
from decnet_models.following.retry_backoff import until_answered
from decnet_models.following.single_instance import single_instance
from decnet_models.following.step_loop import AT_ONCE, Rest, repeat, seconds_until
from decnet_models.notices import queries as notices
from decnet_models.webhooks.delivery_queries import Success
from decnet_models.webhooks.queries import add_webhook
from decnet_workers.outbound.addresses import networks
from decnet_workers.outbound.dial import Dialler
from decnet_workers.webhook.deliveries import Deliveries, Poll
from decnet_workers.webhook.fleet_troubles import TROUBLES, FleetTroubles
from decnet_workers.webhook.queues.endpoint_queue import EndpointQueue
from decnet_workers.webhook.queues.endpoint_sender import EndpointSender, Means
from decnet_workers.webhook.queues.transactions import Transactions
from decnet_workers.webhook.settings import WebhookSettings
from decnet_workers.webhook.signature import webhook_key

MAX_SENDERS = 64
"""Endpoints whose connection is kept."""

ALERTS = "alerts"
"""The directory below the state's in which endpoints that are files are."""

LOOK_SECONDS = 5
"""Between two looks for troubles of the fleet, at least."""

_TOLD = 3
"""CPython rewrites a function's bytecode at its second call; by the third it has."""

FINISH_SECONDS = 3.0
"""How long attempts under way may take after the worker was stopped."""


class Webhook(DatabaseWorker[WebhookSettings]):
    """Delivers notices to webhooks: signed, in order, repeated until they arrive."""

    name = "webhook"
    Settings = WebhookSettings
    listens = (NOTICE.wildcard,)
    notices = (
        IncidentOpened,
        IncidentGrew,
        IncidentEscalated,
        IncidentAcknowledged,
        IncidentClosed,
        IncidentDigest,
        *TROUBLES,
    )
    parks = True
    follows = ("ingest",)
    memory_budget = 64 * MIB
    network = "any"
    keys = ("webhook.key",)
    writes = (ALERTS,)
    preload = ("decnet_workers.webhook.formats.plain.standard_webhooks", "decnet_workers.webhook.transports.http")

    _deliveries: Deliveries
    _transactions: Transactions
    _troubles: FleetTroubles
    _means: Means

    @classmethod
    def warm(cls) -> None:
        warm_up(_tell_of_nothing)

    def __init__(self, settings: WebhookSettings) -> None:
        super().__init__(settings)
        self._senders: dict[str, EndpointSender] = {}
        self._queues: dict[str, asyncio.Task[None]] = {}
        self._places = asyncio.Semaphore(settings.concurrent_endpoints)
        self._look_at = 0.0
        self._looks_again = 0

    @classmethod
    def check(cls, settings: WebhookSettings) -> None:
        """Refuse what is no network, and authorities that cannot be read."""
        try:
            networks(settings.allow_networks)
        except ValueError as error:
            raise StartupError(f"[webhook] allow_networks: {error}; write e.g. 10.1.0.0/16") from error
        if settings.ca_file and not os.access(settings.ca_file, os.R_OK):
            raise StartupError(f"[webhook] ca_file: {settings.ca_file} cannot be read")

    async def start(self, ctx: Context) -> None:
        """Open the database and load the key; raises StartupError when either is not available."""
        self.check(self.settings)
        allowed = networks(self.settings.allow_networks)
        try:
            key = webhook_key(ctx.state.keys)
        except KeyFileError as error:
            raise StartupError(str(error)) from error
        dialler = Dialler(
            self.name, allowed=allowed, connect_seconds=self.settings.connect_seconds, ca_file=self.settings.ca_file
        )
        self._means = Means(
            dialler,
            key,
            attempt_seconds=self.settings.attempt_seconds,
            idle_seconds=self.settings.idle_seconds,
            files=ctx.state.root / ALERTS,
            file_bytes=self.settings.file_mib * MIB,
            file_keep=self.settings.file_keep,
        )
        await super().start(ctx)
        self._deliveries = Deliveries(self._engine, self.settings)
        self._transactions = Transactions(ctx, self._deliveries, partial(until_answered, ctx))
        self._troubles = FleetTroubles(self._engine, ctx.state.root, ctx.state.supervisors)

    async def run(self, ctx: Context) -> None:
        """Deliver until stopped, then let attempts under way finish."""
        async with single_instance(ctx) as mine:
            if mine:
                await repeat(ctx, partial(self._step, ctx), prepare=partial(ctx.in_thread, self._deliveries.prepare))
                await self._finish()

    async def stop(self, ctx: Context) -> None:
        for sender in self._senders.values():
            sender.close()
        await super().stop(ctx)

    async def _step(self, ctx: Context) -> Rest:
        """Start a queue for each endpoint with due deliveries and no queue yet."""
        looks_again = await self._looked_at_fleet(ctx)
        poll = await ctx.in_thread(self._deliveries.poll)
        _show(ctx, poll)
        for kind in sorted(poll.told):
            ctx.bus.publish(NOTICE.of(kind), msgspec.json.encode(NoticeWritten(poll.last_seq)))
        for webhook_id in poll.ready:
            if webhook_id not in self._queues:
                work = self._send(ctx, webhook_id)
                self._queues[webhook_id] = ctx.spawn(work, name=f"queue:{webhook_id}", may_end=True)
        await asyncio.sleep(0)  # let them begin: what they read comes before the next poll
        if poll.lag:
            return AT_ONCE
        due = min(at for at in (poll.next_at, poll.incidents_at, looks_again) if at is not None)
        # A nudge or the end of a queue wakes sooner.
        return Rest(ctx.poll_seconds(self.settings.poll_seconds), seconds_until(due), idle=not self._queues)

    async def _looked_at_fleet(self, ctx: Context) -> int:
        """Return when to look for troubles of the fleet again (ns); steps that follow one another look once."""
        now = time.monotonic()
        if now >= self._look_at:
            self._looks_again = await ctx.in_thread(self._troubles.look)
            self._look_at = now + LOOK_SECONDS
        return self._looks_again

    async def _send(self, ctx: Context, webhook_id: str) -> None:
        """Run one endpoint's queue; at its end the next poll finds what was added meanwhile."""
        try:
            more = True
            while more:
                async with self._places:  # a batch at a time, or long backlogs would keep out the other endpoints
                    sender = self._sender(webhook_id)
                    more = await EndpointQueue(ctx, self._transactions, sender).run(webhook_id)
        finally:
            del self._queues[webhook_id]
            ctx.nudge()

    def _sender(self, webhook_id: str) -> EndpointSender:
        """Return the endpoint's sender, a new one when it was not among the last ones used."""
        sender = self._senders.pop(webhook_id, None) or EndpointSender(self._means)
        self._senders[webhook_id] = sender
        for unused in [name for name in self._senders if name not in self._queues][: len(self._senders) - MAX_SENDERS]:
            self._senders.pop(unused).close()
        return sender

    async def _finish(self) -> None:
        if self._queues:
            await asyncio.wait(list(self._queues.values()), timeout=FINISH_SECONDS)


_OF_NOBODY = (
    b'{"kind":"credential.captured","ts":1,"attacker":"192.0.2.1","service":"ssh","username":"warm-up","accepted":true}'
)
"""A notice as other workers write it, about TEST-NET-1."""


def _tell_of_nothing(engine: Engine) -> None:
    """Have a delivery made and recorded, so that a zygote has compiled every statement of a life without failures."""
    now, nowhere = time.time_ns(), Path("/dev/null/warm-up")
    deliveries, troubles = Deliveries(engine, WebhookSettings()), FleetTroubles(engine, nowhere, nowhere)
    with writing(engine) as connection:
        endpoint = add_webhook(connection, "https://warm-up.invalid/", since_seq=0, now_ns=now)
    deliveries.prepare()
    for number in range(_TOLD):
        with writing(engine) as connection:
            notices.add(connection, f"warm-up:{number}", decode_notice(_OF_NOBODY), now)
        troubles.look()
        deliveries.poll()
        job = deliveries.jobs([endpoint.id], 1)[endpoint.id]
        deliveries.record_successes([Success(one, 200) for one in job.deliveries])
        Deliveries(engine, WebhookSettings()).poll()  # with nothing new it tidies the table


def _show(ctx: Context, poll: Poll) -> None:
    ctx.counters.set("lag_notices", poll.lag)
    ctx.counters.set("pending", poll.pending)
    ctx.counters.set("dead_letters", poll.dead)
