# SPDX-License-Identifier: MIT
from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError

from decnet_models.database.engine import writing
from decnet_models.webhooks import delivery_queries, queries
from decnet_models.webhooks.delivery_queries import EndpointState, NewDelivery
from decnet_models.webhooks.queries import DEAD, DELIVERED, PENDING, Webhook


def endpoint(connection: Connection, **changes: Any) -> Webhook:
    return queries.add_webhook(connection, "https://example.test/", **{"since_seq": 0, "now_ns": 1, **changes})


def deliver(connection: Connection, webhook: Webhook, *seqs: int, now_ns: int = 10) -> None:
    made = [NewDelivery(webhook.id, seq, "ttp.tagged", f"body {seq}") for seq in seqs]
    delivery_queries.add_deliveries(connection, made, now_ns=now_ns)


def end(connection: Connection, state: str, *, at: int = 20, due_at: int = 20) -> None:
    """End the attempt at the newest delivery."""
    (delivery, *_) = queries.deliveries(connection, 1)
    delivery_queries.record_attempt(
        connection, delivery, state=state, due_at=due_at, status=500, error="answered 500", now_ns=at
    )


def test_an_endpoint_is_kept_whole(engine: Engine) -> None:
    with writing(engine) as connection:
        made = endpoint(connection, kinds=("ttp.*", "canary.hit"), allow_private=True)
        assert queries.find_webhook(connection, made.id) == made
        (status,) = queries.webhooks(connection)
    assert status == queries.WebhookStatus(made)


def test_a_notice_is_one_delivery_however_often_it_is_taken(engine: Engine) -> None:
    with writing(engine) as connection:
        made = endpoint(connection)
        deliver(connection, made, 1, 2)
        before = queries.deliveries(connection)
        deliver(connection, made, 1, 2, 3)
        after = queries.deliveries(connection)
    assert after[1:] == before
    assert len({delivery.message_id for delivery in after}) == 3


def test_a_delivery_needs_its_endpoint(engine: Engine) -> None:
    with pytest.raises(IntegrityError), writing(engine) as connection:
        delivery_queries.add_deliveries(connection, [NewDelivery("wh_none", 1, "x", "{}")], now_ns=1)


def test_what_is_due_comes_in_the_order_of_notices(engine: Engine) -> None:
    with writing(engine) as connection:
        made = endpoint(connection)
        deliver(connection, made, 5, 3, 4, now_ns=10)
        deliver(connection, made, 9, now_ns=100)
        found = delivery_queries.deliveries_due(connection, made.id, 50, limit=10)
        assert [delivery.notice_seq for delivery in found] == [3, 4, 5]
        assert delivery_queries.deliveries_due(connection, made.id, 9, limit=10) == []
        assert delivery_queries.ready_at(connection) == {made.id: 10}


def test_an_open_breaker_delays_what_is_due(engine: Engine) -> None:
    with writing(engine) as connection:
        made = endpoint(connection)
        deliver(connection, made, 1, now_ns=10)
        delivery_queries.record_state(connection, made.id, EndpointState(5, 11, 70))
        assert delivery_queries.ready_at(connection) == {made.id: 70}
        delivery_queries.record_state(connection, made.id, EndpointState())
        assert delivery_queries.ready_at(connection) == {made.id: 10}


def test_removed_and_gone_endpoints_get_nothing(engine: Engine) -> None:
    with writing(engine) as connection:
        kept, removed, gone = endpoint(connection), endpoint(connection), endpoint(connection)
        for made in (kept, removed, gone):
            deliver(connection, made, 1)
        queries.remove_webhook(connection, removed.id, now_ns=20)
        delivery_queries.record_state(connection, gone.id, EndpointState(gone_at=20))
        assert delivery_queries.active_webhooks(connection) == [kept]
        assert list(delivery_queries.ready_at(connection)) == [kept.id]
        asked = [gone.id, removed.id, kept.id]
        assert delivery_queries.endpoints(connection, asked) == {kept.id: (kept, EndpointState())}
        assert delivery_queries.give_up_removed(connection, now_ns=30) == 1
        assert queries.enable_webhook(connection, gone.id, now_ns=21)
        assert set(delivery_queries.ready_at(connection)) == {kept.id, gone.id}


def test_an_attempt_that_fails_is_due_again_and_one_that_ends_is_not(engine: Engine) -> None:
    with writing(engine) as connection:
        made = endpoint(connection)
        deliver(connection, made, 1)
        end(connection, PENDING, at=20, due_at=99)
        (delivery,) = queries.deliveries(connection)
        assert (delivery.attempts, delivery.first_attempt_at, delivery.due_at, delivery.ended_at) == (1, 20, 99, None)
        end(connection, DELIVERED, at=30)
        (delivery,) = queries.deliveries(connection)
        assert (delivery.attempts, delivery.first_attempt_at, delivery.ended_at) == (2, 20, 30)
        assert delivery_queries.ready_at(connection) == {}
        assert delivery_queries.counts(connection) == {}


def test_dead_letters_are_revived_all_or_one(engine: Engine) -> None:
    with writing(engine) as connection:
        made, other = endpoint(connection), endpoint(connection)
        for seq in (1, 2):
            deliver(connection, made, seq)
            end(connection, DEAD)
        deliver(connection, other, 1)
        end(connection, DEAD)
        letters = queries.deliveries(connection, webhook_id=made.id, state=DEAD)
        assert queries.request_replay(connection, made.id, delivery_id=letters[0].id, now_ns=40) == 1
        assert queries.request_replay(connection, made.id, now_ns=41) == 2
        first, second = delivery_queries.replays_after(connection, 0, 10)
        assert delivery_queries.requeue(connection, first, now_ns=50) == 1
        assert [found.id for found in queries.deliveries(connection, state=PENDING)] == [letters[0].id]
        assert delivery_queries.requeue(connection, second, now_ns=51) == 1
        assert delivery_queries.replays_after(connection, second.seq, 10) == []
        revived = queries.deliveries(connection, webhook_id=made.id, state=PENDING)
        assert {delivery.message_id for delivery in revived} == {letter.message_id for letter in letters}
        assert {delivery.attempts for delivery in revived} == {0}
        assert [status.dead for status in queries.webhooks(connection)].count(1) == 1


def test_a_replay_of_nothing_is_not_asked_for(engine: Engine) -> None:
    with writing(engine) as connection:
        made = endpoint(connection)
        assert queries.request_replay(connection, made.id, now_ns=1) == 0
        assert delivery_queries.replays_after(connection, 0, 10) == []


def test_ended_deliveries_are_forgotten_in_batches_and_pending_ones_never(engine: Engine) -> None:
    with writing(engine) as connection:
        made = endpoint(connection)
        for seq in range(5):
            deliver(connection, made, seq)
            end(connection, DELIVERED if seq % 2 else DEAD, at=seq)
        deliver(connection, made, 9)
        assert delivery_queries.forget_ended(connection, 4, limit=3) == 3
        assert delivery_queries.forget_ended(connection, 4, limit=3) == 1
        assert [delivery.notice_seq for delivery in queries.deliveries(connection)] == [9, 4]


def test_what_waited_too_long_becomes_a_dead_letter_with_its_reason(engine: Engine) -> None:
    with writing(engine) as connection:
        made = endpoint(connection)
        deliver(connection, made, 1, now_ns=10)
        deliver(connection, made, 2, now_ns=20)
        assert delivery_queries.give_up(connection, made.id, "too late", created_before=20, now_ns=30) == 1
        (pending, dead) = queries.deliveries(connection)
    assert (pending.state, dead.state, dead.error, dead.ended_at) == (PENDING, DEAD, "too late", 30)


def test_only_what_lies_in_the_future_is_hastened(engine: Engine) -> None:
    with writing(engine) as connection:
        made, other = endpoint(connection), endpoint(connection)
        deliver(connection, made, 1, now_ns=20)
        end(connection, PENDING, at=20, due_at=99)
        delivery_queries.record_state(connection, made.id, EndpointState(5, 20, 70))
        assert delivery_queries.correct_future_times(connection, now_ns=20) == 0
        assert delivery_queries.ready_at(connection) == {made.id: 99}
        deliver(connection, other, 1, now_ns=30)
        assert delivery_queries.correct_future_times(connection, now_ns=20) == 1
        assert delivery_queries.correct_future_times(connection, now_ns=20) == 0
        assert delivery_queries.ready_at(connection) == {made.id: 99, other.id: 20}
        assert delivery_queries.endpoints(connection, [made.id])[made.id] == (made, EndpointState(5, 20, 70))
        assert delivery_queries.failing(connection) == {made.id: EndpointState(5, 20, 70)}
        assert delivery_queries.correct_future_times(connection, now_ns=19) == 2
        assert delivery_queries.ready_at(connection) == {made.id: 19, other.id: 19}


def test_a_secret_is_rotated_by_its_generation(engine: Engine) -> None:
    with writing(engine) as connection:
        made = endpoint(connection)
        assert queries.rotate_secret(connection, made.id) == 2
        assert queries.rotate_secret(connection, "wh_none") is None
