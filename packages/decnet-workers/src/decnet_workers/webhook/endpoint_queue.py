# SPDX-License-Identifier: MIT
"""One endpoint's deliveries, one after another: a failed one waits for its retry and others overtake it."""

import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

from decnet_core.runtime.context import Context
from decnet_models.webhooks.queries import DEAD, DELIVERED, Delivery, Webhook
from decnet_workers.webhook.deliveries import Deliveries
from decnet_workers.webhook.envelope import CONTENT_TYPE
from decnet_workers.webhook.http_sender import Failed, HttpSender, Reply
from decnet_workers.webhook.signature import headers, secret_of
from decnet_workers.webhook.target import TargetError, parse_target

log = logging.getLogger(__name__)

BATCH = 32
"""Deliveries that are read at once."""

InDatabase = Callable[..., Awaitable[Any]]


class EndpointQueue:
    """Sends what is due to one endpoint until nothing is, or an attempt fails."""

    def __init__(
        self, ctx: Context, deliveries: Deliveries, sender: HttpSender, key: bytes, in_database: InDatabase
    ) -> None:
        self._ctx = ctx
        self._deliveries = deliveries
        self._sender = sender
        self._key = key
        self._in_database = in_database

    async def run(self, webhook_id: str) -> None:
        """Deliver while attempts succeed; after a failure the next poll decides, by the breaker and the time."""
        while job := await self._in_database(self._deliveries.job, webhook_id, BATCH):
            for delivery in job.deliveries:
                if self._ctx.stopping.is_set() or not self._ctx.unpaused.is_set():
                    return
                if await self._deliver(job.webhook, delivery) != DELIVERED:
                    return

    async def _deliver(self, webhook: Webhook, delivery: Delivery) -> str | None:
        started = time.perf_counter()
        outcome = await self._attempt(webhook, delivery)
        self._ctx.counters.set("attempt_seconds", round(time.perf_counter() - started, 6))
        state: str | None = await self._in_database(self._deliveries.record, delivery, outcome)
        if state is not None:  # else it was stopped while the database was away
            self._count(webhook, delivery, outcome, state)
        return state

    async def _attempt(self, webhook: Webhook, delivery: Delivery) -> Reply | Failed:
        try:
            target = parse_target(webhook.url)
        except TargetError as error:
            return Failed(str(error))
        body = delivery.body.encode()
        secret = secret_of(self._key, webhook.id, webhook.generation)
        signed = headers(secret, delivery.message_id, int(time.time()), body)
        described = [("Content-Type", CONTENT_TYPE), ("User-Agent", "DECNET"), *signed]
        return await self._sender.post(target, described, body, allow_private=webhook.allow_private)

    def _count(self, webhook: Webhook, delivery: Delivery, outcome: Reply | Failed, state: str) -> None:
        self._ctx.counters.add("delivered" if state == DELIVERED else "attempts_failed")
        if state == DELIVERED:
            return
        reason = f"status {outcome.status}" if isinstance(outcome, Reply) else outcome.reason
        gave_up = "; given up" if state == DEAD else ""
        log.warning("not delivered webhook=%s message=%s: %s%s", webhook.id, delivery.message_id, reason, gave_up)
