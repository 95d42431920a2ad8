# SPDX-License-Identifier: MIT
"""By which time old rows may be deleted when the clock cannot be trusted."""

from __future__ import annotations

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet_core.timing.durations import HOUR_NS
from decnet_models.events.plausible_time import MAX_GAP_HOURS, PROOF_HOURS, SLACK_NS, PlausibleTime, plausible_by_log

DAY = 24
START = 1000 * DAY
BUSY = list(range(START - PROOF_HOURS + 1, START + 1))
"""A log that took events in each of the last hours."""


def ns(hour: int) -> int:
    return hour * HOUR_NS + 1234


def test_a_busy_log_and_a_right_clock_are_trusted() -> None:
    clock = PlausibleTime()
    for hours in range(100):
        log = list(range(START + hours - PROOF_HOURS + 1, START + hours + 1))
        assert clock.now(ns(START + hours), hours * HOUR_NS, log) == ns(START + hours)


def test_a_jump_of_a_running_process_is_not_trusted_and_reported_once(caplog: pytest.LogCaptureFixture) -> None:
    clock = PlausibleTime()
    clock.now(ns(START), 0, BUSY)
    with caplog.at_level(logging.WARNING):
        for minutes in range(3):
            passed = minutes * HOUR_NS // 60
            now = ns(START + 400 * DAY) + passed
            assert clock.now(now, passed, [*BUSY[1:], START + 400 * DAY]) <= ns(START) + passed + SLACK_NS
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert clock.counters()["clock_doubted_seconds"] > 399 * DAY * 3600


def test_a_jump_before_the_start_counts_as_two_days_whatever_came_since() -> None:
    for hours in range(PROOF_HOURS - 1):
        jumped = START + 400 * DAY
        log = [*BUSY, *range(jumped, jumped + hours + 1)][-PROOF_HOURS:]
        believed = PlausibleTime().now(ns(jumped + hours), 5, log)
        assert believed <= ns(START + MAX_GAP_HOURS + hours) + SLACK_NS


def test_a_fleet_that_was_off_for_long_is_trusted_after_a_day_of_events() -> None:
    later = START + 60 * DAY
    clock = PlausibleTime()
    assert clock.now(ns(later), 0, [*BUSY[1:], later]) < ns(START + 3 * DAY)
    log = list(range(later, later + PROOF_HOURS))
    assert clock.now(ns(later + PROOF_HOURS - 1), (PROOF_HOURS - 1) * HOUR_NS, log) == ns(later + PROOF_HOURS - 1)


def test_a_quiet_fleet_ages_as_time_passes() -> None:
    clock = PlausibleTime()
    clock.now(ns(START), 0, [START])
    assert clock.now(ns(START + 90 * DAY), 90 * DAY * HOUR_NS, [START]) == ns(START + 90 * DAY)


def test_hours_of_a_clock_that_was_ahead_do_not_make_later_jumps_plausible() -> None:
    ahead = [START + 400 * DAY]
    assert PlausibleTime().now(ns(START + 1), 0, [*BUSY[1:], *ahead]) == ns(START + 1)


def test_with_no_log_there_is_nothing_to_compare_with() -> None:
    assert PlausibleTime().now(ns(START), 0, []) == ns(START)


@given(st.integers(0, 10**6), st.lists(st.integers(0, 10**6), max_size=PROOF_HOURS).map(sorted))
def test_nothing_is_trusted_later_than_the_clock(now: int, hours: list[int]) -> None:
    assert plausible_by_log(ns(now), hours) <= ns(now)
    assert PlausibleTime().now(ns(now), 0, hours) <= ns(now)
