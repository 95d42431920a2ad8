# SPDX-License-Identifier: MIT
"""The new file: freshly migrated, empty, filled in one transaction."""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import TextIO

from decnet_models.database.engine import open_engine, writing
from decnet_models.maintenance.access import OURS
from decnet_models.migrations.chain import newest_revision
from decnet_models.migrations.upgrade import migrate_to, set_floor
from decnet_models.sqlite_pages.readable import Expected
from decnet_models.sqlite_pages.record import Value
from decnet_models.sqlite_pages.schema_rows import trees_in

Row = Mapping[str, Value]

_BATCH = 500


def make_empty(file: Path, revision: str) -> None:
    """Make the tables of `revision` without any rows."""
    engine = open_engine(f"sqlite:///{file}", create=True)
    try:
        with writing(engine) as connection:
            migrate_to(connection, revision)
            set_floor(connection, revision)
    finally:
        engine.dispose()
    with closing(sqlite3.connect(file, isolation_level=None)) as connection_:
        connection_.execute("PRAGMA journal_mode=DELETE").fetchone()
        for (table,) in connection_.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
            if table not in OURS:
                connection_.execute(f'DELETE FROM "{table}"')  # noqa: S608  # what migrations wrote comes again


def expected_of(file: Path) -> list[Expected]:
    """Return the tables and indexes of a migrated file."""
    with closing(sqlite3.connect(file)) as connection:
        rows = connection.execute("SELECT type, name, tbl_name, rootpage, sql FROM sqlite_schema").fetchall()
    return [Expected(tree, tree.sql) for tree in trees_in(rows)]


def expected_tables(folder: Path) -> list[Expected]:
    """Return this version's tables and indexes, of a database made for that in `folder`."""
    make_empty(folder / "expected.db", newest_revision())
    return expected_of(folder / "expected.db")


class Target:
    """Takes rows; those that the tables refuse are set aside, with the reason, in a file of JSON lines."""

    def __init__(self, file: Path, aside: TextIO) -> None:
        self.connection = sqlite3.connect(file, isolation_level=None)
        self._aside = aside
        self.connection.execute("PRAGMA foreign_keys=OFF")
        self.connection.execute("PRAGMA synchronous=OFF")  # synced as a whole at the end
        self.connection.execute("BEGIN IMMEDIATE")
        listed = self.connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
        self.columns = {name: self._columns(name) for (name,) in listed}

    def insert(self, table: str, rows: Iterable[Row]) -> tuple[int, int]:
        """Insert rows (column "" is the row number); return how many were taken and how many set aside."""
        taken = refused = 0
        batch: list[Row] = []
        for row in rows:
            if batch and (row.keys() != batch[0].keys() or len(batch) == _BATCH):
                done = self._insert(table, batch)
                taken, refused, batch = taken + done, refused + len(batch) - done, []
            batch.append(row)
        done = self._insert(table, batch) if batch else 0
        return taken + done, refused + len(batch) - done

    def set_aside(self, table: str, row: Row, reason: str) -> None:
        values = {name: value.hex() if isinstance(value, bytes) else value for name, value in row.items() if name}
        json.dump({"table": table, "reason": reason, "row": values}, self._aside)
        self._aside.write("\n")

    def _columns(self, table: str) -> set[str]:
        return {row[1] for row in self.connection.execute(f'PRAGMA table_info("{table}")')}

    def _insert(self, table: str, rows: list[Row]) -> int:
        columns = [name for name in rows[0] if not name or name in self.columns[table]]
        names = ", ".join(f'"{name}"' if name else "rowid" for name in columns)
        statement = f'INSERT INTO "{table}" ({names}) VALUES ({", ".join("?" * len(columns))})'  # noqa: S608
        values = [tuple(row[name] for name in columns) for row in rows]
        self.connection.execute("SAVEPOINT batch")
        try:
            self.connection.executemany(statement, values)
        except sqlite3.Error:
            self.connection.execute("ROLLBACK TO batch")
            return sum(self._taken(table, statement, row, one) for row, one in zip(rows, values, strict=True))
        finally:
            self.connection.execute("RELEASE batch")
        return len(rows)

    def _taken(self, table: str, statement: str, row: Row, values: tuple[Value, ...]) -> bool:
        try:
            self.connection.execute(statement, values)
        except sqlite3.Error as error:
            self.set_aside(table, row, str(error))
            return False
        return True
