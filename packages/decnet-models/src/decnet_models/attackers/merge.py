# SPDX-License-Identifier: MIT
"""Merges summaries: many rows of one key into one, first in memory, then into the table, by the same rules.

A batch of a thousand events touches few keys. Summing before the SQL makes one statement per key and batch instead of
one per event, and cannot change the result, because the rules of `tables` are commutative and associative.
"""

from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Column, Connection, Table, case

from decnet_models.attackers.tables import BY, MERGE, metadata
from decnet_models.database.statements import insert_into

Row = dict[str, Any]
Key = tuple[Any, ...]


_PARENTS_FIRST = tuple(metadata.sorted_tables)


class Tally:
    """What a batch adds to the tables: per table one row for each key."""

    def __init__(self) -> None:
        self._rows: dict[Table, dict[Key, Row]] = {}

    def add(self, table: Table, key: Key, values: Row) -> None:
        """Merge `values` into the row of `key` (in the order of the primary key's columns)."""
        rows = self._rows.get(table)
        if rows is None:
            rows = self._rows[table] = {}
        row = rows.get(key)
        if row is None:
            rows[key] = dict(values)
        else:
            _combine(row, values, _rules(table))

    def write(self, connection: Connection) -> None:
        """Merge everything into the tables; parents before children, keys in order, so that writers cannot deadlock."""
        for table in _PARENTS_FIRST:
            rows = self._rows.get(table)
            if rows:
                connection.execute(_statement(connection, table), _complete(table, rows))


class _Rules(NamedTuple):
    merged: dict[str, str]
    earliest: dict[str, str]


@cache
def _rules(table: Table) -> _Rules:
    merged = {column.name: str(column.info[MERGE]) for column in _merged(table)}
    earliest = {column.name: str(column.info[BY]) for column in _merged(table) if BY in column.info}
    return _Rules({name: rule for name, rule in merged.items() if name not in earliest}, earliest)


def _merged(table: Table) -> list[Column[Any]]:
    return [column for column in table.columns if MERGE in column.info]


def _combine(row: Row, new: Row, rules: _Rules) -> None:
    """Merge `new` into `row`; an absent value or None changes nothing."""
    for name, by in rules.earliest.items():  # before the seq that decides is itself merged
        if name in new and (row.get(by) is None or new[by] < row[by]):
            row[name] = new[name]
    for name, value in new.items():
        rule = rules.merged.get(name)
        if rule is None or value is None:
            continue
        old = row.get(name)
        if old is None:
            row[name] = value
        elif rule == "sum":
            row[name] = old + value
        elif value < old if rule == "min" else value > old:
            row[name] = value


def _complete(table: Table, rows: dict[Key, Row]) -> list[Row]:
    """Return the rows in key order with every column: missing counts are 0, other missing values None."""
    names = [column.name for column in table.primary_key.columns]
    blank: Row = {column.name: None for column in table.columns if column.server_default is None}
    blank |= {name: 0 for name, rule in _rules(table).merged.items() if rule == "sum"}
    return [{**blank, **dict(zip(names, key, strict=True)), **rows[key]} for key in sorted(rows)]


_statements: dict[tuple[str, str], Any] = {}
"""By dialect and table: building one costs as much as running it for a hundred rows."""


def _statement(connection: Connection, table: Table) -> Any:
    key = (connection.dialect.name, table.name)
    if key not in _statements:
        _statements[key] = _merging(connection, table)
    return _statements[key]


def _merging(connection: Connection, table: Table) -> Any:
    """Return `INSERT ... ON CONFLICT DO UPDATE` with the rules of the table's columns; without rules, DO NOTHING."""
    insert = insert_into(connection, table)
    key = list(table.primary_key.columns)
    changes = {column.name: _change(table, column, insert.excluded) for column in _merged(table)}
    if not changes:
        return insert.on_conflict_do_nothing(index_elements=key)
    return insert.on_conflict_do_update(index_elements=key, set_=changes)


def _change(table: Table, column: Column[Any], excluded: Any) -> Any:
    """Return the merged value in SQL; a CASE, because min/least treat NULL differently in each dialect."""
    rule, new = column.info[MERGE], excluded[column.name]
    if rule == "sum":
        return column + new
    if rule == "earliest":
        by = table.columns[column.info[BY]]
        better = (excluded[by.name] < by) | by.is_(None)
    else:
        better = (new < column if rule == "min" else new > column) | column.is_(None)
    return case((better, new), else_=column)
