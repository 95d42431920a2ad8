# SPDX-License-Identifier: MIT
"""One endpoint's queue alone: what it sends in which order, when it stops, and what it tells of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any, cast

import pytest

from decnet_core.runtime.context import Context
from decnet_core.settings import Settings
from decnet_core.state import State
from decnet_models.webhooks.queries import Delivery, Webhook
from decnet_workers.outbound.dial import Dialler
from decnet_workers.webhook.deliveries import Deliveries
from decnet_workers.webhook.outcome import Failed, Reply
from decnet_workers.webhook.queues import transactions
from decnet_workers.webhook.queues.endpoint_queue import EndpointQueue
from decnet_workers.webhook.queues.endpoint_sender import EndpointSender, Means
from decnet_workers.webhook.queues.transactions import Transactions
from decnet_workers.webhook.settings import WebhookSettings


class Sender:
    """Stands for the connections: answers one request, as it is told, and with 204 after that."""

    window = 1
    answered = 100
    """How many of several requests it answers."""
    turns = 0
    """How often others have their turn before it answers."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.answers: list[Reply | Failed] = []
        self.called: Callable[[], None] = lambda: None

    async def send(self, webhook: Webhook, deliveries: list[Delivery]) -> Any:
        assert webhook.allow_private
        assert 0 < len(deliveries) <= self.window
        for delivery in deliveries:
            assert delivery.body
            assert delivery.webhook_id == webhook.id
            self.ids.append(delivery.message_id)
        self.called()
        for _ in range(self.turns):
            await asyncio.sleep(0)
        return [self.answers.pop(0) if self.answers else Reply(204) for _ in deliveries[: self.answered]]


class Endpoint:
    """An endpoint with its queue."""

    def __init__(self, fleet: Any, ctx: Context) -> None:
        self.fleet = fleet
        self.ctx = ctx
        self.sender = Sender()
        self.real_sender: EndpointSender | None = None
        self.deliveries = Deliveries(fleet.engine, WebhookSettings(give_up_seconds=3600))
        self.deliveries.prepare()
        self.recorded = True
        self.transactions = 0
        self.turns = 0

    async def _in_database(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call as the worker does; nothing is recorded when it was told to stop while the database was away."""
        recording = function in {self.deliveries.record_successes, self.deliveries.record_failure}
        if recording:
            self.transactions += 1
        return function(*arguments) if self.recorded or not recording else None

    async def run(self, notices: int, url: str = "https://x.test/") -> str:
        """Write notices, and run the queue to its end; return the endpoint's id."""
        added: str = self.fleet.add(url).id
        for number in range(notices):
            self.fleet.notice(str(number))
        self.deliveries.poll()
        sender = cast("EndpointSender", self.real_sender or self.sender)
        turns, more = Transactions(self.ctx, self.deliveries, self._in_database), True
        while more:
            more = await EndpointQueue(self.ctx, turns, sender).run(added)
            self.turns += 1
        return added

    def counts(self) -> dict[str, float]:
        return {name: value for name, value in self.ctx.counters.snapshot().items() if name != "attempt_seconds"}


@pytest.fixture
async def endpoint(fleet: Any) -> AsyncIterator[Endpoint]:
    ctx = Context(
        worker="webhook", state=State(fleet.state), sensor="here", settings=Settings({}, {}, "test"), bus=fleet.bus
    )
    yield Endpoint(fleet, ctx)
    await ctx.close()


async def test_all_that_is_due_is_sent_in_its_order(endpoint: Endpoint) -> None:
    await endpoint.run(70)
    assert endpoint.sender.ids == [delivery.message_id for delivery in endpoint.fleet.deliveries()]
    assert endpoint.fleet.states() == ["delivered"] * 70
    assert endpoint.counts() == {"delivered": 70}
    assert 0 <= endpoint.ctx.counters.snapshot()["attempt_seconds"] < 60


async def test_more_than_one_batch_is_sent_in_its_order(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transactions, "BATCH", 4)
    await endpoint.run(10)
    assert endpoint.sender.ids == [delivery.message_id for delivery in endpoint.fleet.deliveries()]
    assert endpoint.fleet.states() == ["delivered"] * 10


async def test_what_arrives_at_once_is_recorded_together(endpoint: Endpoint) -> None:
    await endpoint.run(30)
    assert endpoint.transactions == 2, "the first at once, the others when nothing more is sent"
    assert endpoint.fleet.states() == ["delivered"] * 30


async def test_what_arrived_before_a_failure_is_recorded_before_it(endpoint: Endpoint) -> None:
    endpoint.sender.answers = [Reply(204), Reply(204), Reply(299), Reply(300)]
    await endpoint.run(5)
    assert endpoint.fleet.states() == ["delivered"] * 3 + ["pending"] * 2
    assert [delivery.attempts for delivery in endpoint.fleet.deliveries()] == [1, 1, 1, 1, 0]
    assert endpoint.transactions == 3
    assert endpoint.counts() == {"delivered": 3, "attempts_failed": 1}


async def test_a_failure_ends_the_turn(endpoint: Endpoint, caplog: pytest.LogCaptureFixture) -> None:
    endpoint.sender.answers = [Reply(204), Reply(500)]
    added = await endpoint.run(4)
    assert endpoint.fleet.states() == ["delivered", "pending", "pending", "pending"]
    assert len(endpoint.sender.ids) == 2
    assert endpoint.counts() == {"delivered": 1, "attempts_failed": 1}
    assert caplog.messages == [f"not delivered webhook={added} message={endpoint.sender.ids[1]}: status 500"]


async def test_what_is_given_up_is_reported_with_its_reason(
    endpoint: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    endpoint.sender.answers = [Reply(410)]
    await endpoint.run(1)
    assert endpoint.fleet.states() == ["dead"]
    assert caplog.messages[0].endswith(": status 410; given up")


async def test_no_answer_is_reported_with_its_reason(endpoint: Endpoint, caplog: pytest.LogCaptureFixture) -> None:
    endpoint.sender.answers = [Failed("no route")]
    await endpoint.run(1)
    assert caplog.messages[0].endswith(": no route")


async def test_an_address_that_is_none_is_a_failure_not_a_crash(endpoint: Endpoint) -> None:
    dialler = Dialler("webhook", allowed=(), connect_seconds=1)
    means = Means(dialler, endpoint.fleet.key, 1, 1, endpoint.fleet.state, 1, 1)
    endpoint.real_sender = EndpointSender(means)
    await endpoint.run(2, "nonsense")
    first, second = endpoint.fleet.deliveries()
    assert (first.state, first.attempts, endpoint.sender.ids) == ("pending", 1, [])
    assert first.error
    assert second.attempts == 0
    assert endpoint.turns == 1


async def test_a_single_alert_is_recorded(endpoint: Endpoint) -> None:
    await endpoint.run(1)
    assert endpoint.fleet.states() == ["delivered"]
    assert endpoint.counts() == {"delivered": 1}


async def test_a_failure_among_several_requests_lets_those_after_it_pass(endpoint: Endpoint) -> None:
    endpoint.sender.window = 4
    endpoint.sender.answers = [Reply(204), Reply(503), Reply(204), Reply(500)]
    added = await endpoint.run(6)
    assert endpoint.fleet.states() == ["delivered", "pending", "delivered", "pending", "pending", "pending"]
    assert [delivery.attempts for delivery in endpoint.fleet.deliveries()] == [1, 1, 1, 0, 0, 0]
    assert endpoint.fleet.status(added).failures == 1, "the endpoint failed once, whatever was under way"
    assert endpoint.counts() == {"delivered": 2, "attempts_failed": 1}


async def test_what_the_sender_left_unanswered_is_sent_again_in_its_order(endpoint: Endpoint) -> None:
    endpoint.sender.window, endpoint.sender.answered = 3, 2
    await endpoint.run(7)
    ids = [delivery.message_id for delivery in endpoint.fleet.deliveries()]
    assert endpoint.sender.ids == [*ids[0:3], *ids[2:5], *ids[4:7], ids[6]]
    assert [delivery.attempts for delivery in endpoint.fleet.deliveries()] == [1] * 7
    assert endpoint.fleet.states() == ["delivered"] * 7


@pytest.mark.parametrize("order", ["stop", "pause"])
async def test_nothing_more_is_sent_after_the_order_to_stop_or_pause(endpoint: Endpoint, order: str) -> None:
    ctx = endpoint.ctx
    endpoint.sender.called = ctx.stop if order == "stop" else ctx.unpaused.clear
    await endpoint.run(3)
    assert endpoint.fleet.states() == ["delivered", "pending", "pending"]
    assert len(endpoint.sender.ids) == 1


async def test_what_could_not_be_recorded_is_not_counted_and_comes_again(endpoint: Endpoint) -> None:
    endpoint.recorded, endpoint.sender.turns = False, 20
    await endpoint.run(3)
    assert endpoint.fleet.states() == ["pending"] * 3
    assert endpoint.counts() == {}
    assert len(endpoint.sender.ids) == 2, "the second was under way already"
