# SPDX-License-Identifier: MIT
"""INSERT of many rows as tuples: on SQLite they go to the driver as they are.

SQLAlchemy spends more on the parameters of a row than SQLite on the row. PostgreSQL has them from SQLAlchemy as ever,
whose driver sends many rows at once.
"""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, Insert, Table, Uuid

from decnet_models.database.rows.row_select import as_uuid


class RowInsert:
    """An INSERT into `table` of values in the order of `names`, its columns in the table's own order.

    `make` returns the statement for a connection, without values; None: one that fails for a key that is there.
    """

    def __init__(self, table: Table, names: Sequence[str], make: Callable[[Connection], Insert] | None = None) -> None:
        self._names = tuple(names)
        self._make = make or (lambda _: table.insert())
        self._uuids = [place for place, name in enumerate(names) if isinstance(table.c[name].type, Uuid)]
        self._statements: dict[str, Insert] = {}
        self._text = ""

    def execute(self, connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert the rows; none: do nothing."""
        self.execute_prepared(connection, self.prepared(connection, rows))

    def prepared(self, connection: Connection, rows: Sequence[tuple[Any, ...]]) -> list[Any]:
        """Return the rows as the connection's driver takes them: work that is better done before a lock is held.

        In place of UUIDs rows may have their 32 hexadecimal digits, which SQLite takes as they are.
        """
        if connection.dialect.name != "sqlite":
            return [self._named(row) for row in rows]
        if not self._uuids:
            return list(rows)
        first = self._uuids[0]
        return [row if isinstance(row[first], str) else self._bindable(row) for row in rows]

    def execute_prepared(self, connection: Connection, values: Sequence[Any]) -> None:
        """Insert what `prepared` returned, perhaps for another connection to the same database."""
        if not values:
            return
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql(self._text or self._compiled(connection), values)
        else:
            connection.execute(self._statement(connection), values)

    def _named(self, row: tuple[Any, ...]) -> dict[str, Any]:
        values = dict(zip(self._names, row, strict=True))
        for place in self._uuids:
            if isinstance(row[place], str):
                values[self._names[place]] = as_uuid(row[place])
        return values

    def _bindable(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return the row with UUIDs as SQLAlchemy stores them on SQLite."""
        values = list(row)
        for place in self._uuids:
            values[place] = None if values[place] is None else values[place].hex
        return tuple(values)

    def _statement(self, connection: Connection) -> Insert:
        """Return the statement for the connection's dialect; building one costs as much as running it for 100 rows."""
        name = connection.dialect.name
        if name not in self._statements:
            self._statements[name] = self._make(connection)
        return self._statements[name]

    def _compiled(self, connection: Connection) -> str:
        """Return the statement as SQLite's driver takes it, with a `?` for each of the names."""
        compiled = self._statement(connection).compile(dialect=connection.dialect, column_keys=list(self._names))
        assert tuple(compiled.positiontup or ()) == self._names
        self._text = str(compiled)
        return self._text
