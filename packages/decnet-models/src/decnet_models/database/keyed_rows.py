# SPDX-License-Identifier: MIT
"""Rows of many keys of two texts at once."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, select, tuple_

from decnet_models.database.statements import PART


def rows_at(
    connection: Connection, table: Table, key: tuple[str, str], names: Sequence[str], keys: Iterable[tuple[str, str]]
) -> list[tuple[Any, ...]]:
    """Return the columns `key` and `names` of the rows whose `key`, the first of an index, is one of `keys`.

    On SQLite the keys are one parameter, as in `statements.among`.
    """
    asked = sorted(set(keys))
    if not asked:
        return []
    if connection.dialect.name == "sqlite":
        text = _joined(table.name, key, tuple(names))
        rows = connection.exec_driver_sql(text, (msgspec.json.encode(asked).decode(),))
        return [tuple(row) for row in rows]
    query = select(*(table.c[name] for name in (*key, *names)))
    columns = tuple_(table.c[key[0]], table.c[key[1]])
    found: list[tuple[Any, ...]] = []
    for start in range(0, len(asked), PART):
        part = query.where(columns.in_(asked[start : start + PART]))
        found += [tuple(row) for row in connection.execute(part)]
    return found


@cache
def _joined(table: str, key: tuple[str, str], names: tuple[str, ...]) -> str:
    named = ", ".join(f"t.{name}" for name in (*key, *names))
    equal = " AND ".join(f"t.{name} = json_extract(asked.value, '$[{place}]')" for place, name in enumerate(key))
    return f"SELECT {named} FROM json_each(?) AS asked CROSS JOIN {table} AS t ON {equal}"  # noqa: S608  # our own names
