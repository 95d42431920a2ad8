# SPDX-License-Identifier: MIT
"""The rows of a table that WITH names, also of one that is made out of its own rows."""

from collections.abc import Sequence
from typing import Any

from decnet_decoys.mysql.packets import NO_INDEX_USED, Column
from decnet_decoys.mysql.sql.budget import sized, step
from decnet_decoys.mysql.sql.evaluation.scopes import Row, Scope, StatementError
from decnet_decoys.mysql.sql.selects.syntax import CommonTable, Select
from decnet_decoys.mysql.sql.values import raw

_MOST_TURNS = 1000
"""MariaDB's max_recursive_iterations."""


def rows_of_common(common: CommonTable, scope: Scope) -> tuple[Sequence[Any], list[Row], int]:
    """Return the columns and rows, and what the server's status says of how they were found."""
    if common.working is not None:
        return *common.working, 0
    select: Select = common.select
    parts = [part for part, _ in select.others if _names(part, common)]
    if _names(select, common):
        raise StatementError(4008, "HY000", f"No anchors for recursive WITH element '{common.name}'")
    if not parts:
        columns, rows = scope.subselect(select)
        return _named(common, columns), rows, NO_INDEX_USED if select.others or select.sources else 0
    seed = select._replace(others=[one for one in select.others if one[0] not in parts], order=(), limit=None)
    columns, rows = scope.subselect(seed)
    columns = [_widened(one) for one in _named(common, columns)]
    every = all(one for part, one in select.others if part in parts)
    rows = _repeated(common, columns, rows if every else _new(rows, set()), parts, scope, every=every)
    if select.limit is not None:
        rows = rows[select.limit[0] : sum(select.limit)]
    return columns, rows, NO_INDEX_USED


def _widened(one: Column) -> Column:
    return one._replace(flags=one.flags & ~1, size=one.size + (one.kind == 3))


def _repeated(
    common: CommonTable, columns: Sequence[Any], seed: list[Row], parts: list[Select], scope: Scope, *, every: bool
) -> list[Row]:
    """Return the first rows, and those that follow from them."""
    seen: set[tuple[bytes | None, ...]] = set()
    rows, last = list(seed), seed
    if not every:
        _new(seed, seen)
    for _ in range(_MOST_TURNS):
        made: list[Row] = []
        for part in parts:
            common.working = columns, last
            try:
                found, more = scope.subselect(part)
            finally:
                common.working = None
            if len(found) != len(columns):
                raise StatementError(1222, "21000", "The used SELECT statements have a different number of columns")
            made += more
        last = made if every else _new(made, seen)
        if not last:
            break
        step(len(last))
        rows += last
    return rows


def _new(rows: list[Row], seen: set[tuple[bytes | None, ...]]) -> list[Row]:
    """Return the rows that were not seen, once each."""
    made = []
    for row in rows:
        for one in row:
            sized(one)
        key = tuple(None if one is None else raw(one) for one in row)
        if key not in seen:
            seen.add(key)
            made.append(row)
    return made


def _names(select: Select, common: CommonTable) -> bool:
    return any(one.inner is common for one in select.sources)


def _named(common: CommonTable, columns: Sequence[Any]) -> Sequence[Any]:
    """Return the columns by the names that WITH gives them."""
    if not common.columns:
        return columns
    if len(common.columns) != len(columns):
        raise StatementError(4002, "HY000", "WITH column list and SELECT field list have different column counts")
    return [one._replace(name=name) for one, name in zip(columns, common.columns, strict=True)]
