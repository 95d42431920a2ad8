# SPDX-License-Identifier: MIT
"""Answers SELECT from the tables of the catalogue."""

from collections.abc import Sequence
from functools import cmp_to_key
from typing import Any, NamedTuple

from decnet_decoys.mysql.packets import NO_INDEX_USED, Column
from decnet_decoys.mysql.sql import describing
from decnet_decoys.mysql.sql.budget import sized, step
from decnet_decoys.mysql.sql.evaluation.aggregates import is_aggregate
from decnet_decoys.mysql.sql.evaluation.evaluating import value
from decnet_decoys.mysql.sql.evaluation.scopes import Origin, Row, Scope, StatementError, clause
from decnet_decoys.mysql.sql.parsing import Node
from decnet_decoys.mysql.sql.selects.sources import rows_of
from decnet_decoys.mysql.sql.selects.syntax import Select
from decnet_decoys.mysql.sql.values import Value, compared, raw, truth


class Result(NamedTuple):
    columns: list[Column]
    rows: list[Row]
    status: int = 0


def run(select: Select, scope: Scope) -> tuple[Sequence[Any], list[Row]]:
    """Return the columns and rows of a SELECT; raises StatementError."""
    step()
    inner = Scope(scope.visitor, (), scope.parameters)
    inner.run = run
    made = selected(select, inner)
    scope.warnings += inner.warnings
    return made.columns, made.rows


def selected(select: Select, scope: Scope) -> Result:
    """Answer a SELECT, with its UNIONs; raises StatementError."""
    scope.run = run
    if not select.others:
        return _selected(select, scope)
    first = _selected(select._replace(order=(), limit=None, others=()), scope)
    rows, columns, status = first.rows, first.columns, first.status
    for other, every in select.others:
        part, more = run(other, scope)
        if len(part) != len(columns):
            raise StatementError(1222, "21000", "The used SELECT statements have a different number of columns")
        step(len(rows) // 16)
        rows = rows + more if every else _distinct(rows + more)
        columns = [_united(one, two, temporary=not every) for one, two in zip(columns, part, strict=True)]
        status |= 0 if every else NO_INDEX_USED
    return Result(columns, _limited(rows, select.limit), status)


def _united(one: Column, two: Column, *, temporary: bool) -> Column:
    size = (
        max(one.size + (1 if one.kind == 3 else 0), two.size + (1 if two.kind == 3 else 0))
        if one.kind in (3, 8)
        else max(one.size, two.size)
    )
    flags = one.flags & two.flags & 1 | (one.flags & 0x80 if not temporary else 0)
    made = one._replace(size=size, flags=flags)
    return made._replace(origin=one.name, decimals=0 if one.text else one.decimals) if temporary else made


def _selected(select: Select, scope: Scope) -> Result:
    origins, rows, status = rows_of(select, scope)
    scope.columns = origins
    if select.where is not None:
        scope.where = "WHERE"
        rows = [row for row in rows if truth(value(select.where, scope, row))]
    scope.where = "SELECT"
    items = _starred(select.items, origins)
    grouped = bool(select.group) or any(is_aggregate(node) for node, _ in items) or is_aggregate(select.having)
    made: list[tuple[Row, Row, list[Row] | None]] = []
    if grouped:
        for group in _groups(select, scope, rows):
            first = group[0] if group else ()
            made.append((tuple(value(node, scope, (), group) for node, _ in items), first, group))
    else:
        made += [(tuple(value(node, scope, row) for node, _ in items), row, None) for row in rows]
    if select.having is not None:
        made = [one for one in made if truth(_of_result(select.having, items, scope, one))]
    if select.order:
        made = _sorted(made, select.order, items, scope)
    results = [one[0] for one in made]
    sample = results[0] if results else (None,) * len(items)
    columns = [describing.column(node, scope, one, alias) for (node, alias), one in zip(items, sample, strict=True)]
    if select.distinct:
        results = _distinct(results)
        columns = [one._replace(flags=one.flags | (0x8000 if one.table else 0)) for one in columns]
    scope.visitor.found_rows = len(results)
    return Result(columns, _limited(results, select.limit), status)


def _limited(rows: list[Row], limit: tuple[int, int] | None) -> list[Row]:
    return rows if limit is None else rows[limit[0] : limit[0] + limit[1]]


def _distinct(rows: list[Row]) -> list[Row]:
    return list({_key(row): row for row in reversed(rows)}.values())[::-1]


def _key(row: Sequence[Value]) -> tuple[bytes | None, ...]:
    """Return what is the same for rows that are not distinct."""
    for one in row:
        sized(one)
    return tuple(None if one is None else raw(one) for one in row)


def _of_result(
    node: Node, items: list[tuple[Node, str]], scope: Scope, made: tuple[Row, Row, list[Row] | None]
) -> Value:
    """Return what an expression of HAVING or ORDER BY is worth: a name may be an alias, a number a column."""
    result, row, group = made
    place = _place(node)
    if place is not None and 1 <= place <= len(result):
        return result[place - 1]
    if node.op == "column" and len(node.args) == 1:
        step(len(items) // 4)
        for (item, alias), one in zip(items, result, strict=True):
            if (alias or describing.name_of(item)).lower() == node.args[0].lower():
                return one
    return value(node, scope, () if group is not None else row, group)


def _place(node: Node) -> int | None:
    """Return which column a number means."""
    return int(node.args[0][:18]) if node.op == "number" and node.args[0].isdecimal() else None


def _sorted(
    made: list[Any], order: Sequence[tuple[Node, bool]], items: list[tuple[Node, str]], scope: Scope
) -> list[Any]:
    keyed = [([_of_result(node, items, scope, one) for node, _ in order], one) for one in made]

    def compare(left: Any, right: Any) -> int:
        step()
        for (_, down), one, two in zip(order, left[0], right[0], strict=True):
            found = compared(one, two)
            if found is None:
                found = (one is not None) - (two is not None)
            if found:
                return -found if down else found
        return 0

    for node, _ in order:
        place = _place(node)
        if place is not None and not 1 <= place <= len(items):
            raise StatementError(
                1054, "42S22", f"Unknown column '{node.args[0]}' in '{clause(scope.visitor, 'ORDER BY')}'"
            )
    return [one for _, one in sorted(keyed, key=cmp_to_key(compare))]


def _groups(select: Select, scope: Scope, rows: list[Row]) -> list[list[Row]]:
    if not select.group:
        return [rows]
    groups: dict[tuple[bytes | None, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(_key([value(node, scope, row) for node in select.group]), []).append(row)
    return list(groups.values())


def _starred(items: list[tuple[Node, str]], origins: Sequence[Origin]) -> list[tuple[Node, str]]:
    made: list[tuple[Node, str]] = []
    for node, alias in items:
        if node.op != "star":
            made.append((node, alias))
            continue
        if not origins:
            raise StatementError(1096, "HY000", "No tables used")
        table = node.args[-1].lower() if node.args else ""
        step(2 * len(origins))
        shown = [one for one in origins if not table or one.table.lower() == table]
        if not shown:
            raise StatementError(1051, "42S02", f"Unknown table '{node.args[-1]}'")
        made += [(Node("column", (one.table, one.name)), one.name) for one in shown]
    return made
