# SPDX-License-Identifier: MIT
"""Frees the space of deleted rows.

SQLite's VACUUM rewrites the whole database and needs space for the copy; meanwhile writers wait, and workers retry
until it is done. PostgreSQL's plain VACUUM disturbs no other connection and makes the space reusable; `full` rewrites
the tables, returns the space to the disk, and locks each table meanwhile.
"""

import shutil
import time
from pathlib import Path

import msgspec
from sqlalchemy import Engine, text

from decnet_models.database.engine import sqlite_file
from decnet_models.errors import DatabaseError
from decnet_models.maintenance.access import Say, data_tables, engine_at, file_at

_OPERATIONS = 1_000_000


class Vacuumed(msgspec.Struct, frozen=True):
    """Bytes on the disk before and after."""

    before: int
    after: int


def vacuum(url: str, say: Say, *, full: bool = False) -> Vacuumed:
    """Vacuum the database; DatabaseError when another writer holds it for too long, or the disk has no room."""
    file = sqlite_file(url)
    return _postgresql(url, say, full=full) if file is None else _sqlite(file, say)


def _sqlite(file: Path, say: Say) -> Vacuumed:
    began = time.monotonic()
    with file_at(file, doing="vacuum") as connection:
        _checkpoint(connection.execute)
        before = file.stat().st_size
        free = shutil.disk_usage(file.parent).free
        needs = 2 * before  # the new one aside, and the same again in the write-ahead log
        if free < needs:
            raise DatabaseError(f"{file.parent} has {free >> 20} MiB free; vacuum needs up to {needs >> 20} MiB")
        connection.execute(f"PRAGMA temp_store_directory = '{str(file.parent).replace(chr(39), chr(39) * 2)}'")
        connection.set_progress_handler(lambda: say(f"rewriting: {time.monotonic() - began:.0f} s"), _OPERATIONS)
        connection.execute("VACUUM")
        _checkpoint(connection.execute)
    return Vacuumed(before, file.stat().st_size)


def _checkpoint(execute: object) -> None:
    """Move the write-ahead log into the file, as far as readers allow."""
    assert callable(execute)
    execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()


def _postgresql(url: str, say: Say, *, full: bool) -> Vacuumed:
    with engine_at(url, doing="vacuum") as engine:
        before = _size(engine)
        with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            for table in data_tables(connection):
                say(f"vacuuming {table}")
                connection.execute(text(f'VACUUM ({"FULL, " if full else ""}ANALYZE) "{table}"'))
        return Vacuumed(before, _size(engine))


def _size(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one())
