# SPDX-License-Identifier: MIT
"""When a process counts as idle, and what a trim returns to the kernel."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from decnet_core.runtime.idle_trim import CALM_SECONDS, WORKED_SECONDS, IdleDetector

BUSY = 10 * WORKED_SECONDS


def test_becoming_idle_is_reported_once() -> None:
    detector = IdleDetector()
    assert [detector.became_idle(used) for used in (BUSY, BUSY, BUSY + CALM_SECONDS, BUSY + CALM_SECONDS)] == [
        False,
        True,
        False,
        False,
    ]


def test_a_process_that_goes_on_working_is_not_idle() -> None:
    detector = IdleDetector()
    assert not any(detector.became_idle(used) for used in (BUSY, 2 * BUSY, 3 * BUSY))


def test_heartbeats_alone_become_work_after_long_only() -> None:
    detector = IdleDetector()
    beats = [number * CALM_SECONDS / 2 for number in range(1, 100)]
    told = [number for number, used in enumerate(beats) if detector.became_idle(used)]
    assert told[0] == 0  # after the start
    assert min(b - a for a, b in pairwise(told)) >= WORKED_SECONDS / CALM_SECONDS


def test_a_process_that_is_never_idle_returns_its_heap_when_it_has_worked() -> None:
    detector, told = IdleDetector(), []
    for used in (BUSY, BUSY + WORKED_SECONDS / 2, BUSY + WORKED_SECONDS, 2 * BUSY):
        assert not detector.became_idle(used)
        told.append(detector.worked(used))
    assert told == [True, False, True, True]


def test_becoming_idle_counts_as_a_trim_of_a_busy_process() -> None:
    detector = IdleDetector()
    assert not detector.became_idle(BUSY)
    assert detector.became_idle(BUSY)
    assert not detector.became_idle(BUSY + CALM_SECONDS)
    assert not detector.worked(BUSY + CALM_SECONDS)


def test_a_process_that_did_nothing_has_no_heap_to_return() -> None:
    detector = IdleDetector()
    assert detector.became_idle(0.0)
    for _ in range(9):
        assert not detector.became_idle(WORKED_SECONDS / 2)
        assert not detector.worked(WORKED_SECONDS / 2)


@given(st.lists(st.floats(0, 10 * WORKED_SECONDS), max_size=200))
def test_no_trim_is_due_more_often_than_the_work_is_worth(steps: list[float]) -> None:
    detector, used, told = IdleDetector(), 0.0, 0
    for step in steps:
        used += step
        told += detector.became_idle(used)
    assert (told - 1) * WORKED_SECONDS <= used + 1e-6


def test_free_blocks_go_back_to_the_kernel() -> None:
    program = """
from decnet_core.runtime.idle_trim import trim
def resident():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("RssAnon:"))
blocks = [bytes(1500) for _ in range(20_000)]
held = [bytes(1500) for _ in range(10)]  # at the end of the heap: without being asked, glibc keeps what lies before
del blocks
before = resident()
trim()
print(before, resident())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    before, after = map(int, done.stdout.split())
    assert after < before - 15_000
