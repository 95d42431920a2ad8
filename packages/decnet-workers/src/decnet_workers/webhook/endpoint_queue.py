# SPDX-License-Identifier: MIT
"""One endpoint's deliveries, one after another: a failed one waits for its retry and others overtake it."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

from decnet_core.runtime.context import Context
from decnet_models.webhooks.delivery_queries import Success
from decnet_models.webhooks.queries import DEAD, Delivery, Webhook
from decnet_workers.webhook.deliveries import Deliveries, Job
from decnet_workers.webhook.envelope import CONTENT_TYPE
from decnet_workers.webhook.http_sender import Failed, HttpSender, Reply
from decnet_workers.webhook.signature import headers, secret_of
from decnet_workers.webhook.target import TargetError, parse_target

log = logging.getLogger(__name__)

BATCH = 32
"""Deliveries that are read at once, so at most this many are sent again after a crash."""

RECORD_SECONDS = 0.05
"""Between two transactions of one endpoint: each takes the interpreter from those who send, for milliseconds."""

InDatabase = Callable[..., Awaitable[Any]]


class EndpointQueue:
    """Sends what is due to one endpoint until nothing is, or an attempt fails.

    Successes are recorded while the next deliveries are sent, all that have come meanwhile in one transaction.
    """

    def __init__(
        self, ctx: Context, deliveries: Deliveries, sender: HttpSender, key: bytes, in_database: InDatabase
    ) -> None:
        self._ctx = ctx
        self._deliveries = deliveries
        self._sender = sender
        self._key = key
        self._in_database = in_database
        self._unrecorded: list[Success] = []
        self._recording: asyncio.Task[None] | None = None
        self._ending = asyncio.Event()
        """Nothing more is sent: what is not recorded yet must be, at once."""
        self._stopped = False
        """Whether it was stopped while the database was away: nothing can be recorded any more."""

    async def run(self, webhook_id: str) -> bool:
        """Deliver one batch while attempts succeed; return whether there may be more to send now.

        After a failure the next poll decides, by the breaker and the time.
        """
        job = await self._in_database(self._deliveries.job, webhook_id, BATCH)
        if job is None:
            return False
        try:
            return await self._deliver_all(job)
        finally:
            await self._recorded()

    async def _deliver_all(self, job: Job) -> bool:
        self._secret = secret_of(self._key, job.webhook.id, job.webhook.generation)
        for delivery in job.deliveries:
            if self._stopped or self._ctx.stopping.is_set() or not self._ctx.unpaused.is_set():
                return False
            if not await self._deliver(job.webhook, delivery):
                return False
        return True

    async def _deliver(self, webhook: Webhook, delivery: Delivery) -> bool:
        """Send one delivery and see to it that the outcome is recorded; return whether it succeeded."""
        started = time.perf_counter()
        outcome = await self._attempt(webhook, delivery)
        self._ctx.counters.set("attempt_seconds", round(time.perf_counter() - started, 6))
        if isinstance(outcome, Reply) and outcome.is_success:
            self._unrecorded.append(Success(delivery, outcome.status))
            if self._recording is None:
                self._recording = self._ctx.spawn(self._record(), name=f"record:{webhook.id}", may_end=True)
            await asyncio.sleep(0)  # let it begin: what is recorded first is repeated least
            return True
        await self._recorded()
        state = None if self._stopped else await self._in_database(self._deliveries.record_failure, delivery, outcome)
        if state is not None:
            self._count_failure(webhook, delivery, outcome, state)
        return False

    async def _recorded(self) -> None:
        """Wait until all successes are recorded; nothing may be sent after this."""
        self._ending.set()
        if self._recording is not None:
            await self._recording

    async def _record(self) -> None:
        """Record successes until there are none: the first at once, the next ones together."""
        while self._unrecorded and not self._stopped:
            taken, self._unrecorded = self._unrecorded, []
            if await self._in_database(self._deliveries.record_successes, taken) is None:
                self._stopped = True
                return
            self._ctx.counters.add("delivered", len(taken))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(RECORD_SECONDS):
                    await self._ending.wait()
        self._recording = None

    async def _attempt(self, webhook: Webhook, delivery: Delivery) -> Reply | Failed:
        try:
            target = parse_target(webhook.url)
        except TargetError as error:
            return Failed(str(error))
        body = delivery.body.encode()
        signed = headers(self._secret, delivery.message_id, int(time.time()), body)
        described = [("Content-Type", CONTENT_TYPE), ("User-Agent", "DECNET"), *signed]
        return await self._sender.post(target, described, body, allow_private=webhook.allow_private)

    def _count_failure(self, webhook: Webhook, delivery: Delivery, outcome: Reply | Failed, state: str) -> None:
        self._ctx.counters.add("attempts_failed")
        reason = f"status {outcome.status}" if isinstance(outcome, Reply) else outcome.reason
        gave_up = "; given up" if state == DEAD else ""
        log.warning("not delivered webhook=%s message=%s: %s%s", webhook.id, delivery.message_id, reason, gave_up)
