# SPDX-License-Identifier: MIT
"""SELECT that is asked at most requests: on SQLite compiled once, and its rows are the driver's own.

For a query of one row SQLAlchemy takes ten times as long as SQLite: for the key of its cache, the parameters, and what
it does with each value. PostgreSQL has it from SQLAlchemy as ever, where a round trip costs more.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import ARRAY, ColumnElement, Connection, Select, any_, bindparam, func, literal_column, select

from decnet_models.database.rows.driver_rows import driver_rows
from decnet_models.database.statements import as_json


class RowSelect:
    """A SELECT whose values are `bindparam`s: numbers, texts, UUIDs, and lists of them (`listed`).

    `make` returns it for a connection. A row of SQLite is a tuple, whose values have no names; in it a UUID is its 32
    digits (`as_uuid`), a bool 0 or 1.
    """

    def __init__(self, make: Callable[[Connection], Select[Any]]) -> None:
        self._make = make
        self._statements: dict[str, Select[Any]] = {}
        self._text = ""
        self._names: tuple[str, ...] = ()
        self._constants: dict[str, Any] = {}

    def rows(self, connection: Connection, **values: Any) -> Sequence[Any]:
        """Return the rows for these values of the parameters."""
        if connection.dialect.name != "sqlite":
            return connection.execute(self._statement(connection), values).all()
        if not self._text:
            self._compile(connection)
        given = {**self._constants, **values}
        return driver_rows(connection, self._text, [_bindable(given[name]) for name in self._names])

    def _statement(self, connection: Connection) -> Select[Any]:
        name = connection.dialect.name
        if name not in self._statements:
            self._statements[name] = self._make(connection)
        return self._statements[name]

    def _compile(self, connection: Connection) -> None:
        compiled = self._make(connection).compile(  # of which only the text is kept: a statement is 10 to 30 KiB
            dialect=connection.dialect, compile_kwargs={"render_postcompile": True}
        )
        self._names = tuple(compiled.positiontup or ())
        self._constants = {name: value for name, value in compiled.params.items() if value is not None}
        self._text = str(compiled)


def listed(connection: Connection, column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """Return the condition that `column` is in the list which is the parameter `name`."""
    if connection.dialect.name != "sqlite":
        return column == any_(bindparam(name, type_=ARRAY(column.type)))
    values = func.json_each(bindparam(name)).table_valued("value")
    return column.in_(select(values.c.value))


def literals(words: Iterable[str]) -> list[ColumnElement[str]]:
    """Return words of our own for an IN list, written into the text: as constants they would be one parameter."""
    return [literal_column(f"'{word}'") for word in words]


def as_uuid(value: UUID | str) -> UUID:
    """Return a UUID of a row, which may be its 32 digits."""
    return value if isinstance(value, UUID) else msgspec.convert(value, UUID)  # takes half of the time of UUID()


def _bindable(value: Any) -> Any:
    """Return a value as SQLAlchemy stores it on SQLite, a list of such as JSON."""
    if isinstance(value, list):
        return as_json([_bindable(one) for one in value])
    return value.hex if isinstance(value, UUID) else value
