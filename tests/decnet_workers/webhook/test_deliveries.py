# SPDX-License-Identifier: MIT
"""The worker's transactions, with time that the test sets."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, event, text

from decnet_core.timing.durations import SECOND_NS
from decnet_models.database.engine import reading, writing
from decnet_models.errors import CursorMovedError
from decnet_models.events import plausible_time
from decnet_models.progress.queries import cursor_of, move_cursor
from decnet_models.webhooks.delivery_queries import Success
from decnet_models.webhooks.queries import enable_webhook, remove_webhook, request_replay
from decnet_workers.webhook import deliveries as module
from decnet_workers.webhook.deliveries import BATCH, Deliveries, Poll
from decnet_workers.webhook.outcome import Failed, Reply
from decnet_workers.webhook.settings import WebhookSettings

DOWN = Failed("down")
HOUR = 3600 * SECOND_NS


class Clock:
    """Stands for the module `time` in `deliveries`."""

    def __init__(self) -> None:
        self.now = 1_800_000_000 * SECOND_NS
        self.set_ahead = 0
        """How far somebody set the clock; the time since the machine started knows nothing of it."""

    def time_ns(self) -> int:
        return self.now + self.set_ahead

    def since_boot_ns(self) -> int:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(module, "time", made)
    monkeypatch.setattr(plausible_time, "time_since_boot_ns", made.since_boot_ns)
    return made


def opened(fleet: Any, **changes: Any) -> Deliveries:
    made = Deliveries(fleet.engine, WebhookSettings(**changes))
    made.prepare()
    return made


def caught_up(deliveries: Deliveries) -> None:
    """Poll as the worker does until nothing is new, and once more: then the table is tidied."""
    while deliveries.poll().lag:
        pass
    deliveries.poll()


def first(deliveries: Deliveries, webhook_id: str) -> Any:
    job = deliveries.jobs([webhook_id], 1).get(webhook_id)
    assert job is not None
    return job.deliveries[0]


def recorded(deliveries: Deliveries, delivery: Any, outcome: Reply | Failed) -> str:
    """Record an outcome as the worker does; return the delivery's state."""
    if isinstance(outcome, Failed) or not outcome.is_success:
        return deliveries.record_failure(delivery, outcome)
    assert deliveries.record_successes([Success(delivery, outcome.status)]) == 1
    return "delivered"


def test_a_turn_takes_new_notices_once(fleet: Any, clock: Clock) -> None:
    added, deliveries = fleet.add("https://x.test/"), opened(fleet)
    for number in range(3):
        fleet.notice(str(number))
    poll = deliveries.poll()
    assert (poll.ready, poll.lag, poll.pending) == ((added.id,), 0, 3)
    assert deliveries.poll().ready == (added.id,)
    assert len(fleet.deliveries()) == 3
    with reading(fleet.engine) as connection:
        assert cursor_of(connection, "webhook") == 3


def test_a_long_backlog_is_taken_in_batches(fleet: Any, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BATCH", 2)
    fleet.add("https://x.test/")
    deliveries = opened(fleet)
    for number in range(5):
        fleet.notice(str(number))
    assert [deliveries.poll().lag for _ in range(3)] == [3, 1, 0]
    assert BATCH > 2
    assert len(fleet.deliveries()) == 5


def test_another_instance_that_moved_the_cursor_is_noticed(
    fleet: Any, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet.add("https://x.test/")
    deliveries = opened(fleet)
    fleet.notice()
    take = deliveries._take

    def late(connection: Any, start: int, found: Any, webhooks: Any, now: int) -> None:
        """Take after another instance has committed."""
        move_cursor(connection, "webhook", 1, now_ns=now)
        take(connection, start, found, webhooks, now)

    monkeypatch.setattr(deliveries, "_take", late)
    with pytest.raises(CursorMovedError):
        deliveries.poll()
    assert fleet.deliveries() == []


def test_a_notice_costs_few_statements_and_transactions(fleet: Any) -> None:
    """SQLAlchemy takes far longer for a statement than SQLite: 41 ms of a log-in's way were the webhook's."""
    added, deliveries = fleet.add("https://x.test/"), opened(fleet)
    sent: list[str] = []

    def deliver(key: str) -> None:
        fleet.notice(key)
        sent.clear()
        deliveries.poll()
        (one,) = deliveries.jobs([added.id], 10)[added.id].deliveries
        deliveries.record_successes([Success(one, 200)])
        assert not deliveries.poll().ready

    deliver("a")  # what is done once
    with listening(fleet.engine, sent):
        deliver("b")
    assert sent.count("BEGIN") == 5, sent  # of the two polls only the first one has something to write
    assert not [statement for statement in sent if statement.startswith("SELECT")], sent


@contextlib.contextmanager
def listening(engine: Engine, sent: list[str]) -> Iterator[None]:
    """Add to `sent` what SQLAlchemy sends, and that it begins a transaction."""

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        sent.append(statement)

    def begun(_: Any) -> None:
        sent.append("BEGIN")

    event.listen(engine, "before_cursor_execute", note)
    event.listen(engine, "begin", begun)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", note)
        event.remove(engine, "begin", begun)


def test_a_day_of_failures_is_a_dead_letter(fleet: Any, clock: Clock) -> None:
    added, deliveries = fleet.add("https://x.test/"), opened(fleet, breaker_failures=1000)
    fleet.notice()
    deliveries.poll()
    started, attempts = clock.now, 0
    while fleet.states() == ["pending"] and attempts < 30:
        recorded(deliveries, first(deliveries, added.id), DOWN)
        attempts += 1
        clock.now = deliveries.poll().next_at or clock.now
    (letter,) = fleet.deliveries()
    assert (letter.state, letter.attempts, letter.error) == ("dead", attempts, "down")
    assert letter.ended_at - started == 86400 * SECOND_NS
    assert 8 < attempts < 20


def test_an_open_breaker_keeps_everything_until_it_is_time_for_a_probe(fleet: Any, clock: Clock) -> None:
    added = fleet.add("https://x.test/")
    deliveries = opened(fleet, breaker_failures=2, breaker_seconds=60, first_retry_seconds=1)
    for number in range(4):
        fleet.notice(str(number))
    deliveries.poll()
    for _ in range(2):
        recorded(deliveries, first(deliveries, added.id), DOWN)
    poll = deliveries.poll()
    assert (poll.ready, poll.next_at) == ((), clock.now + 60 * SECOND_NS)
    assert deliveries.jobs([added.id], 10).get(added.id) is None
    clock.now += 60 * SECOND_NS
    probe = first(deliveries, added.id)
    assert probe.notice_seq == 1
    recorded(deliveries, probe, DOWN)
    assert deliveries.poll().next_at == clock.now + 120 * SECOND_NS
    clock.now += 120 * SECOND_NS
    recorded(deliveries, first(deliveries, added.id), Reply(204))
    assert deliveries.poll().ready == (added.id,)


def test_the_breaker_counts_from_the_last_delivery_on(fleet: Any, clock: Clock) -> None:
    added, deliveries = fleet.add("https://x.test/"), opened(fleet, breaker_failures=2, breaker_seconds=60)
    for number in range(4):
        fleet.notice(str(number))
    deliveries.poll()
    opens = []
    for outcome in (DOWN, Reply(204), DOWN, DOWN):
        recorded(deliveries, first(deliveries, added.id), outcome)
        opens.append(deliveries.poll().ready == ())
    assert opens == [False, False, False, True]


def test_what_waits_behind_a_breaker_for_a_day_is_given_up_too(fleet: Any, clock: Clock) -> None:
    added, deliveries = fleet.add("https://x.test/"), opened(fleet, breaker_failures=1)
    for number in range(3):
        fleet.notice(str(number))
    deliveries.poll()
    recorded(deliveries, first(deliveries, added.id), DOWN)
    clock.now += 86401 * SECOND_NS
    fleet.notice("late")
    deliveries.poll()
    recorded(deliveries, first(deliveries, added.id), DOWN)
    assert fleet.states() == ["dead", "dead", "dead", "pending"]


def test_what_is_old_is_not_given_up_at_the_first_failure(fleet: Any, clock: Clock) -> None:
    """The worker was down for two days; the endpoint was not."""
    added, deliveries = fleet.add("https://x.test/"), opened(fleet)
    for number in range(2):
        fleet.notice(str(number))
    deliveries.poll()
    clock.now += 2 * 86400 * SECOND_NS
    recorded(deliveries, first(deliveries, added.id), DOWN)
    assert fleet.states() == ["pending", "pending"]


def delivered_one(fleet: Any, deliveries: Deliveries, *keys: str) -> str:
    """Deliver as many notices to a new endpoint; return its id."""
    added: str = fleet.add("https://x.test/").id
    for key in keys or ("a",):
        fleet.notice(key)
    deliveries.poll()
    for _ in keys or ("a",):
        recorded(deliveries, first(deliveries, added), Reply(200))
    return added


def test_an_ended_delivery_is_kept_for_all_of_its_days(fleet: Any, clock: Clock) -> None:
    delivered_one(fleet, opened(fleet, keep_days=30))
    clock.now += 30 * 86400 * SECOND_NS
    caught_up(opened(fleet, keep_days=30))
    assert fleet.states() == ["delivered"]
    clock.now += 1
    caught_up(opened(fleet, keep_days=30))
    assert fleet.states() == []


def test_a_clock_that_jumped_ahead_deletes_no_delivery(fleet: Any, clock: Clock) -> None:
    deliveries = opened(fleet, keep_days=30)
    deliveries.poll()
    delivered_one(fleet, deliveries, *(str(number) for number in range(20)))
    for days in (31, 400):
        clock.set_ahead = days * 86400 * SECOND_NS
        deliveries.poll()
    assert fleet.states() == ["delivered"] * 20
    clock.set_ahead = 0
    clock.now += 30 * 86400 * SECOND_NS + HOUR * 3
    caught_up(deliveries)
    assert fleet.states() == []


def test_old_deliveries_are_looked_for_once_an_hour(fleet: Any, clock: Clock) -> None:
    deliveries = opened(fleet, keep_days=0.01)
    deliveries.poll()
    begun = clock.now
    delivered_one(fleet, deliveries)
    for later in (900 * SECOND_NS, HOUR):
        clock.now = begun + later
        deliveries.poll()
        assert fleet.states() == ["delivered"]
    clock.now += 1
    deliveries.poll()
    assert fleet.states() == []


def test_many_old_deliveries_are_forgotten_in_as_many_turns(
    fleet: Any, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_FORGET_BATCH", 2)
    delivered_one(fleet, opened(fleet), *"abcde")
    clock.now += 31 * 86400 * SECOND_NS
    caught_up(opened(fleet, keep_days=365))  # what the passing of time has told of the incident
    deliveries, left = opened(fleet), []
    for _ in range(3):
        deliveries.poll()
        left.append(len(fleet.deliveries()))
    assert left == [3, 1, 0]


def test_new_notices_become_deliveries_before_the_table_is_tidied(fleet: Any, clock: Clock) -> None:
    delivered_one(fleet, opened(fleet))
    clock.now += 31 * 86400 * SECOND_NS
    caught_up(opened(fleet, keep_days=365))  # what the passing of time has told of the incident
    fleet.notice("new")
    deliveries = opened(fleet, keep_days=30)
    assert len(deliveries.poll().ready) == 1
    assert sorted(fleet.states()) == ["delivered", "pending"]
    caught_up(deliveries)
    assert fleet.states() == ["pending"]


def test_ended_deliveries_are_forgotten_after_their_days(fleet: Any, clock: Clock) -> None:
    added, deliveries = fleet.add("https://x.test/"), opened(fleet, keep_days=30)
    for number in range(2):
        fleet.notice(str(number))
    deliveries.poll()
    recorded(deliveries, first(deliveries, added.id), Reply(200))
    clock.now += 31 * 86400 * SECOND_NS
    deliveries.poll()
    assert fleet.states() == ["pending"]


def test_a_delivery_ends_though_its_endpoint_was_removed_meanwhile(fleet: Any, clock: Clock) -> None:
    added, deliveries = fleet.add("https://x.test/"), opened(fleet)
    fleet.notice()
    deliveries.poll()
    delivery = first(deliveries, added.id)
    with writing(fleet.engine) as connection:
        remove_webhook(connection, added.id, now_ns=clock.now)
    assert recorded(deliveries, delivery, Reply(204)) == "delivered"
    assert fleet.states() == ["delivered"]


def test_what_was_put_off_by_a_clock_that_was_fast_is_sent_when_it_is_set_right(fleet: Any, clock: Clock) -> None:
    added, deliveries = fleet.add("https://x.test/"), opened(fleet, breaker_failures=1)
    clock.now += HOUR
    fleet.notice("failed")
    deliveries.poll()
    recorded(deliveries, first(deliveries, added.id), DOWN)
    fleet.notice("never attempted")
    assert deliveries.poll().ready == ()
    clock.now -= HOUR
    assert deliveries.poll().ready == (added.id,)
    job = deliveries.jobs([added.id], 9).get(added.id)
    assert job is not None
    assert len(job.deliveries) == 2


def test_a_clock_set_right_while_the_worker_was_down_holds_nothing_up(fleet: Any, clock: Clock) -> None:
    added = fleet.add("https://x.test/")
    clock.now += HOUR
    fleet.notice()
    opened(fleet).poll()
    clock.now -= HOUR
    assert opened(fleet).poll().ready == (added.id,)


def test_a_retry_keeps_its_time_when_the_clock_is_right(fleet: Any, clock: Clock) -> None:
    added, deliveries = fleet.add("https://x.test/"), opened(fleet)
    fleet.notice()
    deliveries.poll()
    recorded(deliveries, first(deliveries, added.id), DOWN)
    clock.now += 1
    assert opened(fleet).poll().ready == ()


@pytest.mark.parametrize(
    ("status", "state"),
    [(199, "pending"), (200, "delivered"), (299, "delivered"), (300, "pending"), (404, "pending"), (500, "pending"),
     (409, "pending"), (410, "dead"), (411, "pending")],
)  # fmt: skip
def test_the_answers_status_decides(fleet: Any, clock: Clock, status: int, state: str) -> None:
    added, deliveries = fleet.add("https://x.test/"), opened(fleet)
    fleet.notice()
    deliveries.poll()
    assert recorded(deliveries, first(deliveries, added.id), Reply(status)) == state
    (delivery,) = fleet.deliveries()
    assert (delivery.state, delivery.attempts, delivery.status) == (state, 1, status)
    assert delivery.error == (None if state == "delivered" else f"answered {status}")
    assert (fleet.status(added.id).gone_at == clock.now) == (status == 410)


def test_a_receiver_that_asks_for_thousands_of_years_is_asked_again_in_a_day(fleet: Any, clock: Clock) -> None:
    added, deliveries = fleet.add("https://x.test/"), opened(fleet)
    fleet.notice()
    deliveries.poll()
    recorded(deliveries, first(deliveries, added.id), Reply(429, "Fri, 31 Dec 9999 23:59:59 GMT"))
    (delivery,) = fleet.deliveries()
    assert 0 < delivery.due_at - clock.now <= 86400 * 1_000_000_000


def test_what_failed_without_an_answer_says_why(fleet: Any, clock: Clock) -> None:
    added, deliveries = fleet.add("https://x.test/"), opened(fleet)
    fleet.notice()
    deliveries.poll()
    recorded(deliveries, first(deliveries, added.id), DOWN)
    (delivery,) = fleet.deliveries()
    assert (delivery.status, delivery.error) == (None, "down")


@pytest.mark.parametrize("asked", ["600", "Fri, 15 Jan 2027 08:10:00 GMT"])
@pytest.mark.parametrize(
    ("status", "obeyed"),
    [(429, True), (503, True), (428, False), (430, False), (502, False), (504, False), (500, False)],
)
def test_a_pause_is_granted_for_statuses_that_may_ask_for_one(
    fleet: Any, clock: Clock, asked: str, status: int, obeyed: bool
) -> None:
    """RFC 9110 §15.6.4 and RFC 6585 §4; the clock shows 08:00:00 of that day."""
    added, deliveries = fleet.add("https://x.test/"), opened(fleet)
    fleet.notice()
    deliveries.poll()
    recorded(deliveries, first(deliveries, added.id), Reply(status, asked))
    seconds = ((deliveries.poll().next_at or 0) - clock.now) / SECOND_NS
    assert seconds == 600 if obeyed else 4 <= seconds <= 6


def test_a_turn_without_anything_is_all_zero(fleet: Any, clock: Clock) -> None:
    fleet.add("https://x.test/")
    assert opened(fleet).poll() == Poll(ready=(), next_at=None, lag=0, pending=0, dead=0)


def test_what_is_due_now_is_not_waited_for(fleet: Any, clock: Clock) -> None:
    added, deliveries = fleet.add("https://x.test/"), opened(fleet)
    fleet.notice()
    poll = deliveries.poll()
    assert (poll.ready, poll.next_at, poll.lag, poll.pending, poll.dead) == ((added.id,), None, 0, 1, 0)
    job = deliveries.jobs([added.id], 10).get(added.id)
    assert job is not None
    assert (job.webhook, len(job.deliveries)) == (added, 1)


def test_an_endpoint_with_nothing_due_has_no_job(fleet: Any, clock: Clock) -> None:
    added, deliveries = fleet.add("https://x.test/"), opened(fleet)
    deliveries.poll()
    assert deliveries.jobs([added.id], 10).get(added.id) is None
    assert deliveries.jobs(["wh_none"], 10).get("wh_none") is None


def test_notices_of_a_later_turn_are_taken(fleet: Any, clock: Clock) -> None:
    added, deliveries = fleet.add("https://x.test/"), opened(fleet)
    deliveries.poll()
    fleet.notice()
    assert deliveries.poll().ready == (added.id,)


def test_the_backlog_is_counted_every_five_seconds(fleet: Any, clock: Clock) -> None:
    fleet.add("https://x.test/")
    deliveries = opened(fleet)
    fleet.notice("a")
    assert deliveries.poll().pending == 1
    fleet.notice("b")
    pending = []
    for later in (0, 5 * SECOND_NS, 1):
        clock.now += later
        pending.append(deliveries.poll().pending)
    assert pending == [1, 1, 2]


def test_notices_that_were_forgotten_meanwhile_are_no_lag(fleet: Any, clock: Clock) -> None:
    fleet.add("https://x.test/")
    deliveries = opened(fleet)
    fleet.notice()
    deliveries.poll()
    with writing(fleet.engine) as connection:
        connection.execute(text("DELETE FROM notice"))
    assert deliveries.poll().lag == 0


def test_a_replay_is_done_once(fleet: Any, clock: Clock) -> None:
    added, deliveries = fleet.add("https://x.test/"), opened(fleet)
    fleet.notice()
    deliveries.poll()
    recorded(deliveries, first(deliveries, added.id), Reply(410))
    with writing(fleet.engine) as connection:
        enable_webhook(connection, added.id, now_ns=clock.now + 1)
        for _ in range(2):
            request_replay(connection, added.id, now_ns=clock.now)
    clock.now += 2
    assert deliveries.poll().ready == (added.id,)
    assert recorded(deliveries, first(deliveries, added.id), Reply(410)) == "dead"
    deliveries.poll()
    assert fleet.states() == ["dead"]


def test_one_delivery_ends_a_series_of_failures(fleet: Any, clock: Clock) -> None:
    added, deliveries = fleet.add("https://x.test/"), opened(fleet)
    fleet.notice("a")
    fleet.notice("b")
    deliveries.poll()
    recorded(deliveries, first(deliveries, added.id), DOWN)
    assert fleet.status(added.id).failures == 1
    recorded(deliveries, first(deliveries, added.id), Reply(204))
    assert (fleet.status(added.id).failures, fleet.status(added.id).failing_since) == (0, None)


def test_deliveries_that_arrived_are_recorded_together_each_with_its_own_past(fleet: Any, clock: Clock) -> None:
    added, deliveries = fleet.add("https://x.test/"), opened(fleet, first_retry_seconds=1)
    for number in range(3):
        fleet.notice(str(number))
    deliveries.poll()
    recorded(deliveries, first(deliveries, added.id), DOWN)
    tried_at, clock.now = clock.now, clock.now + 60 * SECOND_NS
    job = deliveries.jobs([added.id], 2).get(added.id)
    assert job is not None
    assert deliveries.record_successes([Success(each, 200 + number) for number, each in enumerate(job.deliveries)]) == 2
    found = [(d.state, d.attempts, d.first_attempt_at, d.ended_at, d.status, d.error) for d in fleet.deliveries()]
    assert found == [
        ("delivered", 2, tried_at, clock.now, 200, None),
        ("delivered", 1, clock.now, clock.now, 201, None),
        ("pending", 0, None, None, None, None),
    ]
    assert fleet.status(added.id).failures == 0
