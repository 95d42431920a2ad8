# SPDX-License-Identifier: MIT
"""The worker's transactions, with time that the test sets."""

from __future__ import annotations

from typing import Any

import pytest

from decnet_models.database.engine import reading, writing
from decnet_models.errors import CursorMovedError
from decnet_models.progress.queries import cursor_of, move_cursor
from decnet_models.webhooks.queries import remove_webhook
from decnet_workers.webhook import outbox as module
from decnet_workers.webhook.http_sender import Failed, Reply
from decnet_workers.webhook.outbox import BATCH, Outbox
from decnet_workers.webhook.retry import NS
from decnet_workers.webhook.settings import WebhookSettings

DOWN = Failed("down")


class Clock:
    """Stands for the module `time` in the outbox."""

    def __init__(self) -> None:
        self.now = 1_800_000_000 * NS

    def time_ns(self) -> int:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(module, "time", made)
    return made


def opened(fleet: Any, **changes: Any) -> Outbox:
    made = Outbox(fleet.engine, WebhookSettings(**changes))
    made.prepare()
    return made


def first(outbox: Outbox, webhook_id: str) -> Any:
    job = outbox.job(webhook_id, 1)
    assert job is not None
    return job.deliveries[0]


def test_a_turn_takes_new_notices_once(fleet: Any, clock: Clock) -> None:
    added, outbox = fleet.add("https://x.test/"), opened(fleet)
    for number in range(3):
        fleet.notice(str(number))
    poll = outbox.poll()
    assert (poll.ready, poll.lag, poll.pending) == ((added.id,), 0, 3)
    assert outbox.poll().ready == (added.id,)
    assert len(fleet.deliveries()) == 3
    with reading(fleet.engine) as connection:
        assert cursor_of(connection, "webhook") == 3


def test_a_long_backlog_is_taken_in_batches(fleet: Any, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BATCH", 2)
    fleet.add("https://x.test/")
    outbox = opened(fleet)
    for number in range(5):
        fleet.notice(str(number))
    assert [outbox.poll().lag for _ in range(3)] == [3, 1, 0]
    assert BATCH > 2
    assert len(fleet.deliveries()) == 5


def test_another_instance_that_moved_the_cursor_is_noticed(
    fleet: Any, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet.add("https://x.test/")
    outbox = opened(fleet)
    fleet.notice()
    take = outbox._take

    def late(connection: Any, start: int, found: Any, now: int) -> None:
        """Take after another instance has committed."""
        move_cursor(connection, "webhook", 1, now_ns=now)
        take(connection, start, found, now)

    monkeypatch.setattr(outbox, "_take", late)
    with pytest.raises(CursorMovedError):
        outbox.poll()
    assert fleet.deliveries() == []


def test_a_day_of_failures_is_a_dead_letter(fleet: Any, clock: Clock) -> None:
    added, outbox = fleet.add("https://x.test/"), opened(fleet, breaker_failures=1000)
    fleet.notice()
    outbox.poll()
    started, attempts = clock.now, 0
    while fleet.states() == ["pending"]:
        outbox.record(first(outbox, added.id), DOWN)
        attempts += 1
        clock.now = outbox.poll().next_at or clock.now
    (letter,) = fleet.deliveries()
    assert (letter.state, letter.attempts, letter.error) == ("dead", attempts, "down")
    assert letter.ended_at - started == 86400 * NS
    assert 8 < attempts < 20


def test_an_open_breaker_keeps_everything_until_it_is_time_for_a_probe(fleet: Any, clock: Clock) -> None:
    added = fleet.add("https://x.test/")
    outbox = opened(fleet, breaker_failures=2, breaker_seconds=60, first_retry_seconds=1)
    for number in range(4):
        fleet.notice(str(number))
    outbox.poll()
    for _ in range(2):
        outbox.record(first(outbox, added.id), DOWN)
    poll = outbox.poll()
    assert (poll.ready, poll.next_at) == ((), clock.now + 60 * NS)
    assert outbox.job(added.id, 10) is None
    clock.now += 60 * NS
    probe = first(outbox, added.id)
    assert probe.notice_seq == 1
    outbox.record(probe, DOWN)
    assert outbox.poll().next_at == clock.now + 120 * NS
    clock.now += 120 * NS
    outbox.record(first(outbox, added.id), Reply(204))
    assert outbox.poll().ready == (added.id,)


def test_the_breaker_counts_from_the_last_delivery_on(fleet: Any, clock: Clock) -> None:
    added, outbox = fleet.add("https://x.test/"), opened(fleet, breaker_failures=2, breaker_seconds=60)
    for number in range(4):
        fleet.notice(str(number))
    outbox.poll()
    opens = []
    for outcome in (DOWN, Reply(204), DOWN, DOWN):
        outbox.record(first(outbox, added.id), outcome)
        opens.append(outbox.poll().ready == ())
    assert opens == [False, False, False, True]


def test_what_waits_behind_a_breaker_for_a_day_is_given_up_too(fleet: Any, clock: Clock) -> None:
    added, outbox = fleet.add("https://x.test/"), opened(fleet, breaker_failures=1)
    for number in range(3):
        fleet.notice(str(number))
    outbox.poll()
    outbox.record(first(outbox, added.id), DOWN)
    clock.now += 86401 * NS
    fleet.notice("late")
    outbox.poll()
    outbox.record(first(outbox, added.id), DOWN)
    assert fleet.states() == ["dead", "dead", "dead", "pending"]


def test_ended_deliveries_are_forgotten_after_their_days(fleet: Any, clock: Clock) -> None:
    added, outbox = fleet.add("https://x.test/"), opened(fleet, keep_days=30)
    for number in range(2):
        fleet.notice(str(number))
    outbox.poll()
    outbox.record(first(outbox, added.id), Reply(200))
    clock.now += 31 * 86400 * NS
    outbox.poll()
    assert fleet.states() == ["pending"]


def test_a_delivery_ends_though_its_endpoint_was_removed_meanwhile(fleet: Any, clock: Clock) -> None:
    added, outbox = fleet.add("https://x.test/"), opened(fleet)
    fleet.notice()
    outbox.poll()
    delivery = first(outbox, added.id)
    with writing(fleet.engine) as connection:
        remove_webhook(connection, added.id, now_ns=clock.now)
    assert outbox.record(delivery, Reply(204)) == "delivered"
    assert fleet.states() == ["delivered"]


HOUR = 3600 * NS


def test_what_was_put_off_by_a_clock_that_was_fast_is_sent_when_it_is_set_right(fleet: Any, clock: Clock) -> None:
    added, outbox = fleet.add("https://x.test/"), opened(fleet, breaker_failures=1)
    clock.now += HOUR
    fleet.notice("failed")
    outbox.poll()
    outbox.record(first(outbox, added.id), DOWN)
    fleet.notice("never attempted")
    assert outbox.poll().ready == ()
    clock.now -= HOUR
    assert outbox.poll().ready == (added.id,)
    job = outbox.job(added.id, 9)
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
    added, outbox = fleet.add("https://x.test/"), opened(fleet)
    fleet.notice()
    outbox.poll()
    outbox.record(first(outbox, added.id), DOWN)
    clock.now += 1
    assert opened(fleet).poll().ready == ()
