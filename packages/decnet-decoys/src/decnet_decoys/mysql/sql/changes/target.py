# SPDX-License-Identifier: MIT
"""A table whose rows a statement changes: its keys, its columns' types, and the room of the catalogue."""

import time
from typing import Any

from decnet_decoys.mysql.sql.budget import sized, step
from decnet_decoys.mysql.sql.evaluation.scopes import Origin, Scope, StatementError
from decnet_decoys.mysql.sql.schemas import INFORMATION, of_the_server, table_of
from decnet_decoys.mysql.sql.tables import BadValueError, ColumnDefinition, kept, weight
from decnet_decoys.mysql.sql.values import Value, raw

Cells = tuple[str | int | float | bytes | None, ...]


class Target:
    """A table that a statement changes."""

    def __init__(self, scope: Scope, database: str, name: str) -> None:
        self.scope = scope
        self.visitor = scope.visitor
        self.database, self.table = table_of(scope.visitor, database, name)
        self.name = name
        if self.database == INFORMATION:
            raise of_the_server(self.visitor)
        scope.columns = [Origin(one.name, name, self.database, one, name) for one in self.table.columns]
        self.visitor.changing(self.database, name, self.table)
        self._keys: dict[int, dict[bytes | int | None, int]] | None = None

    def held(self, given: dict[int, Value], number: int, *, lax: bool) -> Cells:
        """Return a new row; raises StatementError."""
        made: list[Any] = []
        step(1 + len(self.table.columns))
        for place, column in enumerate(self.table.columns):
            if place in given and not (column.auto and given[place] in (None, 0)):
                made.append(self.cell(column, given[place], number, lax=lax))
            elif column.auto:
                made.append(self.table.next_number)
            elif column.has_default or not column.not_null:
                moment = column.default == "current_timestamp()"
                made.append(
                    self.cell(column, now() if moment else column.default, number, lax=lax)
                    if column.default is not None
                    else None
                )
            elif lax:
                made.append(empty(column))
            else:
                raise StatementError(1364, "HY000", f"Field '{column.name}' doesn't have a default value")
        return tuple(made)

    def cell(
        self, column: ColumnDefinition, given: Value, number: int, *, lax: bool = False
    ) -> str | int | float | bytes | None:
        try:
            return kept(column, given, number)
        except BadValueError as error:
            if lax:
                self.scope.warnings += 1
                return empty(column)
            place = f"{self.database}`.`{self.name}"
            raise StatementError(error.code, error.state, error.words.replace("{}", place)) from error

    def clashing(self, cells: Cells, *, but: int = -1) -> tuple[int, ColumnDefinition] | None:
        """Return the row that has a key of this one, and which."""
        for place, known in self._known().items():
            index = known.get(_folded(cells[place]), but)
            if index != but and cells[place] is not None:
                return index, self.table.columns[place]
        return None

    def _known(self) -> dict[int, dict[bytes | int | None, int]]:
        """Return for each column that is a key where its values are."""
        if self._keys is None:
            self._keys = {
                place: {} for place, column in enumerate(self.table.columns) if column.primary or column.unique
            }
            for place, known in self._keys.items():
                step(len(self.table.rows) // 2)
                known |= {_folded(row[place]): index for index, row in enumerate(self.table.rows)}
        return self._keys

    def _remember(self, index: int, cells: Cells) -> None:
        for place, known in self._known().items():
            known[_folded(cells[place])] = index

    def add(self, cells: Cells) -> None:
        if not self.visitor.catalogue.take(weight(cells)):
            raise StatementError(1114, "HY000", f"The table '{self.name}' is full")
        self._remember(len(self.table.rows), cells)
        self.table.rows.append(cells)

    def replace(self, index: int, cells: Cells) -> None:
        before = self.table.rows[index]
        if not self.visitor.catalogue.take(weight(cells) - weight(before)):
            raise StatementError(1114, "HY000", f"The table '{self.name}' is full")
        for place, known in self._known().items():
            known.pop(_folded(before[place]), None)
        self._remember(index, cells)
        self.table.rows[index] = cells

    def keep(self, rows: list[Cells]) -> None:
        """Leave only these rows; whether others have their keys is not asked after it."""
        step(2 * len(self.table.rows))
        gone = sum(map(weight, self.table.rows)) - sum(map(weight, rows))
        self.visitor.catalogue.take(-gone)
        self.table.rows[:] = rows


def _folded(cell: str | int | float | bytes | None) -> bytes | int | None:
    """Return a value as keys compare it."""
    if cell is None or isinstance(cell, int):
        return cell
    sized(cell)
    return raw(cell).lower()


def now() -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())


def empty(column: ColumnDefinition) -> str | int | None:
    return 0 if column.kind.endswith("int") or column.kind in ("double", "float") else ""
