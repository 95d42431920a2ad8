# SPDX-License-Identifier: MIT
from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from decnet_models.database.engine import open_engine, writing
from decnet_models.database.rows.driver_rows import driver_rows
from decnet_models.database.settings import BUSY_SECONDS
from decnet_models.database.sqlite.snapshots import OvertimeError, Snapshots

INSERT = "INSERT INTO worker_cursor (worker, seq, updated_at) VALUES ('{}', 1, 1)"
LONG = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {}) SELECT count(*) FROM n"
HOURS = 3600.0

Read = Callable[[Callable[[Connection], object]], object]


def number(connection: Connection) -> int:
    return int(connection.execute(text("SELECT count(*) FROM worker_cursor")).scalar_one())


def insert(url: str, name: str) -> None:
    engine = open_engine(url)
    with writing(engine) as connection:
        connection.execute(text(INSERT.format(name)))
    engine.dispose()


def opened(url: str, connections: int = 2) -> Snapshots:
    return Snapshots(open_engine(url, read_only=True, connections=connections))


@pytest.fixture
def snapshots(sqlite_url: str) -> Iterator[Snapshots]:
    made = opened(sqlite_url)
    yield made
    made.close()


@pytest.fixture(params=["read", "promptly"])
def read(request: pytest.FixtureRequest, snapshots: Snapshots) -> Read:
    return snapshots.read if request.param == "read" else lambda function: snapshots.promptly(function, HOURS)


def test_each_read_sees_what_was_committed_before_it_and_nothing_after(sqlite_url: str, read: Read) -> None:
    def twice(connection: Connection) -> tuple[int, int]:
        before = number(connection)
        insert(sqlite_url, f"during {before}")
        return before, number(connection)

    assert [read(twice), read(twice), read(number)] == [(0, 0), (1, 1), 2]


def test_reads_of_each_kind_of_database_are_snapshots(url: str) -> None:
    snapshots = opened(url)
    insert(url, "before")
    assert snapshots.read(number) == 1
    insert(url, "after")
    assert snapshots.read(number) == 2
    snapshots.close()


def test_nothing_can_be_written(read: Read) -> None:
    with pytest.raises(DBAPIError):
        read(lambda connection: connection.execute(text(INSERT.format("a"))))
    assert read(number) == 0


def test_rows_that_a_read_left_are_not_a_snapshot_of_the_next_one(sqlite_url: str, read: Read) -> None:
    insert(sqlite_url, "a")
    insert(sqlite_url, "b")
    read(lambda connection: connection.execute(text("SELECT * FROM worker_cursor")).fetchone())
    insert(sqlite_url, "c")
    assert read(number) == 3


@pytest.mark.parametrize("error", [KeyError("a"), sqlite3.OperationalError("a")])
def test_an_error_of_a_read_is_raised_and_harms_no_other(sqlite_url: str, read: Read, error: Exception) -> None:
    def fail(connection: Connection) -> None:
        number(connection)
        raise error

    for seen in range(3):
        with pytest.raises(type(error)):
            read(fail)
        assert read(number) == seen
        insert(sqlite_url, f"after {seen}")


def test_a_statement_that_takes_too_long_is_given_up_and_the_next_one_is_not(snapshots: Snapshots) -> None:
    for ask in (
        lambda c: c.execute(text(LONG.format(10**9))).scalar_one(),
        lambda c: driver_rows(c, LONG.format(10**9)),
    ):
        with pytest.raises(OvertimeError):
            snapshots.promptly(ask, 0.001)
        assert snapshots.promptly(number, HOURS) == 0
        assert snapshots.promptly(lambda c: driver_rows(c, LONG.format(10_000)), HOURS) == [(10_000,)]


def test_a_read_without_a_limit_is_not_given_up(snapshots: Snapshots) -> None:
    with pytest.raises(OvertimeError):
        snapshots.promptly(lambda c: driver_rows(c, LONG.format(10**9)), 0.001)
    assert snapshots.read(lambda c: driver_rows(c, LONG.format(10**5))) == [(10**5,)]


def test_a_prompt_read_does_not_wait_for_a_lock(sqlite_url: str, snapshots: Snapshots) -> None:
    blocker = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    for statement in ("PRAGMA locking_mode=EXCLUSIVE", "BEGIN EXCLUSIVE", INSERT.format("a")):
        blocker.execute(statement).fetchall()
    began = time.monotonic()
    with pytest.raises(OvertimeError):
        snapshots.promptly(number, HOURS)
    assert time.monotonic() - began < BUSY_SECONDS / 4
    blocker.close()
    assert snapshots.promptly(number, HOURS) == 0


def test_a_connection_with_no_patience_is_not_given_to_others(snapshots: Snapshots) -> None:
    snapshots.promptly(number, HOURS)
    snapshots.close()
    assert snapshots.read(lambda c: driver_rows(c, "PRAGMA busy_timeout")) != [(0,)]


def test_another_database_is_not_asked_promptly(postgres_url: str) -> None:
    snapshots = opened(postgres_url)
    assert not snapshots.can_be_prompt
    with pytest.raises(OvertimeError):
        snapshots.promptly(number, HOURS)
    snapshots.close()
