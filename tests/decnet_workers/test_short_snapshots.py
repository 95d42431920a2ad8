# SPDX-License-Identifier: MIT
"""A snapshot that lasts keeps commits in SQLite's write-ahead log, so workers that compute long end theirs."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest
from sqlalchemy import Engine

from decnet_models.database.engine import reading, writing
from decnet_models.database.warm_up import sample_events
from decnet_models.events.queries import events_after, insert_events
from decnet_models.following.cursor_worker import CursorWorker, EventBatch
from decnet_workers.profiler.worker import Profiler
from decnet_workers.ttp.worker import Ttp


@pytest.mark.parametrize("kind", [Profiler, Ttp])
def test_no_snapshot_is_left_when_a_batch_is_computed(sqlite_engine: Engine, kind: type[CursorWorker[Any]]) -> None:
    with writing(sqlite_engine) as connection:
        insert_events(connection, sample_events(kind.consumes))
    worker = kind._unstarted()
    with reading(sqlite_engine) as connection:
        events = events_after(connection, 0, 100)
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        before, write, after = (
            driver.in_transaction,
            worker.compute(EventBatch(connection, events)),
            driver.in_transaction,
        )
    assert (before, after) == (True, False)
    with writing(sqlite_engine) as connection:
        write(connection)
