# SPDX-License-Identifier: MIT
"""Connections are counted exactly, and the table holds nobody who has none."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet_core.net.connections import ConnectionLimiter

STEPS = st.lists(st.tuples(st.booleans(), st.sampled_from("abcdef")), max_size=200)


def test_connections_are_counted_in_all_and_by_source() -> None:
    limiter = ConnectionLimiter(3, 2)
    assert [limiter.acquire("a"), limiter.acquire("a"), limiter.acquire("a")] == [True, True, False]
    assert [limiter.acquire("b"), limiter.acquire("c")] == [True, False]
    limiter.release("a")
    assert limiter.acquire("c")
    assert limiter.open == 3


@given(STEPS, st.integers(1, 8), st.integers(1, 4))
def test_counts_are_those_of_the_open_connections(
    steps: list[tuple[bool, str]], most: int, most_per_source: int
) -> None:
    limiter, opened = ConnectionLimiter(most, most_per_source), Counter[str]()
    for entering, source in steps:
        if entering:
            room = opened.total() < most and opened[source] < most_per_source
            assert limiter.acquire(source) == room
            opened[source] += room
        elif opened[source]:
            limiter.release(source)
            opened[source] -= 1
        assert (limiter.open, limiter.of(source)) == (opened.total(), opened[source])
        assert len(limiter._by_source) == len(+opened)
    for source in opened.elements():
        limiter.release(source)
    assert (limiter.open, limiter._by_source) == (0, {})


def test_leaving_without_a_connection_is_a_defect_that_changes_nothing() -> None:
    limiter = ConnectionLimiter(1, 1)
    with pytest.raises(KeyError):
        limiter.release("a")
    assert limiter.open == 0
