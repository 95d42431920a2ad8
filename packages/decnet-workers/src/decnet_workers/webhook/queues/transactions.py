# SPDX-License-Identifier: MIT
"""The database work of all endpoints' queues: what several want at the same time is one transaction.

Each change to the worker's thread and back costs a moment of the interpreter's lock, and each commit a sync of the
disk. With a transaction for each endpoint, 16 endpoints that get ten notices needed 32 of both, one after another.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from decnet_core.runtime.context import Context
from decnet_models.webhooks.delivery_queries import Success
from decnet_models.webhooks.queries import Delivery
from decnet_workers.webhook.deliveries import Deliveries, Job
from decnet_workers.webhook.outcome import Failed, Reply
from decnet_workers.webhook.queues.batched import Batched

BATCH = 128
"""Deliveries of an endpoint that are read at once, so at most this many are sent again after a crash."""

TOGETHER = 16
"""Endpoints of one transaction: more would hold the database's lock for long."""

RECORD_SECONDS = 0.02
"""Between two transactions that record successes: what comes meanwhile is recorded together."""


InDatabase = Callable[..., Awaitable[Any]]
"""`until_answered`: runs a function in the worker's thread; None once the worker must stop without an answer."""


class Transactions:
    """What queues ask of the database."""

    def __init__(self, ctx: Context, deliveries: Deliveries, in_database: InDatabase) -> None:
        self._in_database = in_database
        self._deliveries = deliveries
        self._jobs = Batched[str, dict[str, Job] | None](ctx, "jobs", self._read, most=TOGETHER)
        self._recorded = Batched[Sequence[Success], bool](
            ctx, "successes", self._record, most=TOGETHER, seconds=RECORD_SECONDS
        )

    async def job(self, webhook_id: str) -> Job | None:
        """Return what to send to the endpoint now; None when nothing is due, or its breaker is open."""
        jobs = await self._jobs(webhook_id)
        return jobs.get(webhook_id) if jobs else None

    async def record_successes(self, successes: Sequence[Success]) -> bool:
        """Record deliveries of an endpoint that have arrived; return whether they are recorded."""
        return await self._recorded(successes)

    async def record_failure(self, delivery: Delivery, outcome: Reply | Failed) -> str | None:
        """Record an attempt that failed; return the delivery's state, None when it could not be recorded."""
        state: str | None = await self._in_database(self._deliveries.record_failure, delivery, outcome)
        return state

    async def _read(self, webhook_ids: Sequence[str]) -> dict[str, Job] | None:
        jobs: dict[str, Job] | None = await self._in_database(self._deliveries.jobs, webhook_ids, BATCH)
        return jobs

    async def _record(self, successes: Sequence[Sequence[Success]]) -> bool:
        every = [one for some in successes for one in some]
        return await self._in_database(self._deliveries.record_successes, every) is not None
