# SPDX-License-Identifier: MIT
"""What was saved of each table and what was lost, as values and as a table for people."""

from collections.abc import Iterable, Iterator

import msgspec

from decnet_core.text import for_terminal

SHOWN_RANGES = 5
"""Ranges of lost rows shown to people; `--json` has them all."""


class Lost(msgspec.Struct, frozen=True):
    """Lost rows between two keys, both included; `rows` is None when no index tells how many there were."""

    first: str
    last: str
    rows: int | None


class TableReport(msgspec.Struct):
    """One table; `set_aside` rows were readable but do not fit into a consistent database."""

    name: str
    saved: int = 0
    from_indexes: int = 0
    """Of the saved rows: those whose page is damaged, put together from indexes that have all their columns."""
    set_aside: int = 0
    lost: list[Lost] = []

    @property
    def lost_rows(self) -> int | None:
        """How many rows are lost; None: unknown."""
        counted = [one.rows for one in self.lost]
        return None if None in counted else sum(one for one in counted if one is not None)


class Report(msgspec.Struct):
    """The result of a salvage."""

    database: str
    file: str
    revision: str
    tables: list[TableReport]
    undecided_pages: list[int]
    """Pages with rows that fit several tables, or may have been deleted."""
    set_aside_file: str | None = None
    moved_cursors: list[str] = []
    """Workers whose position was lost; they continue at the end of the log."""

    @property
    def complete(self) -> bool:
        return not (self.undecided_pages or any(one.lost or one.set_aside for one in self.tables))


def lines(report: Report) -> Iterator[str]:
    """Yield the report for people."""
    yield f"{report.file} (revision {report.revision}) has what could be read of {report.database}:"
    rows = [("table", "saved", "of indexes", "set aside", "lost"), *map(_row, _worth_showing(report.tables))]
    widths = [max(len(row[at]) for row in rows) for at in range(4)]
    for row in rows:
        yield f"  {row[0]:<{widths[0]}}" + "".join(f"  {row[at]:>{widths[at]}}" for at in (1, 2, 3)) + f"  {row[4]}"
    if report.undecided_pages:
        yield f"left out: {len(report.undecided_pages)} pages whose rows may be another table's, or deleted ones"
    if report.set_aside_file:
        yield f"rows that would break the database's rules, with the reason: {report.set_aside_file}"
    for worker in report.moved_cursors:
        yield f"the position of {worker} was lost; it continues at the end of the log (see `decnet replay`)"
    if report.complete:
        yield "nothing was lost"


def _worth_showing(tables: Iterable[TableReport]) -> list[TableReport]:
    return [one for one in tables if one.saved or one.set_aside or one.lost]


def _row(table: TableReport) -> tuple[str, str, str, str, str]:
    return (
        table.name,
        f"{table.saved:,}",
        f"{table.from_indexes:,}" if table.from_indexes else "",
        f"{table.set_aside:,}" if table.set_aside else "",
        _lost(table),
    )


def _lost(table: TableReport) -> str:
    if not table.lost:
        return "none"
    count = table.lost_rows
    shown = ", ".join(_range(one) for one in table.lost[:SHOWN_RANGES])
    more = f" and {len(table.lost) - SHOWN_RANGES} more ranges" if len(table.lost) > SHOWN_RANGES else ""
    return f"{'an unknown number' if count is None else f'{count:,}'}: {shown}{more}"


def _range(lost: Lost) -> str:
    first, last = for_terminal(lost.first), for_terminal(lost.last)
    return first if first == last else f"{first} to {last}"
