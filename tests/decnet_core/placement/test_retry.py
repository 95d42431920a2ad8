# SPDX-License-Identifier: MIT
"""When deckies that failed are tried again."""

from __future__ import annotations

from decnet_core.placement.retry import LONGEST_SECONDS, Retries
from decnet_core.timing.durations import SECOND_NS


def test_pause_doubles_up_to_the_longest() -> None:
    retries = Retries()
    pauses = [retries.failed("a", 1, attempt, now_ns=0).retry_at // SECOND_NS for attempt in range(12)]
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, *[LONGEST_SECONDS] * 3]


def test_nobody_waits_for_a_clock_that_was_ahead() -> None:
    retries = Retries()
    retries.failed("a", 1, 20, now_ns=1000 * SECOND_NS)
    assert retries.waiting(1000 * SECOND_NS) == {"a": 1}
    assert retries.waiting(999 * SECOND_NS) == {}


def test_each_decky_waits_for_itself() -> None:
    retries = Retries()
    retries.failed("a", 3, 0, now_ns=0)
    retries.failed("b", 1, 4, now_ns=0)
    assert retries.waiting(0) == {"a": 3, "b": 1}
    assert retries.waiting(2 * SECOND_NS) == {"b": 1}
    assert retries.next_at() == SECOND_NS
    retries.succeeded("a")
    assert (retries.next_at(), retries.count) == (16 * SECOND_NS, 1)
    retries.keep({"a"})
    assert (retries.next_at(), retries.count) == (None, 0)


def test_hastened_decky_is_tried_at_once_and_its_pause_grows_on() -> None:
    retries = Retries()
    for name in ("a", "b"):
        retries.failed(name, 1, 4, now_ns=0)
    retries.hasten(["a", "unknown"])
    assert retries.waiting(0) == {"b": 1}
    assert retries.failed("a", 1, 5, now_ns=0).retry_at == 32 * SECOND_NS
