# SPDX-License-Identifier: MIT
"""Flows add up to what a list of their packets says."""

from __future__ import annotations

import statistics
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet_sniff.sniff.transport.flow_timing import Ending, Timing, Timings, closed, mean_and_deviation

ENDING = Ending(b"\x0a\0\0\1", b"\x0a\0\0\2", 22, "tcp", "fin")
MS = 1_000_000

times = st.lists(st.integers(0, 3600 * 1000 * MS), min_size=1, max_size=20).map(sorted)


def flow(moments: list[int]) -> Timing:
    squares = sum((later - earlier) ** 2 for earlier, later in pairwise(moments))
    return Timing(moments[0], len(moments), 0, 10 * len(moments), 0, moments[-1] - moments[0], squares)


@given(times)
def test_mean_and_deviation_are_those_of_the_gaps(moments: list[int]) -> None:
    reported = closed(ENDING, flow(moments))
    gaps = [later - earlier for earlier, later in pairwise(moments)]
    if not gaps:
        assert (reported.gap_mean_us, reported.gap_deviation_us) == (None, None)
        return
    assert reported.gap_mean_us == sum(gaps) // len(gaps) // 1000
    assert reported.gap_deviation_us == pytest.approx(statistics.pstdev(gaps) / 1000, abs=2)


@given(st.lists(times, min_size=1, max_size=6))
def test_flows_that_end_alike_are_reported_as_one(flows: list[list[int]]) -> None:
    timings = Timings(limit=1)
    for moments in flows:
        timings.add(ENDING, flow(moments))
    ((ending, first, reported),) = timings.take()
    assert (ending, reported.count) == (ENDING, len(flows))
    assert first == min(moments[0] for moments in flows)
    assert reported.packets_sent == sum(map(len, flows))
    assert reported.bytes_sent == 10 * reported.packets_sent
    assert reported.duration_ms == sum(moments[-1] - moments[0] for moments in flows) // MS
    assert timings.take() == []


def test_more_endings_than_the_limit_are_counted() -> None:
    timings = Timings(limit=2)
    for port in range(5):
        timings.add(ENDING._replace(port=port), flow([1, 2]))
    assert (len(timings), timings.not_reported) == (2, 3)
    timings.add(ENDING._replace(port=0), flow([5, 6]))
    assert timings.not_reported == 3


@given(st.integers(-3, 9), st.integers(-(2**63), 2**63), st.integers(0, 2**90))
def test_no_numbers_make_it_raise(count: int, total: int, squares: int) -> None:
    mean, deviation = mean_and_deviation(count, total, squares)
    assert mean is None or mean >= 0
    assert deviation is None or deviation >= 0
