# SPDX-License-Identifier: MIT
"""Copies one table: its readable rows, then rows that undamaged indexes still have in full; says what is lost."""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

from decnet_models.salvage.report import Lost, TableReport
from decnet_models.salvage.target import Row, Target
from decnet_models.sqlite_pages.readable import Readable
from decnet_models.sqlite_pages.record import Value, order
from decnet_models.sqlite_pages.shape import Shape
from decnet_models.sqlite_pages.survey import Gap, Say, Walked, rows

RowKey = int | tuple[Value, ...]

_SAY_EVERY = 5000


class TableCopier:
    """Copies a table of the damaged file into the new one."""

    def __init__(self, readable: Readable, target: Target, say: Say) -> None:
        self._readable = readable
        self._target = target
        self._say = say
        self.lost_rows: dict[str, list[dict[str, Value]]] = {}
        """By table: what indexes still have of lost rows."""

    def copy(self, table: Walked) -> TableReport:
        """Return what was saved and lost of `table`."""
        report = TableReport(table.tree.name)
        shape = self._readable.shapes.tables.get(table.tree.name)
        if shape is None or table.tree.name not in self._target.columns:
            report.lost = [Lost("first", "last", None)] if table.records or table.gaps else []
            return report
        saved: set[RowKey] = set()
        broken: list[RowKey] = []
        taken, refused = self._target.insert(table.tree.name, self._fitting(table, shape, report, saved, broken))
        report.saved, report.set_aside = taken, report.set_aside + refused
        if not table.whole or broken:
            self._complete(table, shape, report, saved, broken)
        return report

    def _fitting(
        self, table: Walked, shape: Shape, report: TableReport, saved: set[RowKey], broken: list[RowKey]
    ) -> Iterator[Row]:
        for count, (_, _, rowid, values) in enumerate(rows(self._readable.survey, table)):
            if count % _SAY_EVERY == 0:
                self._say(f"{table.tree.name}: {count:,} of {table.records:,} rows")
            if values is None:
                broken.append(rowid)
                continue
            row = _row(shape, rowid, values)
            if not shape.fits(values):
                self._target.set_aside(table.tree.name, row, "a value is not of its column's type")
                report.set_aside += 1
                continue
            if not table.whole:
                saved.add(shape.key_of(rowid, values))
            yield row

    def _complete(
        self, table: Walked, shape: Shape, report: TableReport, saved: set[RowKey], broken: list[RowKey]
    ) -> None:
        indexes = self._readable.indexes_of(table.tree.name)
        missing = self._missing(shape, indexes, saved)
        columns = {column.name for column in shape.columns}
        rebuilt = {key: row for key, row in missing.items() if columns <= row.keys()}
        taken, refused = self._target.insert(table.tree.name, rebuilt.values())
        report.saved += taken
        report.from_indexes += taken
        report.set_aside += refused
        lost = sorted((key for key in missing if key not in rebuilt), key=_sortable)
        self.lost_rows[table.tree.name] = [missing[key] for key in lost]
        if indexes:
            report.lost = list(_ranges(lost))
        else:
            report.lost = [*map(_of_gap, table.gaps), *_of_broken(broken, shape)]

    def _missing(self, shape: Shape, indexes: list[Walked], saved: set[RowKey]) -> dict[RowKey, dict[str, Value]]:
        """Return the rows of which only indexes tell, with the columns that these have."""
        missing: dict[RowKey, dict[str, Value]] = {}
        for index in indexes:
            columns = self._readable.shapes.indexes.get(index.tree.name, ())
            for *_, values in rows(self._readable.survey, index):
                if values is None or len(values) != len(columns):
                    continue
                entry = dict(zip(columns, values, strict=True))
                key = tuple(entry.get(name) for name in shape.key) if shape.key else entry[""]
                if key not in saved:
                    known = missing.setdefault(key, {})  # type: ignore[arg-type]  # row numbers are integers
                    known.update(entry)
                    if shape.numbered_by:
                        known[shape.numbered_by] = known.pop("", known.get(shape.numbered_by))
        return missing


def _row(shape: Shape, rowid: int, values: tuple[Value, ...]) -> dict[str, Value]:
    row = shape.named(rowid, values)
    if not shape.key and not shape.numbered_by:
        row[""] = rowid
    return row


def _sortable(key: RowKey) -> Any:
    return order(key) if isinstance(key, tuple) else key


def _shown(key: object) -> str:
    if isinstance(key, tuple):
        return "/".join("" if one is None else one.hex() if isinstance(one, bytes) else str(one) for one in key)
    return str(key)


def _ranges(keys: list[RowKey]) -> Iterator[Lost]:
    """Yield runs of consecutive row numbers; each key of another kind by itself."""
    start = 0
    for at, (before, after) in enumerate(pairwise([*keys, None])):
        if not (isinstance(before, int) and isinstance(after, int) and after == before + 1):
            yield Lost(_shown(keys[start]), _shown(before), at + 1 - start)
            start = at + 1


def _of_gap(gap: Gap) -> Lost:
    return Lost(_bound(gap.low, "first", after=1), _bound(gap.high, "last"), None)


def _bound(key: object, without: str, after: int = 0) -> str:
    if key is None:
        return without
    if isinstance(key, int):
        return str(key + after)
    return _shown(key)


def _of_broken(broken: Iterable[RowKey], shape: Shape) -> Iterator[Lost]:
    for key in broken:
        yield Lost("a row", "a row", 1) if shape.key else Lost(_shown(key), _shown(key), 1)
