# SPDX-License-Identifier: MIT
"""Connections are counted exactly, and the table holds nobody who has none."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet_core.net.connections import ConnectionCounts

STEPS = st.lists(st.tuples(st.booleans(), st.sampled_from("abcdef")), max_size=200)


def test_connections_are_counted_in_all_and_by_source() -> None:
    counts = ConnectionCounts(3, 2)
    assert [counts.enter("a"), counts.enter("a"), counts.enter("a")] == [True, True, False]
    assert [counts.enter("b"), counts.enter("c")] == [True, False]
    counts.leave("a")
    assert counts.enter("c")
    assert counts.total == 3


@given(STEPS, st.integers(1, 8), st.integers(1, 4))
def test_counts_are_those_of_the_open_connections(
    steps: list[tuple[bool, str]], most: int, most_per_source: int
) -> None:
    counts, opened = ConnectionCounts(most, most_per_source), Counter[str]()
    for entering, source in steps:
        if entering:
            room = opened.total() < most and opened[source] < most_per_source
            assert counts.enter(source) == room
            opened[source] += room
        elif opened[source]:
            counts.leave(source)
            opened[source] -= 1
        assert (counts.total, counts.of(source)) == (opened.total(), opened[source])
        assert len(counts._by_source) == len(+opened)
    for source in opened.elements():
        counts.leave(source)
    assert (counts.total, counts._by_source) == (0, {})


def test_leaving_without_a_connection_is_a_defect_that_changes_nothing() -> None:
    counts = ConnectionCounts(1, 1)
    with pytest.raises(KeyError):
        counts.leave("a")
    assert counts.total == 0
