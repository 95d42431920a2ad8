# SPDX-License-Identifier: MIT
"""Queries of the cursor workers' progress."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, delete, func, select, update

from decnet_core.text import for_column
from decnet_models.progress.tables import set_aside, worker_cursor
from decnet_models.statements import insert_into


class SetAside(msgspec.Struct, frozen=True):
    """An event that a worker could not handle."""

    worker: str
    seq: int
    error: str
    created_at: int


def cursor_of(connection: Connection, worker: str) -> int:
    """Return the `event.seq` up to which `worker` has handled everything; 0 for a new worker."""
    query = select(worker_cursor.c.seq).where(worker_cursor.c.worker == worker)
    return connection.execute(query).scalar() or 0


def cursors(connection: Connection) -> dict[str, int]:
    """Return every worker's cursor."""
    query = select(worker_cursor.c.worker, worker_cursor.c.seq).order_by(worker_cursor.c.worker)
    return dict(connection.execute(query).all())


def begin_cursor(connection: Connection, worker: str, *, now_ns: int) -> None:
    """Give a new worker its cursor, at the beginning of the log."""
    row = {"worker": worker, "seq": 0, "updated_at": now_ns}
    connection.execute(insert_into(connection, worker_cursor).values(**row).on_conflict_do_nothing())


def advance_cursor(connection: Connection, worker: str, start: int, end: int, *, now_ns: int) -> bool:
    """Move `worker`'s cursor from `start` to `end`; False when it is not at `start` any more.

    First in a transaction, it also makes a second instance of the worker wait for the first one's commit.
    """
    statement = update(worker_cursor).where(worker_cursor.c.worker == worker, worker_cursor.c.seq == start)
    return connection.execute(statement.values(seq=end, updated_at=now_ns)).rowcount == 1


def move_cursor(connection: Connection, worker: str, seq: int, *, now_ns: int) -> None:
    """Set `worker`'s cursor; belongs into the transaction that writes its results."""
    values = {"seq": seq, "updated_at": now_ns}
    statement = insert_into(connection, worker_cursor).values(worker=worker, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["worker"], set_=values))


def set_event_aside(connection: Connection, worker: str, seq: int, error: str, *, now_ns: int) -> None:
    """Record that `worker` passed over the event at `seq`, and why."""
    row = {"worker": worker, "seq": seq, "error": for_column(error), "created_at": now_ns}
    connection.execute(insert_into(connection, set_aside).values(**row).on_conflict_do_nothing())


def set_aside_by(connection: Connection, worker: str, limit: int = 100) -> list[SetAside]:
    """Return the newest events that `worker` passed over."""
    query = select(set_aside).where(set_aside.c.worker == worker).order_by(set_aside.c.seq.desc()).limit(limit)
    return [SetAside(*row) for row in connection.execute(query)]


def count_set_aside(connection: Connection) -> dict[str, int]:
    """Return how many events each worker passed over."""
    query = select(set_aside.c.worker, func.count()).group_by(set_aside.c.worker)
    return dict(connection.execute(query).all())


def begin_again(connection: Connection, worker: str, *, now_ns: int) -> None:
    """Put `worker` back to the beginning of the log: it handles every event again, those set aside too."""
    move_cursor(connection, worker, 0, now_ns=now_ns)
    connection.execute(delete(set_aside).where(set_aside.c.worker == worker))
