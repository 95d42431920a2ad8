# SPDX-License-Identifier: MIT
"""Merges summaries: many rows of one key into one, first in memory, then into the table, by the same rules.

A batch of some thousand events touches few keys. Summing before the SQL makes one statement per key and batch instead
of one per event, and cannot change the result, because the rules of `tables` are commutative and associative.

A row is here a list, its values in the order of the table's columns without the key's: a dict for each would take most
of the time.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Column, Connection, Table, case

from decnet_models.attackers.scoring.verdicts import total
from decnet_models.attackers.tables import BY, DERIVED, KEPT, MERGE, TOTAL, UNJUDGED, metadata
from decnet_models.database.rows.row_insert import RowInsert
from decnet_models.database.statements import insert_into

Row = dict[str, Any]
Key = tuple[Any, ...]
Values = list[Any]
"""A row without its key, in the order of the table's columns."""

_BLANK: dict[str, Any] = {"sum": 0, DERIVED: 0, TOTAL: 0, KEPT: UNJUDGED}
"""What a row of nothing has, by the rule of the column; None under all others."""

_PARENTS_FIRST = tuple(metadata.sorted_tables)


class Tally:
    """What a batch adds to the tables: per table one row for each key."""

    def __init__(self) -> None:
        self._rows: dict[Table, dict[Key, Values]] = {}

    def add(self, table: Table, key: Key, values: Row) -> None:
        """Merge `values` into the row of `key` (in the order of the primary key's columns)."""
        self.add_values(table, key, rules_of(table).values(values))

    def add_values(self, table: Table, key: Key, values: Sequence[Any]) -> None:
        """Merge a row's values, all of them and in the order of the table's columns, into the row of `key`."""
        rows = self._rows.get(table)
        if rows is None:
            rows = self._rows[table] = {}
        row = rows.get(key)
        if row is None:
            rows[key] = list(values)
        else:
            rules_of(table).combine(row, values)

    def add_seen(self, table: Table, key: Key, seen: tuple[int, int, int]) -> None:
        """Merge how often, when first and when last, which come first in `table`, into a row."""
        add_seen(self.seen_row(table, key, seen[1], seen[2]), seen)

    def seen_row(self, table: Table, key: Key, first: int, last: int) -> Values:
        """Return the row of `key`, to be changed in place; a new one was seen no time yet, from `first` to `last`."""
        rows = self._rows.setdefault(table, {})
        row = rows.get(key)
        if row is None:
            row = rows[key] = [0, first, last, *rules_of(table).blank[3:]]
        return row

    def row(self, table: Table, key: Key) -> Values:
        """Return the row of `key`, to be changed in place; a new one is that of nothing."""
        rows = self._rows.setdefault(table, {})
        row = rows.get(key)
        if row is None:
            row = rows[key] = rules_of(table).blank.copy()
        return row

    def rows(self, table: Table) -> Mapping[Key, Values]:
        """Return what is added to a table so far."""
        return self._rows.get(table, {})

    def write(self, connection: Connection) -> None:
        """Merge everything into the tables; parents before children, keys in order, so that writers cannot deadlock."""
        self.prepared(connection)(connection)

    def prepared(self, connection: Connection) -> Callable[[Connection], None]:
        """Return what does what `write` does; all that needs no transaction is done here."""
        merges = [
            (_upsert(table), _upsert(table).prepared(connection, [(*key, *rows[key]) for key in sorted(rows)]))
            for table in _PARENTS_FIRST
            if (rows := self._rows.get(table))
        ]

        def write(connection: Connection) -> None:
            for upsert, values in merges:
                upsert.execute_prepared(connection, values)

        return write


def add_seen(row: Values, seen: tuple[int, int, int]) -> None:
    """Merge how often, when first and when last into a row that begins with these."""
    events, first, last = seen
    row[0] += events
    if first < row[1]:  # noqa: PLR1730  # min() and max() take as long as all the rest
        row[1] = first
    if last > row[2]:  # noqa: PLR1730
        row[2] = last


class Rules:
    """How two rows of one key in a table become one.

    `names` are its columns without the key's, `places` where each is in a row, `blank` a row of nothing.
    """

    def __init__(self, table: Table) -> None:
        key = set(table.primary_key.columns)
        columns = [column for column in table.columns if column not in key]
        self.names = tuple(column.name for column in columns)
        self.places = {name: place for place, name in enumerate(self.names)}
        rules = [column.info.get(MERGE) for column in columns]
        self.blank: Values = [_BLANK.get(rule or "") for rule in rules]
        self._sums = self._of(rules, "sum")
        self._least = self._of(rules, "min")
        self._most = self._of(rules, "max")
        self._earliest = tuple((place, self.places[columns[place].info[BY]]) for place in self._of(rules, "earliest"))

    def values(self, values: Row) -> Values:
        """Return a row; missing counts are 0, other missing values None."""
        row = self.blank.copy()
        for name, value in values.items():
            row[self.places[name]] = value
        return row

    def combine(self, row: Values, new: Sequence[Any]) -> None:
        """Merge `new` into `row`; None changes nothing."""
        for place, by in self._earliest:  # before the seq that decides is itself merged
            if new[by] is not None and (row[by] is None or new[by] < row[by]):
                row[place] = new[place]
        for place in self._sums:
            row[place] += new[place]
        for place in self._least:
            if new[place] is not None and (row[place] is None or new[place] < row[place]):
                row[place] = new[place]
        for place in self._most:
            if new[place] is not None and (row[place] is None or new[place] > row[place]):
                row[place] = new[place]

    @staticmethod
    def _of(rules: Sequence[str | None], wanted: str) -> tuple[int, ...]:
        return tuple(place for place, rule in enumerate(rules) if rule == wanted)


@cache
def rules_of(table: Table) -> Rules:
    """Return the rules of a table."""
    return Rules(table)


def _merged(table: Table) -> list[Column[Any]]:
    return [column for column in table.columns if column.info.get(MERGE, KEPT) != KEPT]


@cache
def _upsert(table: Table) -> RowInsert:
    names = [*(column.name for column in table.primary_key.columns), *rules_of(table).names]
    return RowInsert(table, names, lambda connection: _merging(connection, table))


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
    if rule == DERIVED:
        return new
    if rule == TOTAL:
        return total(excluded["behaviour_score"], table.c.verdict)
    if rule == "earliest":
        by = table.columns[column.info[BY]]
        better = (excluded[by.name] < by) | by.is_(None)
    else:
        better = (new < column if rule == "min" else new > column) | column.is_(None)
    return case((better, new), else_=column)
