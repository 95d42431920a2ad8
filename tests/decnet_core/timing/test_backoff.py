# SPDX-License-Identifier: MIT
"""The wait after failures doubles up to a limit, whatever their number."""

from decnet_core.timing.backoff import backoff


def test_wait_grows_by_the_factor_up_to_the_longest() -> None:
    assert [backoff(0.5, earlier, 3) for earlier in range(5)] == [0.5, 1, 2, 3, 3]
    assert [backoff(10, earlier, 1000, factor=5) for earlier in range(4)] == [10, 50, 250, 1000]


def test_any_number_of_failures_gives_a_finite_wait() -> None:
    assert backoff(1, 10**9, 60) == 60
    assert backoff(1, -1, 60) == 1
