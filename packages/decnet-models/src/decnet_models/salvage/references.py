# SPDX-License-Identifier: MIT
"""Rows that refer to lost ones: they would break the foreign keys of the new file.

They get what deleting the row would have done (ON DELETE): a reference that may be set to NULL is; any other row is set
aside.
"""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from decnet_models.salvage.target import Target


class ForeignKey(NamedTuple):
    """A reference of a table to another."""

    table: str
    columns: tuple[str, ...]
    parent: str
    parent_columns: tuple[str, ...]
    on_delete: str


def resolve(target: Target) -> Counter[str]:
    """Remove what dangles until nothing does; return how many rows of each table were set aside."""
    moved: Counter[str] = Counter()
    keys = list(_foreign_keys(target))
    changed = True
    while changed:
        changed = False
        for key in keys:
            if count := _resolve(target, key):
                changed = True
                if key.on_delete != "SET NULL":
                    moved[key.table] += count
    return moved


def _resolve(target: Target, key: ForeignKey) -> int:
    connection = target.connection
    if key.on_delete == "SET NULL":
        nulls = ", ".join(f'"{column}" = NULL' for column in key.columns)
        return connection.execute(f'UPDATE "{key.table}" SET {nulls} WHERE {_dangles(key)}').rowcount  # noqa: S608
    cursor = connection.execute(f'SELECT * FROM "{key.table}" WHERE {_dangles(key)}')  # noqa: S608  # the schema's names
    names = [column[0] for column in cursor.description]
    dangling = cursor.fetchall()
    for row in dangling:
        reason = f"the row of {key.parent} that it refers to is lost"
        target.set_aside(key.table, dict(zip(names, row, strict=True)), reason)
    if dangling:
        connection.execute(f'DELETE FROM "{key.table}" WHERE {_dangles(key)}')  # noqa: S608
    return len(dangling)


def _dangles(key: ForeignKey) -> str:
    present = " AND ".join(f'"{key.table}"."{column}" IS NOT NULL' for column in key.columns)
    same = " AND ".join(
        f'parent."{theirs}" = "{key.table}"."{ours}"'
        for ours, theirs in zip(key.columns, key.parent_columns, strict=True)
    )
    return f'{present} AND NOT EXISTS (SELECT 1 FROM "{key.parent}" AS parent WHERE {same})'  # noqa: S608


def _foreign_keys(target: Target) -> Iterator[ForeignKey]:
    for table in target.columns:
        listed = target.connection.execute(f'PRAGMA foreign_key_list("{table}")').fetchall()
        for number in sorted({row[0] for row in listed}):
            parts = sorted((row for row in listed if row[0] == number), key=lambda row: row[1])
            parent = parts[0][2]
            primary = target.connection.execute(f'PRAGMA table_info("{parent}")').fetchall()
            named = tuple(row[4] for row in parts)
            if None in named:  # the parent's primary key is meant
                named = tuple(row[1] for row in sorted((one for one in primary if one[5]), key=lambda one: one[5]))
            yield ForeignKey(table, tuple(row[3] for row in parts), parent, named, parts[0][6])
