# SPDX-License-Identifier: MIT
"""How much the clusterer computes at once: less where attackers have many others to be compared with."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine
from tests.decnet_workers.clusterer.scenes import Follower, event, groups, key, several

from decnet_workers.clusterer import worker
from decnet_workers.clusterer.regroup import Regrouped, regroup
from decnet_workers.clusterer.worker import AIM, FIRST_ROUND, LEAST_ROUND, ROUND, next_round


def test_a_round_that_read_too_many_makes_the_next_one_smaller() -> None:
    assert next_round(1_000, 1_000, 1_000, 2 * AIM) == 500
    assert next_round(4_000, 4_000, 1, 4 * AIM) == 1_000


def test_one_that_read_few_makes_it_larger_by_steps() -> None:
    assert next_round(FIRST_ROUND, FIRST_ROUND, 600, 700) == 2 * FIRST_ROUND
    assert next_round(ROUND, ROUND, ROUND, ROUND) == ROUND


def test_one_of_features_alone_leaves_it_as_it_was() -> None:
    assert next_round(700, 700, 0, 100) == 700
    assert next_round(700, 20, 0, 100) == 700


def test_one_attacker_who_shares_something_with_all_does_not_stop_the_rest() -> None:
    assert next_round(500, 1, 1, 50 * AIM) == LEAST_ROUND
    assert next_round(500, 0, 0, 0) == LEAST_ROUND
    assert next_round(500, 1, 1, 1) == 2 * FIRST_ROUND


def test_a_round_with_many_neighbours_reads_no_more_than_the_bound(
    sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    pending: list[int] = []

    def counted(*given: Any, **most: Any) -> Regrouped:
        found = regroup(*given, **most)
        pending.append(sum(map(len, given[1:])))
        read.append(found.read)
        return found

    monkeypatch.setattr(worker, "regroup", counted)
    monkeypatch.setattr(worker, "MOST_READ", 60)
    monkeypatch.setattr(worker, "LEAST_ROUND", 4)
    crews = [[f"192.0.2.{10 * crew + one}" for one in range(10)] for crew in range(24)]
    logged = [event(who, key(str(crew)), one) for crew, each in enumerate(crews) for one, who in enumerate(each)]
    follower = Follower(sqlite_engine).run(logged)
    follower.run([event(each[0], key(f"other {crew}"), 60) for crew, each in enumerate(crews)])
    assert several(sqlite_engine) == groups(*crews)
    assert max(read) <= 60
    assert max(pending) > 4
