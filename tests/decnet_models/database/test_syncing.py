# SPDX-License-Identifier: MIT
from __future__ import annotations

import contextlib
import errno
import os
import shutil
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import DBAPIError

from decnet_models.database.engine import open_engine, reading, writing
from decnet_models.database.rows.driver_rows import sqlite_driver
from decnet_models.database.sqlite import syncing
from decnet_models.database.sqlite.syncing import sync_log
from decnet_models.errors import passes, reason, stops

LEVEL = text("PRAGMA synchronous")
NORMAL, FULL = 1, 2
COUNT = text("SELECT count(*) FROM worker_cursor")
ADD = text("INSERT INTO worker_cursor VALUES (:worker, 1, 1)")


def level(connection: Connection) -> object:
    return connection.execute(LEVEL).scalar()


def test_only_a_transaction_that_says_so_is_not_synced(sqlite_engine: Engine) -> None:
    with writing(sqlite_engine, synced=False) as connection:
        assert level(connection) == NORMAL
    with writing(sqlite_engine) as connection:
        assert level(connection) == FULL
    with reading(sqlite_engine) as connection:
        assert level(connection) == FULL


def test_after_one_that_fails_the_next_is_synced(sqlite_engine: Engine) -> None:
    def write() -> None:
        with writing(sqlite_engine, synced=False):
            raise KeyError

    with pytest.raises(KeyError):
        write()
    with writing(sqlite_engine) as connection:
        assert level(connection) == FULL


def test_what_is_not_synced_is_committed(engine: Engine) -> None:
    with writing(engine, synced=False) as connection:
        connection.execute(ADD, {"worker": "w"})
    sync_log(engine)
    with reading(engine) as connection:
        assert connection.execute(COUNT).scalar() == 1


def test_others_write_while_the_log_is_synced(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mine, other, synced = open_engine(sqlite_url), open_engine(sqlite_url, busy_seconds=0.1), list[str]()

    def sync(place: str) -> None:
        with writing(other) as connection:
            connection.execute(ADD, {"worker": "other"})
        synced.append(place)

    monkeypatch.setattr(syncing, "_sync", sync)
    with writing(mine, synced=False) as connection:
        connection.execute(ADD, {"worker": "mine"})
    sync_log(mine)
    assert synced == [f"{sqlite_url.removeprefix('sqlite:///')}-wal"]
    mine.dispose()
    other.dispose()


def test_a_log_that_cannot_be_synced_is_an_error_that_is_retried(
    sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with writing(sqlite_engine, synced=False) as connection:
        connection.execute(ADD, {"worker": "w"})
    with monkeypatch.context() as patched:
        patched.setattr(os, "fdatasync", fail)
        with pytest.raises(DBAPIError) as caught:
            sync_log(sqlite_engine)
    assert (passes(caught.value), stops(caught.value)) == (True, True)
    assert reason(caught.value) == "the write-ahead log cannot be synced: Input/output error"
    sync_log(sqlite_engine)


def test_what_could_not_be_synced_is_copied_into_the_database_before_it_is_called_durable(
    sqlite_engine: Engine, sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with writing(sqlite_engine, synced=False) as connection:
        connection.execute(ADD, {"worker": "w"})
    with monkeypatch.context() as patched:
        patched.setattr(os, "fdatasync", fail)
        with pytest.raises(DBAPIError):
            sync_log(sqlite_engine)
    with reading(sqlite_engine) as reader:
        reader.execute(COUNT)
        busy = open_engine(sqlite_url, busy_seconds=0.1)
        with writing(busy, synced=False) as connection:
            connection.execute(ADD, {"worker": "x"})
        with pytest.raises(DBAPIError, match="being read"):
            sync_log(busy)
        busy.dispose()
    sync_log(sqlite_engine)
    without_log = shutil.copy(sqlite_url.removeprefix("sqlite:///"), tmp_path / "without_log.db")
    with contextlib.closing(sqlite3.connect(without_log)) as copied:
        assert copied.execute(COUNT.text).fetchall() == [(2,)]


def test_a_connection_that_stays_unsynced_is_not_used_again(sqlite_engine: Engine) -> None:
    def refuse(action: int, name: str | None, *_: object) -> int:
        refused = action == sqlite3.SQLITE_PRAGMA and name == "synchronous"
        return sqlite3.SQLITE_DENY if refused else sqlite3.SQLITE_OK

    with writing(sqlite_engine, synced=False) as connection:
        connection.execute(ADD, {"worker": "w"})
        sqlite_driver(connection).set_authorizer(refuse)
    with writing(sqlite_engine) as connection:
        assert level(connection) == FULL
        assert connection.execute(COUNT).scalar() == 1


def test_a_database_in_memory_has_no_log() -> None:
    engine = create_engine("sqlite://")
    with writing(engine, synced=False) as connection:
        connection.execute(text("CREATE TABLE t (a)"))
    sync_log(engine)
    engine.dispose()
