# SPDX-License-Identifier: MIT
"""Row numbers and positions in the new file: no number is given twice, and no worker handles an event twice.

`sqlite_sequence` continues above every number that the old file shows to have been given: a new event at or below a
worker's cursor would be passed over. A worker whose position is lost continues at the end of the log, since what it
has counted would otherwise be counted again; a replay makes its tables anew.
"""

import sqlite3
import time
from collections.abc import Iterable, Mapping

from decnet_models.salvage.report import TableReport

_GIVEN = {
    "event": ("event_volume.last_seq", "worker_cursor.seq", "lease.seq", "dead_letter.seq"),
    "notice": ("webhook_delivery.notice_seq", "webhook.since_seq", "incident_notice.notice"),
}
"""Columns that name row numbers of a table."""
_OF_NOTICES = ("webhook", "enrich")
"""The workers whose positions count notices."""
_REPEATABLE = ("profiler.verdicts", "webhook.incidents")
"""Positions that may begin anew: taking over again what is followed changes nothing, and writes no notice twice."""


def continue_numbering(connection: sqlite3.Connection, saved: Mapping[str, int], tables: Iterable[TableReport]) -> None:
    """Let each numbered table begin above all numbers given so far; `saved` is what the old file says."""
    lost = {table.name: _highest_lost(table) for table in tables}
    for table in _numbered(connection):
        highest = [saved.get(table, 0), lost.get(table, 0), _highest(connection, table, "rowid")]
        highest += [_highest(connection, *column.split(".")) for column in _GIVEN.get(table, ())]
        if table == "notice":
            position = "SELECT max(seq) FROM worker_cursor WHERE worker IN (?, ?)"
            highest.append(connection.execute(position, _OF_NOTICES).fetchone()[0] or 0)
        connection.execute("DELETE FROM sqlite_sequence WHERE name = ?", (table,))
        if max(highest):
            connection.execute("INSERT INTO sqlite_sequence VALUES (?, ?)", (table, max(highest)))


def place_lost_cursors(connection: sqlite3.Connection, workers: Iterable[str]) -> list[str]:
    """Put workers whose position is lost at the end of what they follow; return their names."""
    placed = []
    for worker in sorted(workers):
        log = "notice" if worker.partition(".")[0] in _OF_NOTICES else "event"
        row = (worker, 0 if worker in _REPEATABLE else _highest(connection, log, "rowid"), time.time_ns())
        connection.execute("INSERT OR IGNORE INTO worker_cursor (worker, seq, updated_at) VALUES (?, ?, ?)", row)
        placed.append(worker)
    return placed


def _numbered(connection: sqlite3.Connection) -> list[str]:
    statement = "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql LIKE '%AUTOINCREMENT%'"
    return [name for (name,) in connection.execute(statement)]


def _highest(connection: sqlite3.Connection, table: str, column: str) -> int:
    return connection.execute(f'SELECT max("{column}") FROM "{table}"').fetchone()[0] or 0  # noqa: S608


def _highest_lost(table: TableReport) -> int:
    return max((int(lost.last) for lost in table.lost if lost.last.isdigit()), default=0)
