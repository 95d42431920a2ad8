# SPDX-License-Identifier: MIT
from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeAlias

import pytest
from sqlalchemy import Connection, Engine, text

from decnet_models.database.engine import end_snapshot, open_engine, reading, writing
from decnet_models.database.rows.driver_rows import sqlite_driver
from decnet_models.database.sqlite import write_ahead_log

Opened: TypeAlias = Callable[[str], Engine]

LIMIT = 256 << 10
PASS = "PRAGMA wal_checkpoint(PASSIVE)"
BATCH_BYTES = 64 << 10


@pytest.fixture(autouse=True)
def small_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write_ahead_log, "LOG_BYTES", LIMIT)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Give the time that the logs of connections opened from now on go by, in one element."""
    now = [100.0]

    class Clocked(write_ahead_log.WriteAheadLog):
        def __init__(self, file: Path) -> None:
            super().__init__(file, lambda: now[0])

    monkeypatch.setattr(write_ahead_log, "WriteAheadLog", Clocked)
    return now


@pytest.fixture
def opened() -> Iterator[Opened]:
    """Give `open_engine`; the engines are disposed at the end."""
    engines: list[Engine] = []

    def open_one(url: str) -> Engine:
        engines.append(open_engine(url))
        return engines[-1]

    yield open_one
    for engine in engines:
        engine.dispose()


def write_batch(engine: Engine, number: int) -> None:
    with writing(engine) as connection:
        insert_batch(connection, number)


def insert_batch(connection: Connection, number: int) -> None:
    blob = f"{number}" * BATCH_BYTES
    values = {"worker": "w", "seq": number, "error": blob[:BATCH_BYTES], "created_at": 1}
    connection.execute(text("INSERT INTO dead_letter VALUES (:worker, :seq, :error, :created_at)"), values)


def count(connection: Connection) -> int:
    return int(connection.execute(text("SELECT count(*) FROM dead_letter")).scalar_one())


def log_bytes(url: str) -> int:
    return Path(f"{url.removeprefix('sqlite:///')}-wal").stat().st_size


def test_the_log_stays_short_though_there_is_a_reader_at_any_time(
    sqlite_url: str, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write_ahead_log, "PAUSE_SECONDS", 0)
    over, begun = threading.Event(), [threading.Event(), threading.Event()]

    def read(mine: int) -> None:
        """Hold snapshots, each until the other reader has one."""
        engine = opened(sqlite_url)
        while not over.is_set():
            with reading(engine) as connection:
                count(connection)
                begun[mine].set()
                while not (begun[1 - mine].wait(0.1) or over.is_set()):
                    pass
                begun[1 - mine].clear()
        begun[mine].set()

    readers = [threading.Thread(target=read, args=(mine,)) for mine in range(2)]
    for reader in readers:
        reader.start()
    engine, longest = opened(sqlite_url), 0
    try:
        for number in range(200):
            write_batch(engine, number)
            longest = max(longest, log_bytes(sqlite_url))
    finally:
        over.set()
        for reader in readers:
            reader.join(30)
    assert longest < 200 * BATCH_BYTES / 3
    with reading(engine) as connection:
        assert count(connection) == 200


def test_a_log_that_is_too_long_is_copied_and_begun_anew_after_the_same_commit(sqlite_url: str, opened: Opened) -> None:
    engine, asked = opened(sqlite_url), list[str]()
    write_batch(engine, 0)
    with engine.connect() as connection:  # the only one of its engine
        sqlite_driver(connection).set_trace_callback(lambda sql: asked.append(sql) if "checkpoint" in sql else None)
    number = 1
    while log_bytes(sqlite_url) <= LIMIT:
        assert not asked
        write_batch(engine, number)
        number += 1
    assert asked == [PASS, "PRAGMA wal_checkpoint(RESTART)"]


def test_what_others_write_while_the_log_is_copied_is_copied_before_the_write_lock_is_taken(
    sqlite_url: str, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Interrupted:
        """SQLite's driver; somebody writes during the first pass."""

        def execute(self, sql: str) -> Any:
            asked.append(sql)
            done = driver.execute(sql).fetchall()
            if asked.count(PASS) == 1 and sql == PASS:
                with other.begin() as connection:
                    for number in range(100, 110):  # more than there was: SQLite may have begun the log anew
                        insert_batch(connection, number)
            if "checkpoint" in sql:
                copied.append(done[0][2])
            return SimpleNamespace(fetchall=lambda: done)

    monkeypatch.setattr(write_ahead_log, "FEW_PAGES", BATCH_BYTES // 8192)
    mine, other = opened(sqlite_url), opened(sqlite_url)
    for number in range(5):
        write_batch(mine, number)
    asked, copied = list[str](), list[int]()
    with mine.connect() as connection:
        driver = sqlite_driver(connection)
        interrupted: Any = Interrupted()
        write_ahead_log.WriteAheadLog(Path(f"{sqlite_url.removeprefix('sqlite:///')}-wal")).shorten(interrupted)
    assert [sql for sql in asked if "checkpoint" in sql] == [PASS, PASS, PASS, "PRAGMA wal_checkpoint(RESTART)"]
    assert copied[0] < copied[1] == copied[2]


def test_who_finds_the_log_being_copied_by_another_leaves_it_to_him(sqlite_url: str, opened: Opened) -> None:
    class Copied:
        def execute(self, sql: str) -> Copied:
            asked.append(sql)
            return self

        def fetchall(self) -> list[tuple[int, int, int]]:
            return [(1, -1, -1)]  # as SQLite answers while another connection holds the lock of checkpoints

    asked = list[str]()
    engine = opened(sqlite_url)
    for number in range(5):
        write_batch(engine, number)
    driver: Any = Copied()
    write_ahead_log.WriteAheadLog(Path(f"{sqlite_url.removeprefix('sqlite:///')}-wal")).shorten(driver)
    assert asked == [PASS]


def test_a_reader_that_stays_is_waited_for_once_in_a_while(
    sqlite_url: str, opened: Opened, clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write_ahead_log, "WAIT_SECONDS", 0.01)
    writer, other, tries = opened(sqlite_url), opened(sqlite_url), list[float]()

    def write_on(batches: int) -> None:
        for number in range(written[0], written[0] + batches):
            write_batch(writer, number)
        written[0] += batches

    written = [0]
    write_on(1)
    with writer.connect() as connection:  # the only one of its engine
        driver = connection.connection.driver_connection
    assert driver is not None
    driver.set_trace_callback(lambda sql: tries.append(clock[0]) if "RESTART" in sql else None)
    with reading(other) as snapshot:
        assert count(snapshot) == 1
        write_on(12)
        assert tries == [100.0]  # the log is too long since the fourth
        clock[0] += write_ahead_log.PAUSE_SECONDS
        write_on(2)
        assert tries == [100.0, 102.0]
        assert count(snapshot) == 1
    assert log_bytes(sqlite_url) > 12 * BATCH_BYTES
    clock[0] += write_ahead_log.PAUSE_SECONDS
    write_on(2)  # begins it anew, writes into it
    assert tries[2] == 104.0
    size = log_bytes(sqlite_url)
    write_on(2)
    assert log_bytes(sqlite_url) == size  # from its beginning


def test_a_reader_ends_its_snapshot_early(sqlite_url: str, opened: Opened) -> None:
    writer, reader = opened(sqlite_url), opened(sqlite_url)
    with reading(reader) as connection:
        assert count(connection) == 0
        write_batch(writer, 1)
        assert count(connection) == 0
        end_snapshot(connection)
        assert count(connection) == 1
        write_batch(writer, 2)
        assert count(connection) == 2
        end_snapshot(connection)
    with reading(reader) as connection:
        assert count(connection) == 2


def test_a_transaction_that_writes_is_none_to_be_ended_early(engine: Engine) -> None:
    def write() -> None:
        with writing(engine) as connection:
            connection.execute(text("INSERT INTO worker_cursor VALUES ('w', 1, 1)"))
            end_snapshot(connection)
            raise KeyError

    with pytest.raises(KeyError):
        write()
    with reading(engine) as connection:
        assert connection.execute(text("SELECT count(*) FROM worker_cursor")).scalar() == 0


def test_on_postgresql_a_snapshot_lasts_until_its_end(postgres_url: str, opened: Opened) -> None:
    writer, reader = opened(postgres_url), opened(postgres_url)
    with reading(reader) as connection:
        assert count(connection) == 0
        end_snapshot(connection)
        write_batch(writer, 1)
        assert count(connection) == 0


def test_who_waits_for_the_write_lock_looks_again_every_few_milliseconds(sqlite_url: str, opened: Opened) -> None:
    mine, other, asked = opened(sqlite_url), opened(sqlite_url), list[str]()
    for number in range(5):
        write_batch(mine, number)
    log = write_ahead_log.WriteAheadLog(Path(f"{sqlite_url.removeprefix('sqlite:///')}-wal"))
    with mine.connect() as connection, writing(other):
        driver = sqlite_driver(connection)
        driver.set_trace_callback(asked.append)
        log.shorten(driver)
        log.shorten(driver)
        driver.set_trace_callback(None)
    assert asked.count("PRAGMA wal_checkpoint(RESTART)") == 20
    assert asked.count("PRAGMA busy_timeout=10") == 1
