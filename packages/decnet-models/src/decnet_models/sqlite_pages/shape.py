# SPDX-License-Identifier: MIT
"""What the rows of a table look like, from its CREATE statement, and whether a record is one of them.

A record says nothing of its table. A table's columns, their types and which may be NULL are what tells its rows from
those of others, and from garbage.
"""

import contextlib
import sqlite3
from collections.abc import Iterable
from typing import NamedTuple

from decnet_models.sqlite_pages.record import Value
from decnet_models.sqlite_pages.schema_rows import Tree, is_schema_row, is_without_rowid

_TYPES: dict[str, tuple[type, ...]] = {
    "INTEGER": (int,),
    "TEXT": (str,),
    "REAL": (int, float),
    "BLOB": (bytes,),
    "ANY": (int, float, str, bytes),
}


_BLANK = "\0" * 64
"""No text of ours has so many; an overflow page that the disk has lost reads as zeros."""


class Column(NamedTuple):
    """A column in the order of the record."""

    name: str
    types: tuple[type, ...]
    nullable: bool
    optional: bool
    """Whether a record may end before it: it was added to the table later."""


class Shape(NamedTuple):
    """A table's columns in the order of its records."""

    columns: tuple[Column, ...]
    numbered_by: str | None
    """The column that is the row number; its value in the record is NULL."""
    key: tuple[str, ...]
    """The primary key of a table without row numbers; else empty."""

    def fits(self, values: tuple[Value, ...]) -> bool:
        """Return whether the values can be a row."""
        if len(values) > len(self.columns) or not all(one.optional for one in self.columns[len(values) :]):
            return False
        return all(map(self._may_hold, self.columns, values))

    def named(self, rowid: int, values: tuple[Value, ...]) -> dict[str, Value]:
        """Return the values by their columns."""
        row = {column.name: value for column, value in zip(self.columns, values, strict=False)}
        if self.numbered_by is not None:
            row[self.numbered_by] = rowid
        return row

    def key_of(self, rowid: int, values: tuple[Value, ...]) -> int | tuple[Value, ...]:
        """Return what names a row: its number, or its primary key."""
        return values[: len(self.key)] if self.key else rowid

    def _may_hold(self, column: Column, value: Value) -> bool:
        if column.name == self.numbered_by or value is None:
            return value is None and (column.nullable or column.name == self.numbered_by)
        return isinstance(value, column.types) and not (isinstance(value, str) and _BLANK in value)


class Shapes:
    """The shapes of tables, and the columns of indexes, as the statements in `sqlite_schema` declare them."""

    def __init__(self, statements: Iterable[str]) -> None:
        self.tables: dict[str, Shape] = {}
        self.indexes: dict[str, tuple[str, ...]] = {}
        """By name: the columns of an entry; "" is the row number."""
        with contextlib.closing(sqlite3.connect(":memory:")) as scratch:
            for statement in sorted(statements, key=lambda sql: not sql.lstrip().upper().startswith("CREATE TABLE")):
                with contextlib.suppress(sqlite3.Error):  # damaged, or SQLite's own
                    scratch.execute(statement)
            for name, sql in scratch.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'table'").fetchall():
                self.tables[name] = _shape(scratch, name, sql)
            for (name,) in scratch.execute("SELECT name FROM sqlite_schema WHERE type = 'index'").fetchall():
                listed = scratch.execute(f"PRAGMA index_xinfo({_quoted(name)})").fetchall()
                self.indexes[name] = tuple("" if cid == -1 else column for _, cid, column, *_ in listed)

    def fits(self, tree: Tree, values: tuple[Value, ...]) -> bool:
        """Return whether the values can be a row of the tree's table."""
        if tree.name == "sqlite_schema":
            return is_schema_row(values)
        shape = self.tables.get(tree.name)
        return shape is not None and shape.fits(values)


def _shape(scratch: sqlite3.Connection, table: str, sql: str) -> Shape:
    columns = scratch.execute(f"PRAGMA table_info({_quoted(table)})").fetchall()
    keys = sorted((one for one in columns if one[5]), key=lambda one: one[5])
    by_rowid = not is_without_rowid(sql)
    numbered_by = keys[0][1] if by_rowid and len(keys) == 1 and keys[0][2].upper() == "INTEGER" else None
    stored = columns if by_rowid else keys + [one for one in columns if not one[5]]
    return Shape(
        tuple(
            Column(name, _types(declared), not required and (by_rowid or not key), not required or default is not None)
            for _, name, declared, required, default, key in stored
        ),
        numbered_by,
        () if by_rowid else tuple(one[1] for one in keys),
    )


def _types(declared: str) -> tuple[type, ...]:
    """Return what a column of a declared type holds (sqlite.org/datatype3, section 3.1)."""
    declared = declared.upper()
    if not declared:
        return _TYPES["ANY"]
    if "INT" in declared or "BOOL" in declared:
        return _TYPES["INTEGER"]
    if any(word in declared for word in ("CHAR", "CLOB", "TEXT")):
        return _TYPES["TEXT"]
    if "BLOB" in declared:
        return _TYPES["BLOB"]
    return _TYPES["REAL"] if any(word in declared for word in ("REAL", "FLOA", "DOUB")) else _TYPES["ANY"]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
