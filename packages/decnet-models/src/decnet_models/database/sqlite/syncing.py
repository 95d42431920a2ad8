# SPDX-License-Identifier: MIT
"""Commits of SQLite for which nobody holds the write lock while the disk syncs.

SQLite syncs its write-ahead log before it lets go of the write lock, so every other writer waits for the disk, too.
While profiler, ttp and ingest have a backlog, that is a sixth of the time in which the lock is held. Two kinds of
transactions need not:

- What follows from the event log (profiles, tags, their notices and the cursor) is computed again from where the
  cursor is. It is not synced at all.
- What must be durable when a step is over, and may be repeated unharmed if it is not known to be: it is synced after
  the commit (`sync_log`). So does ingest, whose lines the spool keeps until then; if it was killed in between, it
  syncs before it goes on.

The log is written in the order of commits, and a sync takes in all that was written before. So whatever somebody
commits by `writing` because of what he read here makes that durable, too, before he acts on it: no webhook is sent, no
file deleted and no event forgotten for the sake of rows that a power cut takes away. After one, the database is as it
was after an earlier commit, never anything in between.
"""

import os
import sqlite3
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from sqlalchemy import Connection, Engine

from decnet_models.database.rows.driver_rows import driver_rows, sqlite_driver
from decnet_models.database.sqlite.pragma import pragma
from decnet_models.database.statements import driver_errors

_INFO = "decnet_log_place"
_IOERR_FSYNC = 1034
"""SQLITE_IOERR_FSYNC (sqlite.org/rescode.html)."""
_failed: set[str] = set()
"""The logs whose last sync failed in this process."""


def unsynced(connection: Connection) -> AbstractContextManager[None]:
    """Have SQLite not sync what the body, a whole transaction, commits; without a write-ahead log it does."""
    if _log_of(connection) is None:
        return nullcontext()
    return pragma(connection, "synchronous", "NORMAL", "FULL")


def sync_log(engine: Engine) -> None:
    """Return when all that was committed to the engine's database is durable; elsewhere than on SQLite it is already.

    Raises DBAPIError, as a commit does that cannot be synced. After that the log is copied into the database: Linux may
    take pages that it could not write for written, and would confirm them the next time.
    """
    if engine.dialect.name != "sqlite":
        return
    with engine.connect() as connection:
        place = _log_of(connection)
        if place is None:
            return
        with driver_errors(connection, "fdatasync"):
            try:
                if place in _failed:
                    _copy(sqlite_driver(connection))
                _sync(place)
            except OSError as error:
                _failed.add(place)
                raise _not_synced(error.strerror) from error
            _failed.discard(place)


def _copy(driver: sqlite3.Connection) -> None:
    """Have all of the log written into the database, and this synced."""
    ((busy, _, _),) = driver.execute("PRAGMA wal_checkpoint(FULL)").fetchall()
    if busy:
        raise _not_synced("it is being read")


def _not_synced(why: str | None) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError(f"the write-ahead log cannot be synced: {why}")
    error.sqlite_errorcode = _IOERR_FSYNC
    return error


def _sync(place: str) -> None:
    """Sync a log; SQLite holds no lock by this file, so it may be opened and closed beside it."""
    log = os.open(place, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fdatasync(log)
    finally:
        os.close(log)


def _log_of(connection: Connection) -> str | None:
    """Return the path of the connection's log; None for a database that has none."""
    kept: dict[Any, Any] = connection.connection.info
    if _INFO not in kept:
        file = driver_rows(connection, "PRAGMA database_list")[0][2]
        has_log = driver_rows(connection, "PRAGMA journal_mode") == [("wal",)]
        kept[_INFO] = f"{file}-wal" if file and has_log else None
    place: str | None = kept[_INFO]
    return place
