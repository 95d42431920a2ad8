# SPDX-License-Identifier: MIT
"""How much the clusterer computes at once: less where attackers have many others to be compared with."""

from __future__ import annotations

from decnet_workers.clusterer.worker import FIRST_ROUND, LEAST_ROUND, MOST_READ, ROUND, next_round


def test_a_round_that_read_too_many_makes_the_next_one_smaller() -> None:
    assert next_round(1_000, 2 * MOST_READ) == 500
    assert next_round(4_000, 4 * MOST_READ) == 1_000


def test_one_that_read_few_makes_it_larger_by_steps() -> None:
    assert next_round(600, 700) == 1_200
    assert next_round(900, 900) == 1_800
    assert next_round(ROUND, ROUND) == ROUND


def test_one_attacker_who_shares_something_with_all_does_not_stop_the_rest() -> None:
    assert next_round(1, 50 * MOST_READ) == LEAST_ROUND
    assert next_round(0, 0) == LEAST_ROUND
    assert next_round(1, 1) == 2 * FIRST_ROUND
