# SPDX-License-Identifier: MIT
"""INSERT, REPLACE, UPDATE, DELETE and TRUNCATE: what they do to the rows of a table, in the catalogue's bounds."""

from collections.abc import Sequence
from functools import cmp_to_key
from typing import NamedTuple

from decnet_decoys.mysql.catalogue import Done
from decnet_decoys.mysql.packets import NO_INDEX_USED
from decnet_decoys.mysql.sql.budget import step
from decnet_decoys.mysql.sql.changes.target import Cells, Target
from decnet_decoys.mysql.sql.evaluation.evaluating import value
from decnet_decoys.mysql.sql.evaluation.scopes import Scope, StatementError, clause
from decnet_decoys.mysql.sql.parsing import Node, Parser
from decnet_decoys.mysql.sql.schemas import find
from decnet_decoys.mysql.sql.selects.selecting import run
from decnet_decoys.mysql.sql.selects.sources import is_by_key
from decnet_decoys.mysql.sql.selects.syntax import parse_limit, parse_ordered, parse_select
from decnet_decoys.mysql.sql.tables import ColumnDefinition, loaded
from decnet_decoys.mysql.sql.values import Value, compared, raw, truth


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
        counted = _number_of(target, cells)
        target.table.next_number = max(target.table.next_number, counted + 1)  # also where the row clashes
        clash = target.clashing(cells)
        if clash is not None:
            duplicates += 1
            if replaces:
                target.replace(clash[0], cells)
                affected += 2
                first = first or counted
                continue
            if updates:
                affected += 2 * _set(target, clash[0], updates, number)
                first = first or _number_of(target, target.table.rows[clash[0]])
                continue
            if lax:
                target.scope.warnings += 1
                continue
            raise _duplicate(target, cells, clash[1])
        target.add(cells)
        affected += 1
        first = first or counted
    if first:
        target.visitor.insert_id = first
    info = f"Records: {len(given)}  Duplicates: {duplicates}  Warnings: {target.scope.warnings}" if many else ""
    return Done(affected, first, target.scope.warnings, info)


def _number_of(target: Target, cells: Cells) -> int:
    """Return what stands in the column that counts, or 0."""
    return next(
        (made for made, one in zip(cells, target.table.columns, strict=True) if one.auto and isinstance(made, int)), 0
    )


def insert_rows(
    target: Target, names: list[str] | None, rows: Sequence[Sequence[Value]], *, lax: bool, replaces: bool
) -> Done:
    """Insert rows that a file had, into those columns or into all."""
    return _inserted(target, _places(target, names), rows, [], lax=lax, replaces=replaces, many=True)


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
    which = _which(parser)
    target = Target(scope, database, name)
    found = which.rows(target)
    scope.where = "UPDATE"
    changed = sum(_set(target, index, changes, number) for number, index in enumerate(found, 1))
    info = f"Rows matched: {len(found)}  Changed: {changed}  Warnings: {scope.warnings}"
    return Done(changed, 0, scope.warnings, info, 0 if is_by_key(which.where, target.table.columns) else NO_INDEX_USED)


class _Which(NamedTuple):
    """The rows that UPDATE and DELETE mean."""

    where: Node | None
    order: Sequence[tuple[Node, bool]]
    limit: tuple[int, int] | None

    def rows(self, target: Target) -> list[int]:
        """Return their places, in the order in which they are changed."""
        target.scope.where = "WHERE"
        found = [index for index in range(len(target.table.rows)) if _wanted(target, self.where, index)]
        target.scope.where = "ORDER BY"
        for node, down in reversed(self.order):
            keyed = [(value(node, target.scope, loaded(target.table, target.table.rows[one])), one) for one in found]
            keyed.sort(key=cmp_to_key(_by_value), reverse=down)
            found = [one for _, one in keyed]
        return found if self.limit is None else found[: self.limit[1]]


def _by_value(left: tuple[Value, int], right: tuple[Value, int]) -> int:
    step()
    found = compared(left[0], right[0])
    return (left[0] is not None) - (right[0] is not None) if found is None else found


def _which(parser: Parser) -> _Which:
    where = parser.expression() if parser.then("WHERE") else None
    order = parser.listed(lambda: parse_ordered(parser)) if parser.then("ORDER", "BY") else []
    limit = parse_limit(parser)
    if not parser.ends():
        raise parser.fail()
    return _Which(where, order, limit)


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
    which = _which(parser)
    target = Target(scope, database, name)
    gone = set(which.rows(target))
    target.keep([row for index, row in enumerate(target.table.rows) if index not in gone])
    return Done(len(gone), 0, 0, "", 0 if is_by_key(which.where, target.table.columns) else NO_INDEX_USED)


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
