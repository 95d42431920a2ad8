# SPDX-License-Identifier: MIT
"""What the names in an expression mean, and the error with which a statement fails."""

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from decnet_decoys.errors import DecoysError
from decnet_decoys.mysql.catalogue import Failed, Visitor
from decnet_decoys.mysql.expressions import like
from decnet_decoys.mysql.sql.budget import step
from decnet_decoys.mysql.sql.values import MOST, Value

Row = tuple[Value, ...]
MOST_VARIABLES: Final = 64
"""Of a session."""
_PATTERN_STEPS: Final = 1000


class StatementError(DecoysError):
    """A statement fails with an error of the server."""

    def __init__(self, code: int, state: str, message: str) -> None:
        super().__init__(message)
        self.failed = Failed(code, state, message)


class Origin(NamedTuple):
    """Where a column of the rows comes from."""

    name: str
    table: str
    """Its name, or alias, in the statement."""
    database: str = ""
    stored: Any = None
    """The ColumnDefinition; None for one that is computed."""
    real_table: str = ""
    described: Any = None
    """The Column of a computed one."""


def clause(visitor: Visitor, name: str) -> str:
    """Return how a server's errors name a clause: MariaDB has called them as they are written since lately."""
    return _CLAUSES.get(name, name) if visitor.catalogue.names_clauses else name


_CLAUSES: Final = {
    "SELECT": "field list",
    "INSERT INTO": "field list",
    "UPDATE": "field list",
    "WHERE": "where clause",
    "ON": "on clause",
    "ORDER BY": "order clause",
}


class Scope:
    """What the names in expressions mean."""

    def __init__(self, visitor: Visitor, columns: Sequence[Origin] = (), parameters: Sequence[Value] = ()) -> None:
        self.visitor = visitor
        self.columns = columns
        self.parameters = parameters
        self.where = "SELECT"
        self.run: Callable[[Any, Scope], tuple[Sequence[Any], list[Row]]] | None = None
        self.warnings = 0
        self._places: dict[tuple[str, ...], int] = {}
        self._patterns: dict[str, Callable[[str], bool]] = {}

    def subselect(self, select: Any) -> tuple[Sequence[Any], list[Row]]:
        """Return the columns and rows of a SELECT within the statement; raises StatementError."""
        return ((), []) if self.run is None else self.run(select, self)

    def parameter(self, place: int) -> Value:
        """Return a parameter of the statement that is executed; NULL where it has none."""
        return self.parameters[place] if place < len(self.parameters) else None

    def matching(self, pattern: str) -> Callable[[str], bool]:
        """Return what matches a pattern of LIKE, made once, for that takes long."""
        found = self._patterns.get(pattern)
        if found is None:
            step(_PATTERN_STEPS)
            found = self._patterns[pattern] = like(pattern)
        return found

    def place(self, parts: tuple[str, ...]) -> int:
        """Return which column a name means; raises StatementError."""
        known = self._places.get(parts)
        if known is not None:
            return known
        step(1 + len(self.columns) // 2)
        name, table = parts[-1].lower(), parts[-2].lower() if len(parts) > 1 else ""
        found = [
            index
            for index, one in enumerate(self.columns)
            if one.name.lower() == name and (not table or one.table.lower() == table)
        ]
        if not found:
            if table and not self.columns:
                raise StatementError(
                    1109, "42S02", f"Unknown table '{parts[-2]}' in {clause(self.visitor, self.where)}"
                )
            raise StatementError(
                1054, "42S22", f"Unknown column '{'.'.join(parts)}' in '{clause(self.visitor, self.where)}'"
            )
        if len(found) > 1 and len({self.columns[index].table for index in found}) > 1:
            raise StatementError(
                1052, "23000", f"Column '{'.'.join(parts)}' in {clause(self.visitor, self.where)} is ambiguous"
            )
        self._places[parts] = found[0]
        return found[0]


def remember(visitor: Visitor, name: str, made: Value) -> None:
    """Set a variable of the session, if there is room."""
    known = visitor.variables
    if (name in known or len(known) < MOST_VARIABLES) and (not isinstance(made, str | bytes) or len(made) <= MOST):
        known[name] = made
