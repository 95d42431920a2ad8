# SPDX-License-Identifier: MIT
"""Rows of many keys at once, as tuples.

The keys are one parameter, as in `statements.among`, and on SQLite the rows come from the driver as they are:
SQLAlchemy spends more on a row than SQLite.
"""

from collections.abc import Collection, Iterable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table, select

from decnet_models.database.rows.driver_rows import driver_rows
from decnet_models.database.statements import among, as_json


def rows_at(
    connection: Connection, table: Table, key: tuple[str, str], names: Sequence[str], keys: Iterable[tuple[str, str]]
) -> list[tuple[Any, ...]]:
    """Return the columns `key` and `names` of the rows whose `key`, the first of an index, is one of `keys`."""
    asked = sorted(set(keys))
    if not asked:
        return []
    if connection.dialect.name == "sqlite":
        text = _joined(table.name, key, tuple(names))
        return _fetched(connection, text, asked)
    rows = connection.exec_driver_sql(_joined_on_postgresql(table.name, key, tuple(names)), (as_json(asked),))
    return [tuple(row) for row in rows]


def rows_among(
    connection: Connection, table: Table, column: str, names: Sequence[str], values: Collection[str]
) -> Sequence[tuple[Any, ...]]:
    """Return `column` and `names` of the rows whose `column`, the first of an index, is one of `values`."""
    asked = sorted(set(values))
    if not asked:
        return []
    if connection.dialect.name == "sqlite":
        return _fetched(connection, _among(table.name, column, tuple(names)), asked)
    query = select(*(table.c[name] for name in (column, *names))).where(among(connection, table.c[column], asked))
    return [tuple(row) for row in connection.execute(query)]


def _fetched(connection: Connection, text: str, keys: Sequence[Any]) -> list[tuple[Any, ...]]:
    return driver_rows(connection, text, (as_json(keys),))


@cache
def _among(table: str, column: str, names: tuple[str, ...]) -> str:
    named = ", ".join(f"t.{name}" for name in (column, *names))
    return f"SELECT {named} FROM json_each(?) AS asked CROSS JOIN {table} AS t ON t.{column} = asked.value"  # noqa: S608  # our own names


@cache
def _joined(table: str, key: tuple[str, str], names: tuple[str, ...]) -> str:
    named = ", ".join(f"t.{name}" for name in (*key, *names))
    equal = " AND ".join(f"t.{name} = json_extract(asked.value, '$[{place}]')" for place, name in enumerate(key))
    return f"SELECT {named} FROM json_each(?) AS asked CROSS JOIN {table} AS t ON {equal}"  # noqa: S608  # our own names


@cache
def _joined_on_postgresql(table: str, key: tuple[str, str], names: tuple[str, ...]) -> str:
    named = ", ".join(f"t.{name}" for name in (*key, *names))
    equal = " AND ".join(f"t.{name} = asked.key ->> {place}" for place, name in enumerate(key))
    return f"SELECT {named} FROM json_array_elements(%s::json) AS asked(key) JOIN {table} AS t ON {equal}"  # noqa: S608  # our own names
