# SPDX-License-Identifier: MIT
"""While identities are computed, the database is not locked: on SQLite everybody else would wait for that."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine
from tests.decnet_workers.clusterer.scenes import Follower, event, groups, key, several

from decnet_models.database.engine import open_engine, writing
from decnet_models.events.queries import insert_events
from decnet_workers.clusterer import worker
from decnet_workers.clusterer.regroup import Regrouped, regroup

A, B, C, D = (f"192.0.2.{number}" for number in range(1, 5))


@pytest.mark.parametrize("behind", [1, 1_000], ids=["among batches", "at the end"])
def test_others_write_while_identities_are_computed(
    sqlite_engine: Engine, sqlite_url: str, monkeypatch: pytest.MonkeyPatch, behind: int
) -> None:
    other = open_engine(sqlite_url, busy_seconds=0.1)
    later = [event(C, key("a"), 5)]

    def regrouped(*given: Any, **most: Any) -> Regrouped:
        with writing(other) as connection:
            insert_events(connection, [later.pop()] if later else [])
        return regroup(*given, **most)

    monkeypatch.setattr(worker, "regroup", regrouped)
    monkeypatch.setattr(worker, "BEHIND", behind)
    Follower(sqlite_engine, 1).run([event(A, key("a")), event(B, key("a"), 1), event(D, key("d"), 2)])
    assert not later
    assert several(sqlite_engine) == groups([A, B, C])
    other.dispose()
