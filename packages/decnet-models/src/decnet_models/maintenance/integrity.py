# SPDX-License-Identifier: MIT
"""Checks the database itself: pages, indexes and references."""

import sqlite3
import time
from pathlib import Path

from sqlalchemy import text

from decnet_models.database.engine import reading, sqlite_file
from decnet_models.errors import DatabaseError
from decnet_models.maintenance.access import Say, engine_at, file_at

MOST = 100
"""Damages that are listed; one broken page can cause thousands."""

_OPERATIONS = 1_000_000

_INVALID = """
    SELECT 'index ' || c.relname || ' is not valid; rebuild it with REINDEX'
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE NOT (i.indisvalid AND i.indisready) AND n.nspname = current_schema()
    UNION ALL
    SELECT 'constraint ' || conname || ' of ' || conrelid::regclass || ' was never validated'
    FROM pg_constraint WHERE NOT convalidated AND connamespace = current_schema()::regnamespace
"""
_BTREES = """
    SELECT c.oid::regclass::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    JOIN pg_am a ON a.oid = c.relam
    WHERE a.amname = 'btree' AND i.indisvalid AND c.relnamespace = current_schema()::regnamespace
"""


def damages(url: str, say: Say) -> list[str]:
    """Return what is broken, one sentence each; empty: nothing.

    On SQLite all pages, indexes and references are read. PostgreSQL enforces references itself: indexes and constraints
    that it lists as not valid are reported, and with the extension amcheck every B-tree is read.
    """
    file = sqlite_file(url)
    return _of_postgresql(url, say) if file is None else _of_sqlite(file, say)


def _of_sqlite(file: Path, say: Say) -> list[str]:
    began = time.monotonic()
    try:
        with file_at(file, doing="check") as connection:
            connection.set_progress_handler(
                lambda: say(f"checking pages: {time.monotonic() - began:.0f} s"), _OPERATIONS
            )
            pages = [row[0] for row in connection.execute(f"PRAGMA integrity_check({MOST})")]
            lost = connection.execute("PRAGMA foreign_key_check").fetchmany(MOST)
    except DatabaseError as error:
        if isinstance(error.__cause__, sqlite3.DatabaseError) and _is_damage(error.__cause__):
            return [str(error)]
        raise
    broken = [line for line in pages if line != "ok"]
    return broken + [f"row {row} of {table} refers to a {parent} that is not there" for table, row, parent, _ in lost]


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _of_postgresql(url: str, say: Say) -> list[str]:
    with engine_at(url, doing="check", read_only=True) as engine, reading(engine) as connection:
        problems = list(connection.execute(text(_INVALID)).scalars())
        amcheck = connection.execute(text("SELECT 1 FROM pg_extension WHERE extname = 'amcheck'")).first()
        for index in connection.execute(text(_BTREES)).scalars().all() if amcheck else ():
            say(f"checking index {index}")
            connection.execute(text("SELECT bt_index_check(CAST(:name AS regclass))"), {"name": index})
        return problems
