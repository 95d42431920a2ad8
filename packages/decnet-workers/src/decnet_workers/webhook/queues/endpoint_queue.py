# SPDX-License-Identifier: MIT
"""One endpoint's deliveries, in order: a failed one waits for its retry and others overtake it."""

import asyncio
import logging
import time
from collections.abc import Sequence

from decnet_core.runtime.context import Context
from decnet_models.webhooks.delivery_queries import Success
from decnet_models.webhooks.queries import DEAD, Delivery
from decnet_workers.webhook.deliveries import Job, answer_of
from decnet_workers.webhook.outcome import Failed, Reply
from decnet_workers.webhook.queues.endpoint_sender import EndpointSender
from decnet_workers.webhook.queues.transactions import Transactions

log = logging.getLogger(__name__)


class EndpointQueue:
    """Sends what is due to one endpoint until nothing is, or an attempt fails.

    Successes are recorded while the next deliveries are sent, all that have come meanwhile in one transaction.
    """

    def __init__(self, ctx: Context, transactions: Transactions, sender: EndpointSender) -> None:
        self._ctx = ctx
        self._transactions = transactions
        self._sender = sender
        self._unrecorded: list[Success] = []
        self._recording: asyncio.Task[None] | None = None
        self._stopped = False
        """Whether it was stopped while the database was away: nothing can be recorded any more."""

    async def run(self, webhook_id: str) -> bool:
        """Deliver one batch while attempts succeed; return whether there may be more to send now.

        After a failure the next poll decides, by the breaker and the time.
        """
        job = await self._transactions.job(webhook_id)
        if job is None:
            return False
        try:
            return await self._deliver_all(job)
        finally:
            await self._recorded()

    async def _deliver_all(self, job: Job) -> bool:
        left = job.deliveries
        while left:
            if self._stopped or self._ctx.stopping.is_set() or not self._ctx.unpaused.is_set():
                return False
            outcomes = await self._attempt(job, left[: self._sender.window])
            if not await self._settle(left, outcomes):
                return False
            left = left[len(outcomes) :]
        return True

    async def _attempt(self, job: Job, deliveries: Sequence[Delivery]) -> list[Reply | Failed]:
        started = time.perf_counter()
        outcomes = await self._sender.send(job.webhook, deliveries)
        self._ctx.counters.set("attempt_seconds", round(time.perf_counter() - started, 6))
        return outcomes

    async def _settle(self, deliveries: Sequence[Delivery], outcomes: list[Reply | Failed]) -> bool:
        """See to it that the outcomes are recorded; return whether all are successes.

        Of several failures only the first one counts: the endpoint failed once, and the others are still due.
        """
        failure: tuple[Delivery, Reply | Failed] | None = None
        for delivery, outcome in zip(deliveries, outcomes, strict=False):
            if isinstance(outcome, Reply) and outcome.is_success:
                self._unrecorded.append(Success(delivery, outcome.status, answer_of(outcome, delivery)))
            else:
                failure = failure or (delivery, outcome)
        if failure is not None:
            await self._fail(*failure)
            return False
        if self._recording is None:
            self._recording = self._ctx.spawn(self._record(), name=f"record:{deliveries[0].webhook_id}", may_end=True)
            await asyncio.sleep(0)  # let it begin: what is recorded first is repeated least
        return True

    async def _fail(self, delivery: Delivery, outcome: Reply | Failed) -> None:
        await self._recorded()
        state = None if self._stopped else await self._transactions.record_failure(delivery, outcome)
        if state is not None:
            self._count_failure(delivery, outcome, state)

    async def _recorded(self) -> None:
        """Wait until all successes are recorded."""
        if self._recording is not None:
            await self._recording
        await self._record()

    async def _record(self) -> None:
        """Record successes until there are none: the first at once, the next ones together."""
        while self._unrecorded and not self._stopped:
            taken, self._unrecorded = self._unrecorded, []
            if await self._transactions.record_successes(taken):
                self._ctx.counters.add("delivered", len(taken))
            else:
                self._stopped = True
        self._recording = None

    def _count_failure(self, delivery: Delivery, outcome: Reply | Failed, state: str) -> None:
        self._ctx.counters.add("attempts_failed")
        reason = f"status {outcome.status}" if isinstance(outcome, Reply) else outcome.reason
        gave_up = "; given up" if state == DEAD else ""
        log.warning(
            "not delivered webhook=%s message=%s: %s%s", delivery.webhook_id, delivery.message_id, reason, gave_up
        )
