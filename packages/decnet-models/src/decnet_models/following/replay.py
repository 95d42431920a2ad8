# SPDX-License-Identifier: MIT
"""Replay: a worker's cursor goes back, and tables that would count twice are emptied, in one transaction.

`info["replay"]` of a table says what happens to its rows:

- nothing (most): a row is named by its event, as `ttp_tag`. Written again it changes nothing, so the rows stay, and a
  replay from any event on adds what newer rules find.
- SUMS: rows add up events, as the profiler's. No part of a sum can be taken back, so all such tables of the worker are
  emptied. That is refused when retention has removed events, whose part in the sums would be lost, unless the operator
  says so.
- STATE: what the worker keeps for later events, as ttp's windows that count. Emptied too. (Begun in the middle, a
  count would be full at another event than it was, and one attack be tagged twice.)

A worker with a table to empty begins at the first event of the log, whatever the requested start.

The worker itself does the rest, as with any backlog. Running instances commit nothing meanwhile: their cursor has
moved, or their lease's epoch. Notices have idempotency keys, so none is delivered twice.
"""

import time

import msgspec
from sqlalchemy import Connection, delete, func, select

from decnet_models.database.domains import all_tables
from decnet_models.database.ownership import REPLAY, SUMS, is_emptied, owners
from decnet_models.errors import DatabaseError
from decnet_models.events.tables import event
from decnet_models.events.volume import forgotten
from decnet_models.progress import queries as progress
from decnet_models.progress.tables import dead_letter


class ReplayError(DatabaseError):
    """The replay is not possible; the message says why and what is."""


class Plan(msgspec.Struct, frozen=True):
    """What a replay does: events from row `first` (`asked` for, or 1) to `last` come again, `emptied` lose all rows."""

    worker: str
    asked: int
    first: int
    last: int
    events: int
    emptied: tuple[str, ...]
    kept: tuple[str, ...]
    forgotten: int
    """Events that retention has removed, whose part in sums is lost."""


def row_at(connection: Connection, ts: int) -> int:
    """Return the first row of the log whose event happened at `ts` (ns) or later, or the row after the last one."""
    first = connection.execute(select(func.min(event.c.seq)).where(event.c.ts >= ts)).scalar()
    return int(first) if first is not None else _last(connection) + 1


def plan(connection: Connection, worker: str, first: int) -> Plan:
    """Return what a replay from row `first` would do; raises ReplayError for a worker that does not follow the log."""
    mine = [table for table in all_tables() if worker in owners(table)]
    if worker not in progress.event_cursors(connection) or not mine:
        raise ReplayError(f"{worker} does not follow the event log here, so there is nothing to replay")
    sums = any(table.info.get(REPLAY) == SUMS for table in mine)
    oldest = connection.execute(select(func.min(event.c.seq))).scalar() or 1
    start = 1 if any(map(is_emptied, mine)) else max(1, first)
    last = _last(connection)
    counted = connection.execute(select(func.count()).select_from(event).where(event.c.seq >= start)).scalar_one()
    return Plan(
        worker=worker,
        asked=first,
        first=start,
        last=last,
        events=counted,
        emptied=tuple(sorted(str(table.name) for table in mine if is_emptied(table))),
        kept=tuple(sorted(str(table.name) for table in mine if not is_emptied(table))),
        forgotten=max(oldest - 1, forgotten(connection)) if sums else 0,
    )


def begin(connection: Connection, asked: Plan) -> None:
    """Carry out the plan within one transaction.

    The cursor comes first: it waits for an instance that is committing, so that its rows are emptied too.
    """
    progress.put_back(connection, asked.worker, asked.first - 1, now_ns=time.time_ns())
    connection.execute(
        delete(dead_letter).where(dead_letter.c.worker == asked.worker, dead_letter.c.seq >= asked.first)
    )
    for table in reversed(all_tables()):  # children first
        if table.name in asked.emptied:
            connection.execute(delete(table))


def _last(connection: Connection) -> int:
    return connection.execute(select(func.max(event.c.seq))).scalar() or 0
