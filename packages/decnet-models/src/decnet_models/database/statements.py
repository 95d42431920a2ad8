# SPDX-License-Identifier: MIT
"""Features of SQLite and PostgreSQL that SQLAlchemy spells per dialect: upserts, and the order of commits."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    Connection,
    Table,
    UnaryExpression,
    any_,
    func,
    literal,
    select,
    text,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.operators import custom_op

if TYPE_CHECKING:
    from sqlalchemy.dialects.postgresql import Insert as PostgresInsert
    from sqlalchemy.dialects.sqlite import Insert as SqliteInsert

T = TypeVar("T")

PART = 500
"""Values in one IN list; SQLite may be built with a limit of 999 parameters."""


def parts(values: Iterable[T], most: int = PART) -> Iterator[list[T]]:
    """Yield the distinct values in sorted lists of `most`; PART is short enough for an IN."""
    rest = sorted(set(values))  # type: ignore[type-var]  # names, digests and UUIDs, which have an order
    for start in range(0, len(rest), most):
        yield rest[start : start + most]


def among(connection: Connection, column: Column[str], values: Collection[str]) -> ColumnElement[bool]:
    """Return the condition that `column` is one of `values`.

    They are one parameter, on SQLite a JSON array: with one for each, SQLAlchemy writes the statement anew every time,
    and the database prepares it anew for every length.
    """
    if connection.dialect.name != "sqlite":
        return column == any_(literal(list(values), ARRAY(column.type)))
    listed = func.json_each(as_json(values)).table_valued("value")
    return column.in_(select(listed.c.value))


def unindexed(connection: Connection, column: Column[Any]) -> ColumnElement[Any]:
    """Return `+column`, which SQLite never looks up in an index; PostgreSQL decides by statistics."""
    if connection.dialect.name != "sqlite":
        return column
    return UnaryExpression(column, operator=custom_op("+"), type_=column.type)


Keys = TypeVar("Keys", bound=tuple[str, ...])


def existing(connection: Connection, columns: Sequence[Column[Any]], keys: Iterable[Keys]) -> set[Keys]:
    """Return those of `keys` that some row has in `columns`, of one table and the first of an index."""
    asked = sorted(set(keys))
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql(_existing(tuple(columns)), (as_json(asked),)) if asked else ()
        return {asked[place] for (place,) in rows}
    rows = connection.exec_driver_sql(_existing_on_postgresql(tuple(columns)), (as_json(asked),)) if asked else ()
    return {asked[place - 1] for (place,) in rows}


@cache
def _existing_on_postgresql(columns: tuple[Column[Any], ...]) -> str:
    equal = (f"{column.name} = asked.key ->> {place}" for place, column in enumerate(columns))
    found = f"SELECT 1 FROM {columns[0].table.name} WHERE {' AND '.join(equal)}"  # noqa: S608  # our own names
    listed = "json_array_elements(%s::json) WITH ORDINALITY AS asked(key, place)"
    return f"SELECT asked.place FROM {listed} WHERE EXISTS ({found})"  # noqa: S608  # as above


@cache
def _existing(columns: tuple[Column[Any], ...]) -> str:
    equal = (f"{column.name} = json_extract(asked.value, '$[{place}]')" for place, column in enumerate(columns))
    found = f"SELECT 1 FROM {columns[0].table.name} WHERE {' AND '.join(equal)}"  # noqa: S608  # our own names
    return f"SELECT asked.key FROM json_each(?) AS asked WHERE EXISTS ({found})"  # noqa: S608  # as above


def as_json(values: Collection[Any]) -> str:
    """Return values as the JSON array that a statement has as one parameter."""
    return msgspec.json.encode(values).decode()


def insert_into(connection: Connection, table: Table) -> SqliteInsert | PostgresInsert:
    """Return an INSERT that has `on_conflict_do_nothing` and `on_conflict_do_update`, in the connection's dialect."""
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as postgres_insert

        return postgres_insert(table)
    from sqlalchemy.dialects.sqlite import insert as sqlite_insert

    return sqlite_insert(table)


@contextmanager
def driver_errors(connection: Connection, statement: str | None = None) -> Iterator[None]:
    """Translate errors of the driver's own cursor to SQLAlchemy's, like those of any other statement."""
    errors = connection.dialect.loaded_dbapi.Error
    driver: Any = connection.connection.driver_connection
    try:
        yield
    except errors as error:
        lost = connection.dialect.is_disconnect(error, driver, None)
        if lost:
            connection.invalidate(error)
        raise DBAPIError.instance(statement, None, error, errors, connection_invalidated=lost) from error


def copy_into(connection: Connection, statement: str, rows: Iterable[Sequence[Any]]) -> None:
    """Send `rows` with a `COPY ... FROM STDIN` (PostgreSQL)."""
    driver: Any = connection.connection.driver_connection
    with driver_errors(connection), driver.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def commit_in_order(connection: Connection, table: Table) -> None:
    """Make rows of `table` visible in the order of their `seq`, so that a reader's cursor never skips one.

    PostgreSQL assigns a number long before the row is committed; here writers of the table take turns until they
    commit. SQLite has one writer at a time anyway.
    """
    if connection.dialect.name == "postgresql":
        key = zlib.crc32(f"decnet.{table.name}".encode())
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})
