# SPDX-License-Identifier: MIT
from __future__ import annotations

import errno
import os

import pytest
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import DBAPIError

from decnet_models.database.engine import open_engine, reading, writing
from decnet_models.database.sqlite import syncing
from decnet_models.database.sqlite.syncing import sync_log
from decnet_models.errors import passes, reason, stops

LEVEL = text("PRAGMA synchronous")
NORMAL, FULL = 1, 2
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
        assert connection.execute(text("SELECT count(*) FROM worker_cursor")).scalar() == 1


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


def test_a_database_in_memory_has_no_log() -> None:
    engine = create_engine("sqlite://")
    with writing(engine, synced=False) as connection:
        connection.execute(text("CREATE TABLE t (a)"))
    sync_log(engine)
    engine.dispose()
