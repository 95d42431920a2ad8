# SPDX-License-Identifier: MIT
"""Backs up while the fleet writes: the state of one moment in a file that gets its name only when complete.

SQLite's backup API starts over whenever another process has written between two of its steps; with a busy fleet it
would never end. So the whole copy is made inside one read transaction: its snapshot does not change, and in WAL mode no
writer waits for it. Meanwhile the write-ahead log cannot be reused and grows by what the fleet writes.
"""

import os
from collections.abc import Callable
from pathlib import Path

import msgspec

from decnet_models.database.engine import sqlite_file
from decnet_models.database.schema import current_revision
from decnet_models.errors import DatabaseError
from decnet_models.maintenance.access import Say, discard, engine_at, file_at, require_known, revision_at
from decnet_models.maintenance.archive import write_archive
from decnet_models.maintenance.checksum import write_checksum

PAGES = 2048
"""Pages of SQLite's (4 KiB) between two progress reports."""


class Backup(msgspec.Struct, frozen=True):
    file: str
    revision: str
    bytes: int


def backup(url: str, file: Path, say: Say) -> Backup:
    """Copy the database to `file`, which must not exist; only its owner can read it, because it contains secrets."""
    source = sqlite_file(url)
    with engine_at(url, doing="back up", read_only=True) as engine:
        revision = require_known(revision_at(engine))
    if source is not None:
        _whole(file, lambda partial: _copy_sqlite(source, partial, say))
    else:
        _whole(file, lambda partial: _copy_postgresql(url, partial, say))
    return Backup(str(file), revision, file.stat().st_size)


def _copy_sqlite(source: Path, partial: Path, say: Say) -> None:
    with file_at(source, doing="back up") as origin, file_at(partial, doing="write") as copy:
        origin.execute("BEGIN")
        origin.execute("SELECT 1 FROM sqlite_schema").fetchone()  # the snapshot begins with the first read
        origin.backup(
            copy, pages=PAGES, progress=lambda _, left, pages: say(f"{(pages - left) * 100 // max(pages, 1)} %")
        )
        origin.execute("ROLLBACK")
        copy.execute("PRAGMA journal_mode=DELETE").fetchone()  # one file, without a write-ahead log beside it


def _copy_postgresql(url: str, partial: Path, say: Say) -> None:
    with engine_at(url, doing="back up") as engine, partial.open("wb") as file:
        snapshot = engine.execution_options(isolation_level="REPEATABLE READ")
        with snapshot.connect() as connection, connection.begin():
            revision = require_known(current_revision(connection))
            write_archive(connection, file, revision, say)


def _whole(file: Path, make: Callable[[Path], None]) -> None:
    """Let `make` fill a temporary file beside `file`, sync it, then rename it."""
    if file.exists():
        raise DatabaseError(f"{file} already exists; name another file")
    partial = file.with_name(f"{file.name}.partial")
    try:
        discard(partial)
        os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        make(partial)
        sync(partial)
        write_checksum(partial, file)
        os.link(partial, file)  # unlike a rename, never over another file
        sync(file.parent)
    except OSError as error:
        raise DatabaseError(f"cannot write {file}: {error.strerror or error}") from error
    finally:
        discard(partial)


def sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
