# SPDX-License-Identifier: MIT
"""The real worker on real databases: killed at any moment, and on PostgreSQL, its tables are those of one quiet run."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, select
from tests.decnet_models.migrated import migrated_database

from decnet_core.events.catalogue import kind_of
from decnet_core.events.envelope import Event
from decnet_core.events.notices import Notice
from decnet_core.runtime.worker import NoSettings
from decnet_models.attackers import queries
from decnet_models.database.engine import open_engine, reading, writing
from decnet_models.events.queries import StoredEvent, insert_events
from decnet_models.following.batch_processor import BatchProcessor
from decnet_models.following.cursor_worker import EventBatch
from decnet_models.notices.tables import notice
from decnet_models.progress.queries import begin_cursor, cursor_of
from decnet_workers.profiler.worker import Profiler

Tables = dict[str, list[tuple[Any, ...]]]
Rows = Callable[[Connection], Tables]

DEADLINE_SECONDS = 120.0
WORKER = "import sys; from decnet_workers.profiler.worker import Profiler; sys.exit(Profiler.main())"


@pytest.fixture
def quiet(
    profile: Callable[[Sequence[Sequence[StoredEvent]]], tuple[Tables, dict[str, Notice]]], busy_log: list[Event]
) -> tuple[Tables, set[str]]:
    """Tables and notice keys of one batch, without a process or a file."""
    tables, notices = profile([[StoredEvent(seq, event) for seq, event in enumerate(busy_log, start=1)]])
    return tables, set(notices)


def filled(url: str, log: list[Event]) -> Engine:
    engine = open_engine(url)
    with writing(engine) as connection:
        insert_events(connection, log)
        begin_cursor(connection, "profiler", now_ns=1)
    return engine


def result(engine: Engine, all_rows: Rows) -> tuple[Tables, set[str]]:
    with reading(engine) as connection:
        return all_rows(connection), set(connection.execute(select(notice.c.key)).scalars())


@pytest.mark.fault
def test_killed_again_and_again_it_ends_with_the_same_tables(
    tmp_path: Path, busy_log: list[Event], quiet: tuple[Tables, set[str]], all_rows: Rows
) -> None:
    engine = filled(migrated_database(tmp_path / "decnet.db"), busy_log)
    reached = 0
    while reached < len(busy_log):
        reached = run_until_beyond(reached, engine, tmp_path)
    assert result(engine, all_rows) == quiet
    engine.dispose()


def run_until_beyond(reached: int, engine: Engine, state: Path) -> int:
    """Kill the worker as soon as it has committed one more batch, wherever it is by then; return its cursor."""
    process = subprocess.Popen([sys.executable, "-c", WORKER], env={**os.environ, "DECNET_STATE_DIR": str(state)})
    try:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while cursor(engine) <= reached:
            assert process.poll() is None, "the worker ended by itself"
            assert time.monotonic() < deadline, f"no batch after {reached} was committed"
            time.sleep(0.002)
    finally:
        process.kill()
        process.wait()
    return cursor(engine)


def cursor(engine: Engine) -> int:
    with reading(engine) as connection:
        return cursor_of(connection, "profiler")


def test_postgresql_gets_the_same_tables_and_profiles(
    tmp_path: Path, postgres_url: str, busy_log: list[Event], quiet: tuple[Tables, set[str]], all_rows: Rows
) -> None:
    sqlite, engine = filled(migrated_database(tmp_path / "decnet.db"), busy_log), filled(postgres_url, busy_log)
    consume(sqlite)
    consume(engine)
    assert result(engine, all_rows) == quiet
    assert read_everything(engine) == read_everything(sqlite)
    engine.dispose()
    sqlite.dispose()


def consume(engine: Engine) -> None:
    worker = Profiler(NoSettings())
    processor = BatchProcessor(
        engine,
        worker.name,
        lambda connection, events: worker.handle(EventBatch(connection, events)).notices,
        kinds=[kind_of(kind) for kind in worker.consumes],
        limit=worker.batch_events,
    )
    while processor.step().lag:
        pass


def read_everything(engine: Engine) -> list[Any]:
    with reading(engine) as connection:
        attackers = queries.attackers(connection, order="score")
        profiles = [queries.attacker(connection, one.ip, limit=20) for one in attackers]
        lists = (queries.sessions, queries.credentials, queries.credential_uses, queries.commands, queries.canary_hits)
        return [attackers, profiles, queries.hits_by_token(connection), *(read(connection) for read in lists)]
