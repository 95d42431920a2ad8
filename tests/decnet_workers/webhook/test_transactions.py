# SPDX-License-Identifier: MIT
"""What the queues of several endpoints ask of the database at the same time is one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import pytest

from decnet_core.runtime.context import Context
from decnet_core.settings import Settings
from decnet_core.state import State
from decnet_models.webhooks.delivery_queries import Success
from decnet_workers.webhook.deliveries import Deliveries
from decnet_workers.webhook.outcome import Failed
from decnet_workers.webhook.queues.batched import Batched
from decnet_workers.webhook.queues.transactions import Transactions
from decnet_workers.webhook.settings import WebhookSettings


@pytest.fixture
async def ctx(fleet: Any) -> AsyncIterator[Context]:
    made = Context(
        worker="webhook", state=State(fleet.state), sensor="here", settings=Settings({}, {}, "test"), bus=fleet.bus
    )
    yield made
    await made.close()


class Called:
    """Answers what it is asked with the number of the call, once it is let."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []
        self.go = asyncio.Event()
        self.error: Exception | None = None

    async def __call__(self, asked: Sequence[str]) -> int:
        self.calls.append(list(asked))
        await self.go.wait()
        if self.error is not None:
            raise self.error
        return len(self.calls)


async def begun(called: Called, count: int) -> None:
    async with asyncio.timeout(60):
        while len(called.calls) < count:
            await asyncio.sleep(0)


async def test_what_is_asked_during_a_call_is_the_next_one_up_to_its_limit(ctx: Context) -> None:
    called = Called()
    batched = Batched[str, int](ctx, "test", called, most=2)
    first = asyncio.create_task(batched("a"))
    await begun(called, 1)
    others = [asyncio.create_task(batched(name)) for name in "bcd"]
    await asyncio.sleep(0)
    called.go.set()
    async with asyncio.timeout(60):
        assert await asyncio.gather(first, *others) == [1, 2, 2, 3]
        assert called.calls == [["a"], ["b", "c"], ["d"]]
        assert await batched("e") == 4


async def test_an_error_is_every_callers_and_the_next_call_is_made(ctx: Context) -> None:
    called = Called()
    called.error = OSError("no")
    called.go.set()
    batched = Batched[str, int](ctx, "test", called, most=9)
    async with asyncio.timeout(60):
        found = await asyncio.gather(batched("a"), batched("b"), return_exceptions=True)
        assert [type(one) for one in found] == [OSError, OSError]
        called.error = None
        assert await batched("c") == 2


async def test_who_does_not_wait_any_more_holds_nobody_up(ctx: Context) -> None:
    called = Called()
    batched = Batched[str, int](ctx, "test", called, most=9)
    gone, stays = asyncio.create_task(batched("a")), asyncio.create_task(batched("b"))
    await begun(called, 1)
    gone.cancel()
    await asyncio.sleep(0)
    called.go.set()
    async with asyncio.timeout(60):
        assert await stays == 1


async def test_two_endpoints_are_read_and_recorded_together_each_with_its_own(fleet: Any, ctx: Context) -> None:
    calls: list[str] = []

    async def in_database(function: Callable[..., Any], *arguments: Any) -> Any:
        calls.append(function.__name__)
        return function(*arguments)

    names = [fleet.add(f"https://{name}.test/").id for name in "ab"]
    fleet.notice()
    deliveries = Deliveries(fleet.engine, WebhookSettings())
    deliveries.prepare()
    deliveries.poll()
    transactions = Transactions(ctx, deliveries, in_database)
    async with asyncio.timeout(60):
        found = await asyncio.gather(*(transactions.job(name) for name in [*names, "wh_none"]))
        assert [job and job.webhook.id for job in found] == [*names, None]
        jobs = [job for job in found if job is not None]
        assert await transactions.record_failure(jobs[0].deliveries[0], Failed("no route")) == "pending"
        assert [fleet.status(name).failures for name in names] == [1, 0]
        recorded = (transactions.record_successes([Success(job.deliveries[0], 200)]) for job in jobs)
        assert await asyncio.gather(*recorded) == [True, True]
    assert calls == ["jobs", "record_failure", "record_successes"]
    assert fleet.states() == ["delivered", "delivered"]
    assert [fleet.status(name).failures for name in names] == [0, 0]
