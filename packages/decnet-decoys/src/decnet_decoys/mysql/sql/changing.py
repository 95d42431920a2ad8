# SPDX-License-Identifier: MIT
"""INSERT, REPLACE, UPDATE, DELETE and TRUNCATE: what they do to the rows of a table, in the catalogue's bounds."""

import time
from collections.abc import Sequence
from typing import Any

from decnet_decoys.mysql.catalogue import Done
from decnet_decoys.mysql.packets import NO_INDEX_USED
from decnet_decoys.mysql.sql.budget import sized, step
from decnet_decoys.mysql.sql.evaluation.evaluating import value
from decnet_decoys.mysql.sql.evaluation.scopes import Origin, Scope, StatementError, clause
from decnet_decoys.mysql.sql.parsing import Node, Parser
from decnet_decoys.mysql.sql.schemas import INFORMATION, find, of_the_server, table_of
from decnet_decoys.mysql.sql.selects.selecting import run
from decnet_decoys.mysql.sql.selects.sources import is_by_key
from decnet_decoys.mysql.sql.selects.syntax import parse_limit, parse_select
from decnet_decoys.mysql.sql.tables import BadValueError, ColumnDefinition, kept, loaded, weight
from decnet_decoys.mysql.sql.values import Value, raw, truth

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
                    self.cell(column, _now() if moment else column.default, number, lax=lax)
                    if column.default is not None
                    else None
                )
            elif lax:
                made.append(_empty(column))
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
                return _empty(column)
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


def _now() -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())


def _empty(column: ColumnDefinition) -> str | int | None:
    return 0 if column.kind.endswith("int") or column.kind in ("double", "float") else ""


def insert(parser: Parser, scope: Scope) -> Done:
    """INSERT and REPLACE."""
    replaces = parser.then("REPLACE")
    if not replaces:
        parser.must("INSERT")
    lax = False
    while parser.sees("IGNORE", "LOW_PRIORITY", "DELAYED", "HIGH_PRIORITY"):
        lax = lax or parser.sees("IGNORE")
        parser.at += 1
    parser.then("INTO")
    database, name = parser.path()
    names: list[str] | None = None
    query = None
    rows: list[list[Node | None]] = []
    if parser.then("SET"):
        pairs = parser.listed(lambda: _assignment(parser))
        names, rows = [one for one, _ in pairs], [[node for _, node in pairs]]
    else:
        if parser.sees("("):
            names = parser.bracketed(lambda: parser.path()[1])
        if parser.sees("SELECT", "("):
            query = parse_select(parser)
        else:
            if not parser.then("VALUES"):
                parser.must("VALUE")
            rows = parser.listed(
                lambda: parser.bracketed(lambda: None if parser.then("DEFAULT") else parser.expression())
            )
    updates: list[tuple[str, Node]] = []
    if parser.then("ON", "DUPLICATE", "KEY", "UPDATE"):
        updates = parser.listed(lambda: _assignment(parser))
    if not parser.ends():
        raise parser.fail()
    target = Target(scope, database, name)
    places = _places(target, names)
    given = (
        run(query, scope)[1]
        if query is not None
        else [
            [None if one is None else value(one, scope, (None,) * len(target.table.columns)) for one in row]
            for row in rows
        ]
    )
    return _inserted(
        target, places, given, updates, lax=lax, replaces=replaces, many=query is not None or len(rows) > 1
    )


def _assignment(parser: Parser) -> tuple[str, Node]:
    name = parser.path()[1]
    parser.must("=")
    return name, parser.expression()


def _places(target: Target, names: list[str] | None) -> list[int]:
    known = target.table.names
    if names is None:
        return list(range(len(known)))
    for name in names:
        if name.lower() not in known:
            raise StatementError(1054, "42S22", f"Unknown column '{name}' in '{clause(target.visitor, 'INSERT INTO')}'")
    return [known.index(name.lower()) for name in names]


def _inserted(
    target: Target,
    places: list[int],
    given: Sequence[Sequence[Value]],
    updates: list[tuple[str, Node]],
    *,
    lax: bool,
    replaces: bool,
    many: bool,
) -> Done:
    affected = first = duplicates = 0
    for number, row in enumerate(given, 1):
        if len(row) != len(places) and row:
            raise StatementError(1136, "21S01", f"Column count doesn't match value count at row {number}")
        cells = target.held(dict(zip(places, row, strict=False)), number, lax=lax)
        clash = target.clashing(cells)
        if clash is not None:
            duplicates += 1
            if replaces:
                target.replace(clash[0], cells)
                affected += 2
                continue
            if updates:
                affected += 2 * _set(target, clash[0], updates, number)
                continue
            if lax:
                target.scope.warnings += 1
                continue
            raise _duplicate(target, cells, clash[1])
        target.add(cells)
        affected += 1
        for place, column in enumerate(target.table.columns):
            made = cells[place]
            if column.auto and isinstance(made, int):
                first = first or made
                target.table.next_number = max(target.table.next_number, made + 1)
    if first:
        target.visitor.insert_id = first
    info = f"Records: {len(given)}  Duplicates: {duplicates}  Warnings: {target.scope.warnings}" if many else ""
    return Done(affected, first, target.scope.warnings, info)


def _duplicate(target: Target, cells: Cells, column: ColumnDefinition) -> StatementError:
    key = "PRIMARY" if column.primary else column.name
    shown = raw(cells[target.table.columns.index(column)]).decode("utf-8", "replace")[:64]
    return StatementError(1062, "23000", f"Duplicate entry '{shown}' for key '{key}'")


def _set(target: Target, index: int, changes: list[tuple[str, Node]], number: int) -> bool:
    """Change a row; return whether that changed anything."""
    cells = list(target.table.rows[index])
    step(1 + len(cells) // 2)
    known = target.table.names
    for name, node in changes:
        if name.lower() not in known:
            raise StatementError(1054, "42S22", f"Unknown column '{name}' in '{clause(target.visitor, 'UPDATE')}'")
        place = known.index(name.lower())
        made = value(node, target.scope, loaded(target.table, cells))
        cells[place] = target.cell(target.table.columns[place], made, number)
    new = tuple(cells)
    if new == target.table.rows[index]:
        return False
    clash = target.clashing(new, but=index)
    if clash is not None:
        raise _duplicate(target, new, clash[1])
    target.replace(index, new)
    return True


def update(parser: Parser, scope: Scope) -> Done:
    """UPDATE of one table."""
    parser.must("UPDATE")
    while parser.then("IGNORE") or parser.then("LOW_PRIORITY"):
        pass
    database, name = parser.path()
    if parser.ends():
        find(scope.visitor, database, name)
    parser.must("SET")
    changes = parser.listed(lambda: _assignment(parser))
    where, limit = _which(parser)
    target = Target(scope, database, name)
    scope.where = "WHERE"
    found = [index for index in range(len(target.table.rows)) if _wanted(target, where, index)]
    found = found if limit is None else found[: limit[1]]
    scope.where = "UPDATE"
    changed = sum(_set(target, index, changes, number) for number, index in enumerate(found, 1))
    info = f"Rows matched: {len(found)}  Changed: {changed}  Warnings: {scope.warnings}"
    return Done(changed, 0, scope.warnings, info, 0 if is_by_key(where, target.table.columns) else NO_INDEX_USED)


def _which(parser: Parser) -> tuple[Node | None, tuple[int, int] | None]:
    where = parser.expression() if parser.then("WHERE") else None
    if parser.then("ORDER", "BY"):
        parser.listed(parser.expression)
        parser.then("DESC")
    limit = parse_limit(parser)
    if not parser.ends():
        raise parser.fail()
    return where, limit


def _wanted(target: Target, where: Node | None, index: int) -> bool:
    step(1 + len(target.table.columns) // 2)
    return where is None or bool(truth(value(where, target.scope, loaded(target.table, target.table.rows[index]))))


def delete(parser: Parser, scope: Scope) -> Done:
    """DELETE from one table."""
    parser.must("DELETE")
    while parser.then("IGNORE") or parser.then("LOW_PRIORITY") or parser.then("QUICK"):
        pass
    if not parser.then("FROM"):
        database, name = parser.path()
        find(scope.visitor, database, name)
        parser.must("FROM")
    database, name = parser.path()
    where, limit = _which(parser)
    target = Target(scope, database, name)
    scope.where = "WHERE"
    most = len(target.table.rows) if limit is None else limit[1]
    gone: set[int] = set()
    for index in range(len(target.table.rows)):
        if len(gone) < most and _wanted(target, where, index):
            gone.add(index)
    target.keep([row for index, row in enumerate(target.table.rows) if index not in gone])
    return Done(len(gone), 0, 0, "", 0 if where is None or is_by_key(where, target.table.columns) else NO_INDEX_USED)


def truncate(parser: Parser, scope: Scope) -> Done:
    """TRUNCATE."""
    parser.must("TRUNCATE")
    parser.then("TABLE")
    database, name = parser.path()
    if not parser.ends():
        raise parser.fail()
    target = Target(scope, database, name)
    target.keep([])
    target.table.next_number = 1
    return Done()
