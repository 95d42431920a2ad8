# SPDX-License-Identifier: MIT
from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from decnet_workers.canary.rate import ConnectionLimit, RateLimit, source_of


def test_a_burst_is_allowed_then_the_rate() -> None:
    rate = RateLimit(2, 3)
    assert [rate.allows("a", 0) for _ in range(4)] == [True, True, True, False]
    assert rate.allows("b", 0)
    assert [rate.allows("a", 1) for _ in range(3)] == [True, True, False]


@given(st.lists(st.tuples(st.integers(0, 50), st.floats(0, 1000)), max_size=300))
def test_the_table_of_sources_is_bounded(uses: list[tuple[int, float]]) -> None:
    rate = RateLimit(1, 1, max_sources=10)
    for source, now in uses:
        rate.allows(str(source), now)
        assert len(rate) <= 10


@given(st.lists(st.floats(0, 100), max_size=200).map(sorted))
def test_no_source_ever_gets_more_than_burst_and_rate(times: list[float]) -> None:
    rate = RateLimit(2, 5)
    allowed = sum(rate.allows("a", now) for now in times)
    assert allowed <= 5 + 2 * 100 + 1


def test_one_host_with_a_whole_64_is_one_source() -> None:
    assert source_of("2001:db8:1:2:3::4") == source_of("2001:db8:1:2::9") == "2001:db8:1:2::"
    assert source_of("192.0.2.1") != source_of("192.0.2.2")


def test_connections_are_counted_in_all_and_by_source() -> None:
    limit = ConnectionLimit(3, 2)
    assert [limit.enter("a"), limit.enter("a"), limit.enter("a")] == [True, True, False]
    assert [limit.enter("b"), limit.enter("c")] == [True, False]
    limit.leave("a")
    assert limit.enter("c")
    assert limit.total == 3
