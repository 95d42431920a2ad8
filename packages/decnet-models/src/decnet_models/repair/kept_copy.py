# SPDX-License-Identifier: MIT
"""The copy of a damaged database that is kept before anything is changed."""

import os
import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from decnet_models.repair.attempts import RepairError

KEPT = 2
"""Copies that are kept; older ones are deleted."""

_SLACK_BYTES = 16 << 20
_PAGES = 2048


def require_space(database: Path) -> None:
    """Raise RepairError unless there is room for the copy and for rebuilt indexes."""
    size = _size(database)
    free = shutil.disk_usage(database.parent).free
    needs = 2 * size + _SLACK_BYTES
    if free < needs:
        raise RepairError(
            f"{database.parent} has {free >> 20} MiB free; to keep a copy and rebuild indexes takes {needs >> 20} MiB: "
            "make room, then run `decnet-db reindex`"
        )


def keep_copy(database: Path) -> Path:
    """Copy the database, its write-ahead log included, damaged pages as they are, and compare the copy with it.

    The caller holds the write lock, so that the copy is what the repair begins with.
    """
    now = time.time_ns()
    moment = f"{time.strftime('%Y%m%dT%H%M%S', time.gmtime(now // 1_000_000_000))}.{now % 1_000_000_000:09d}Z"
    copy = database.with_name(f"{database.name}.damaged-{moment}")
    _delete_old(database)
    os.close(os.open(copy, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        with closing(_opened(database)) as origin, closing(sqlite3.connect(copy, isolation_level=None)) as target:
            origin.execute("BEGIN")
            origin.execute("SELECT 1 FROM sqlite_schema").fetchone()  # the snapshot begins with the first read
            origin.backup(target, pages=_PAGES)
            target.execute("PRAGMA journal_mode=DELETE").fetchone()
            _require_same(origin, target)
        _sync(copy)
    except BaseException:
        copy.unlink(missing_ok=True)
        raise
    return copy


def _require_same(origin: sqlite3.Connection, copy: sqlite3.Connection) -> None:
    for question in ("PRAGMA page_count", "PRAGMA quick_check(20)"):
        if _answer(origin, question) != _answer(copy, question):
            raise RepairError("the copy of the damaged database is not like it")


def _answer(connection: sqlite3.Connection, question: str) -> object:
    try:
        return connection.execute(question).fetchall()
    except sqlite3.DatabaseError as error:
        return str(error)


def _opened(database: Path) -> sqlite3.Connection:
    return sqlite3.connect(database, isolation_level=None)


def _delete_old(database: Path) -> None:
    copies = sorted(database.parent.glob(f"{database.name}.damaged-*"))
    for old in copies[: max(0, len(copies) - KEPT + 1)]:
        old.unlink()


def _size(database: Path) -> int:
    wal = database.with_name(f"{database.name}-wal")
    return database.stat().st_size + (wal.stat().st_size if wal.exists() else 0)


def _sync(file: Path) -> None:
    for path in (file, file.parent):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
