# SPDX-License-Identifier: MIT
"""Opens a database for maintenance: its revision, whether it is empty, its size."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import DBAPIError

from decnet_models.database.engine import open_engine, reading, shown
from decnet_models.database.schema import FLOOR, current_revision, known_as, newer
from decnet_models.database.settings import BUSY_SECONDS
from decnet_models.errors import DatabaseError, reason
from decnet_models.migrations.chain import newest_revision, revisions

Say = Callable[[str], None]
"""Receives progress messages."""

OURS = ("alembic_version", FLOOR)
"""Tables that describe the schema; every other table holds the fleet's data."""


@contextmanager
def engine_at(url: str, *, doing: str, read_only: bool = False) -> Iterator[Engine]:
    """Lend an engine; driver errors become a DatabaseError that says what could not be done."""
    engine = open_engine(url, read_only=read_only)
    try:
        yield engine
    except DBAPIError as error:
        raise DatabaseError(f"cannot {doing} {shown(url)}: {reason(error)}") from error
    finally:
        engine.dispose()


@contextmanager
def file_at(file: Path, *, doing: str, mode: str = "rw") -> Iterator[sqlite3.Connection]:
    """Lend a plain connection to a SQLite file; its errors become a DatabaseError."""
    if mode != "rwc" and not file.exists():
        raise DatabaseError(f"there is no file {file}")
    try:
        place = f"file:{quote(str(file.absolute()))}?mode={mode}"
        with closing(sqlite3.connect(place, uri=True, isolation_level=None, timeout=BUSY_SECONDS)) as connection:
            yield connection
    except sqlite3.Error as error:
        raise DatabaseError(f"cannot {doing} {file}: {error}") from error


def discard(partial: Path) -> None:
    """Delete what a failed or killed attempt wrote, including SQLite's journal."""
    for end in ("", "-journal"):
        partial.with_name(partial.name + end).unlink(missing_ok=True)


def data_tables(connection: Connection) -> list[str]:
    """Return the tables that hold the fleet's data, referenced ones first."""
    ordered = inspect(connection).get_sorted_table_and_fkc_names()
    return [name for name, _ in ordered if name is not None and name not in OURS]


def first_with_rows(connection: Connection) -> str | None:
    """Return a table that is not empty, None when there is none."""
    for table in data_tables(connection):
        if connection.execute(text(f'SELECT 1 FROM "{table}" LIMIT 1')).first() is not None:  # noqa: S608  # inspected
            return table
    return None


def require_empty(connection: Connection) -> None:
    """Raise DatabaseError when there is any data that a restored backup would mix with or replace."""
    table = first_with_rows(connection)
    if table is not None:
        raise DatabaseError(f"the database is not empty (table {table} has rows); restore into a new one")


def require_known(revision: str | None) -> str:
    """Return the revision of a database or backup if this version can read it; else raise DatabaseError."""
    if revision is None:
        raise DatabaseError("this is no DECNET database: it has no revision")
    if (known := known_as(revision)) in revisions():
        return known
    if revision > newest_revision():
        raise DatabaseError(newer(revision))
    raise DatabaseError(f"the database is at {revision}, which is unknown to this version")


def revision_at(engine: Engine) -> str | None:
    with reading(engine) as connection:
        return current_revision(connection)
