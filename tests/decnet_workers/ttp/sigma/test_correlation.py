# SPDX-License-Identifier: MIT
from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from decnet_workers.ttp.sigma.correlation import Count, Window, chained, counted

SPAN = 10
EVENTS = st.lists(st.tuples(st.integers(0, 40), st.sampled_from("abcdef")), max_size=30)


def rule(least: int) -> Count:
    return Count(rules=("x",), group_by=("src_ip",), span_ns=SPAN, least=least, line=1)


def naive(events: list[tuple[int, str]], least: int) -> list[bool]:
    """Keep every event since the last hit; a hit is `least` values whose newest times lie within the span."""
    since: list[tuple[int, str]] = []
    hits = []
    for event in events:
        since.append(event)
        newest = sorted(max(ts for ts, one in since if one == value) for value in {one for _, one in since})
        hit = len(newest) >= least and newest[-1] - newest[-least] <= SPAN
        hits.append(hit)
        if hit:
            since = []
    return hits


@given(EVENTS, st.integers(2, 5))
def test_a_bounded_window_fires_when_keeping_everything_would(events: list[tuple[int, str]], least: int) -> None:
    window: Window = ()
    hits = []
    for ts, value in events:
        window, hit = counted(window, ts, value, rule(least))
        hits.append(hit)
        assert len(window) <= least
    assert hits == naive(events, least)


def test_ten_times_the_number_fires_ten_times() -> None:
    window: Window = ()
    hits = 0
    for number in range(50):
        window, hit = counted(window, number % 7, str(number), rule(5))
        hits += hit
    assert hits == 10


def test_the_same_value_is_counted_once() -> None:
    window: Window = ()
    for ts in range(20):
        window, hit = counted(window, ts, "same", rule(2))
        assert not hit
    assert window == ((19, "same"),)


STEPS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 2)), max_size=30)


def sequence(length: int) -> Count:
    rules = tuple("abc"[:length])
    return Count(rules=rules, group_by=("session",), span_ns=SPAN, least=length, line=1, kind="temporal_ordered")


def has_chain(events: list[tuple[int, int]], length: int, before: int, until: int) -> bool:
    """Whether the last of `length` steps at `until` follows the others in order, all within the span; by trying all."""
    if length == 0:
        return True
    return any(
        step == length - 1 and until - ts <= SPAN and has_chain(events[:at], length - 1, at, until)
        for at, (ts, step) in enumerate(events[:before])
    )


@given(STEPS, st.integers(2, 3))
def test_a_sequence_fires_when_trying_all_chains_would(gaps: list[tuple[int, int]], length: int) -> None:
    window: Window = ()
    since: list[tuple[int, int]] = []
    ts = 0
    for gap, step in gaps:
        ts += gap
        if step >= length:
            continue
        window, hit = chained(window, ts, step, sequence(length))
        assert hit == (step == length - 1 and has_chain(since, length - 1, len(since), ts))
        since = [] if hit else [*since, (ts, step)]
        assert len(window) < length


def test_a_step_that_happened_earlier_but_came_later_does_not_complete_a_sequence() -> None:
    window, _ = chained((), 5, 0, sequence(2))
    window, hit = chained(window, 4, 1, sequence(2))
    assert not hit
    assert chained(window, 5, 1, sequence(2)) == ((), True)
