# SPDX-License-Identifier: MIT
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet_core.timing.durations import SECOND_NS
from decnet_models.webhooks.delivery_queries import EndpointState
from decnet_workers.outbound.retry_after import retry_after
from decnet_workers.webhook.breaker import Breaker, after_success, is_open
from decnet_workers.webhook.retry import Schedule
from decnet_workers.webhook.settings import WebhookSettings

DEFAULT = WebhookSettings()
SCHEDULE = Schedule(
    DEFAULT.first_retry_seconds, DEFAULT.retry_factor, DEFAULT.longest_retry_seconds, DEFAULT.give_up_seconds
)


@given(st.lists(st.floats(0, 1, exclude_max=True), min_size=100, max_size=100))
def test_retries_go_on_for_a_day_and_end_there(chances: list[float]) -> None:
    now, times = 0, []
    for attempt, chance in enumerate(chances, start=1):
        again = SCHEDULE.next_at(attempt, 0, now, chance)
        if again is None:
            break
        assert again > now
        now = again
        times.append(again)
    assert times[-1] == 86400 * SECOND_NS
    assert 8 <= len(times) <= 20


def test_delays_grow_and_are_spread() -> None:
    middle = [SCHEDULE.delay(attempt, 0.5) for attempt in range(1, 9)]
    assert middle == [5, 20, 80, 320, 1280, 5120, 14400, 14400]
    assert SCHEDULE.delay(1, 0) == 4
    assert SCHEDULE.delay(1, 0.999999) == pytest.approx(6, abs=0.001)
    assert SCHEDULE.delay(10**6, 0.5) == 14400


def test_retry_after_of_the_receiver_is_honoured_up_to_the_end() -> None:
    assert SCHEDULE.next_at(1, 0, 0, 0.5, 600) == 600 * SECOND_NS
    assert SCHEDULE.next_at(1, 0, 0, 0.5, 1) == 5 * SECOND_NS
    assert SCHEDULE.next_at(1, 0, 0, 0.5, 10**9) == 86400 * SECOND_NS
    assert SCHEDULE.next_at(1, 0, 0, 0.5, 0) == 5_000_000_000
    assert Schedule(0.1, 1, 1, 10).next_at(1, 0, 0, 0.5) == SECOND_NS // 10


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("120", 120), (" 0 ", 0), ("Fri, 31 Dec 1999 23:59:59 GMT", 59), ("Fri, 31 Dec 1999 23:00:00 GMT", 0),
     ("-1", None), ("1.5", None), ("", None), (None, None), ("soon", None), ("9" * 30, None), ("²", None),
     ("Fri, 31 Dec 99999999999 23:59:59 GMT", None), ("Fri, 31 Dec 9999 23:59:59 GMT", 86400), ("999999999", 86400)],
)  # fmt: skip
def test_retry_after_is_seconds_or_a_date(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, 946684740) == seconds


@given(st.text(max_size=60))
def test_any_retry_after_is_readable_or_nothing(value: str) -> None:
    found = retry_after(value, 1e9)
    assert found is None or 0 <= found <= 86400


BREAKER = Breaker(failures=3, seconds=30, longest=100)


def test_the_breaker_opens_after_failures_in_a_row_for_longer_each_time() -> None:
    state, pauses = EndpointState(), []
    for second in range(6):
        state = BREAKER.after_failure(state, second * SECOND_NS)
        pauses.append((state.open_until - second * SECOND_NS) / SECOND_NS if state.open_until else 0)
    assert pauses == [0, 0, 30, 60, 100, 100]
    assert state.failing_since == 0
    assert is_open(state, 6 * SECOND_NS)
    assert not is_open(state, state.open_until or 0)


def test_one_delivery_closes_the_breaker() -> None:
    state = EndpointState()
    for _ in range(5):
        state = BREAKER.after_failure(state, 1)
    assert after_success(state) == EndpointState()


def test_a_failure_between_successes_opens_nothing() -> None:
    state = EndpointState()
    for _ in range(10):
        state = after_success(BREAKER.after_failure(BREAKER.after_failure(state, 1), 2))
    assert state.open_until is None


def test_a_receiver_that_asks_for_a_pause_gets_it_at_once() -> None:
    assert BREAKER.after_failure(EndpointState(), 0, 600).open_until == 600 * SECOND_NS
