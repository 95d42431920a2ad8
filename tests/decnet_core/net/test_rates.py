# SPDX-License-Identifier: MIT
"""No clock and no crowd makes a source get more than its rate."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet_core.net.rates import SourceRates, TokenBucket

PER_SECOND, BURST = 2.0, 5
TIMES = st.lists(st.floats(0, 1000), max_size=60)
ROUNDING = 1e-6


def test_a_burst_is_allowed_then_the_rate() -> None:
    rates = SourceRates(2, 3)
    assert [rates.allows("a", 0) for _ in range(4)] == [True, True, True, False]
    assert rates.allows("b", 0)
    assert [rates.allows("a", 1) for _ in range(3)] == [True, True, False]


@given(TIMES.map(sorted))
def test_no_interval_gets_more_than_burst_and_rate(times: list[float]) -> None:
    bucket = TokenBucket(PER_SECOND, BURST)
    allowed = [now for now in times if bucket.allows(now)]
    for first, start in enumerate(allowed):
        for last in range(first, len(allowed)):
            assert last - first + 1 <= BURST + PER_SECOND * (allowed[last] - start) + ROUNDING


@given(TIMES.map(sorted), st.integers(1, 9))
def test_waiting_the_returned_delay_keeps_the_rate(times: list[float], count: int) -> None:
    bucket, now, taken = TokenBucket(PER_SECOND, BURST), 0.0, 0
    for time in times:
        now = max(now, time)
        now += bucket.delay(now, count)
        taken += count
        assert taken <= BURST + PER_SECOND * now + ROUNDING


@given(TIMES)
def test_each_jump_back_of_the_clock_gives_nothing(times: list[float]) -> None:
    bucket, forward, before = TokenBucket(PER_SECOND, BURST), 0.0, None
    allowed = 0
    for now in times:
        forward += 0.0 if before is None else max(0.0, now - before)
        before = now
        allowed += bucket.allows(now)
        assert allowed <= BURST + PER_SECOND * forward + ROUNDING


@given(st.floats(-1e9, 1e9), TIMES)
def test_jump_of_the_clock_delays_nobody_for_longer_than_the_rate(jump: float, times: list[float]) -> None:
    bucket = TokenBucket(PER_SECOND, BURST)
    for now in times:
        bucket.allows(now)
    bucket.allows(jump)
    assert bucket.allows(jump + 1.1 / PER_SECOND)


@given(st.integers(1, 50), st.floats(0, 10))
def test_debt_is_paid_after_the_returned_delay(count: int, later: float) -> None:
    bucket = TokenBucket(PER_SECOND, BURST)
    debt = bucket.delay(0, count)
    assert debt == max(0, count - BURST) / PER_SECOND
    assert bucket.allows(later) == ((min(BURST, BURST - count + later * PER_SECOND)) >= 1)


@given(st.lists(st.tuples(st.integers(0, 50), st.floats(0, 1000)), max_size=300))
@pytest.mark.parametrize("method", [SourceRates.allows, SourceRates.delay])
def test_the_table_of_sources_is_bounded(
    method: Callable[[SourceRates, str, float], object], uses: list[tuple[int, float]]
) -> None:
    rates = SourceRates(1, 1, max_sources=10)
    for source, now in uses:
        method(rates, str(source), now)
        assert len(rates) <= 10


@given(st.lists(st.integers(0, 30), max_size=200))
def test_source_unused_for_longest_is_forgotten_first(uses: list[int]) -> None:
    rates = SourceRates(1e-9, 1, max_sources=10)
    recent: list[int] = []
    for source in uses:
        assert rates.allows(str(source), 0) == (source not in recent)
        recent = [*[each for each in recent if each != source][-9:], source]
