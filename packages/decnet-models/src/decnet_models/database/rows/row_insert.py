# SPDX-License-Identifier: MIT
"""INSERT of many rows as tuples: on SQLite they go to the driver as they are, to PostgreSQL as one JSON array.

SQLAlchemy spends more on the parameters of a row than SQLite on the row, and PostgreSQL's driver more than the server.
Measured with rows of eleven columns (`ttp_tag`), client and server take 30 and 24 µs for each row of an executemany,
20 and 18 with an array for each column, 3 and 20 with one JSON array, 2 and 18 with COPY, which needs a table aside.
JSON has no bytes, so rows of a table with such a column come from SQLAlchemy as ever.
"""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import (
    JSON,
    Connection,
    Insert,
    LargeBinary,
    Select,
    Table,
    Text,
    Uuid,
    bindparam,
    cast,
    column,
    func,
    select,
)

from decnet_models.database.rows.row_select import as_uuid
from decnet_models.database.statements import as_json

_ROWS = "rows"


class RowInsert:
    """An INSERT into `table` of values in the order of `names`, its columns in the table's own order.

    `make` returns the statement for a connection, without values; None: one that fails for a key that is there. Of rows
    that are inserted together no two have the same key: PostgreSQL would not change a row twice in one statement.
    """

    def __init__(self, table: Table, names: Sequence[str], make: Callable[[Connection], Insert] | None = None) -> None:
        self._names = tuple(names)
        self._make = make or (lambda _: table.insert())
        self._columns = [column(name, table.c[name].type) for name in names]
        self._uuids = [place for place, one in enumerate(self._columns) if isinstance(one.type, Uuid)]
        self._has_bytes = any(isinstance(one.type, LargeBinary) for one in self._columns)
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
            named = [dict(zip(self._names, row, strict=True)) for row in rows]
            if self._has_bytes:
                return [self._with_uuids(row) for row in named]
            return [{_ROWS: as_json(named)}] if named else []
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
            connection.execute(self._statement(connection), values if self._has_bytes else values[0])

    def _with_uuids(self, row: dict[str, Any]) -> dict[str, Any]:
        return row | {name: as_uuid(row[name]) for name in map(self._names.__getitem__, self._uuids) if row[name]}

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
            statement = self._make(connection)
            if name != "sqlite" and not self._has_bytes:
                statement = statement.from_select(self._names, self._incoming(), include_defaults=False)
            self._statements[name] = statement
        return self._statements[name]

    def _incoming(self) -> Select[Any]:
        """Return the rows of the JSON array as PostgreSQL reads them."""
        rows = func.json_to_recordset(cast(bindparam(_ROWS, type_=Text()), JSON))
        return select(rows.table_valued(*self._columns).render_derived("incoming", with_types=True))

    def _compiled(self, connection: Connection) -> str:
        """Return the statement as SQLite's driver takes it, with a `?` for each of the names."""
        compiled = self._statement(connection).compile(dialect=connection.dialect, column_keys=list(self._names))
        assert tuple(compiled.positiontup or ()) == self._names
        self._text = str(compiled)
        return self._text
