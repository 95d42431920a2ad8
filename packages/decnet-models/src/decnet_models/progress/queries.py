# SPDX-License-Identifier: MIT
"""Queries of the cursor workers' progress."""

from collections.abc import Iterable
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import BindParameter, Connection, Select, Update, bindparam, case, delete, func, select, update

from decnet_core.text import for_column
from decnet_models.database.rows.row_select import RowSelect
from decnet_models.database.statements import insert_into, parts
from decnet_models.progress.tables import dead_letter, lease, worker_cursor

_OF_OTHER_LOGS = {"webhook", "enrich", "campaign-clusterer"}
"""Workers whose cursors count notices or changes of identities, not events."""
_OTHER_CURSORS = (".verdicts", ".known")
"""How second cursors of workers that follow the event log, too, end."""


class DeadLetter(msgspec.Struct, frozen=True):
    """An event that a worker could not handle."""

    worker: str
    seq: int
    error: str
    created_at: int


def cursor_of(connection: Connection, worker: str) -> int:
    """Return the `event.seq` up to which `worker` has handled everything; 0 for a new worker."""
    ((seq,),) = _CURSOR_OF.rows(connection, name=worker)
    return seq or 0


def _cursor_of(_: Connection) -> Select[Any]:
    name: BindParameter[str] = bindparam("name")
    whole = select(worker_cursor.c.seq).where(worker_cursor.c.worker == name).scalar_subquery()
    slowest = select(func.min(lease.c.seq)).where(lease.c.worker == name).scalar_subquery()
    return select(func.coalesce(slowest, whole))


_CURSOR_OF = RowSelect(_cursor_of)


def cursors(connection: Connection) -> dict[str, int]:
    """Return every worker's cursor; with shards, the slowest shard's."""
    whole = select(worker_cursor.c.worker, worker_cursor.c.seq)
    slowest = select(lease.c.worker, func.min(lease.c.seq)).group_by(lease.c.worker)
    positions = dict(connection.execute(whole).all()) | dict(connection.execute(slowest).all())
    return dict(sorted(positions.items()))


def event_cursors(connection: Connection) -> dict[str, int]:
    """Return the cursors over the event log; others, such as `profiler.verdicts`, are over other tables."""
    return {name: seq for name, seq in cursors(connection).items() if not _is_of_another_log(name)}


def _is_of_another_log(cursor: str) -> bool:
    return cursor.endswith(_OTHER_CURSORS) or cursor.partition(".")[0] in _OF_OTHER_LOGS


def begin_cursor(connection: Connection, worker: str, *, now_ns: int) -> None:
    """Create a new worker's cursor, at the beginning of the log."""
    row = {"worker": worker, "seq": 0, "updated_at": now_ns}
    connection.execute(insert_into(connection, worker_cursor).values(**row).on_conflict_do_nothing())


def advance_cursor(connection: Connection, worker: str, start: int, end: int, *, now_ns: int) -> bool:
    """Move `worker`'s cursor from `start` to `end`; False when it is not at `start` any more.

    First in a transaction, it also makes a second instance of the worker wait for the first one's commit.
    """
    values = {"name": worker, "start": start, "end": end, "now": now_ns}
    return connection.execute(_advance_cursor(), values).rowcount == 1


@cache
def _advance_cursor() -> Update:
    at_start = (worker_cursor.c.worker == bindparam("name")) & (worker_cursor.c.seq == bindparam("start"))
    return update(worker_cursor).where(at_start).values(seq=bindparam("end"), updated_at=bindparam("now"))


def move_cursor(connection: Connection, worker: str, seq: int, *, now_ns: int) -> None:
    """Set `worker`'s cursor, whoever holds it: commits in progress on its instances are rejected."""
    values = {"seq": seq, "epoch": lease.c.epoch + 1, "holder": None, "expires_at": 0, "updated_at": now_ns}
    if connection.execute(update(lease).where(lease.c.worker == worker).values(**values)).rowcount:
        return
    cursor = {"seq": seq, "updated_at": now_ns}
    statement = insert_into(connection, worker_cursor).values(worker=worker, **cursor)
    connection.execute(statement.on_conflict_do_update(index_elements=["worker"], set_=cursor))


def add_dead_letter(connection: Connection, worker: str, seq: int, error: str, *, now_ns: int) -> None:
    """Record that `worker` skipped the event at `seq`, and the error."""
    row = {"worker": worker, "seq": seq, "error": for_column(error), "created_at": now_ns}
    connection.execute(insert_into(connection, dead_letter).values(**row).on_conflict_do_nothing())


def dead_letters_of(connection: Connection, worker: str, limit: int = 100) -> list[DeadLetter]:
    """Return the newest events that `worker` skipped."""
    query = select(dead_letter).where(dead_letter.c.worker == worker).order_by(dead_letter.c.seq.desc()).limit(limit)
    return [DeadLetter(*row) for row in connection.execute(query)]


def remove_dead_letters(connection: Connection, worker: str, seqs: Iterable[int]) -> None:
    """Forget that `worker` skipped the events at `seqs`: they were handled after all, or are to be."""
    for part in parts(seqs):
        connection.execute(delete(dead_letter).where(dead_letter.c.worker == worker, dead_letter.c.seq.in_(part)))


def count_dead_letters(connection: Connection) -> dict[str, int]:
    """Return how many events each worker skipped."""
    query = select(dead_letter.c.worker, func.count()).group_by(dead_letter.c.worker)
    return dict(connection.execute(query).all())


def put_back(connection: Connection, worker: str, seq: int, *, now_ns: int) -> None:
    """Move `worker`'s cursors that are beyond `seq` back to it, and end the leases of its instances.

    First in a transaction, it waits for an instance that is committing; later commits of theirs are rejected.
    """
    of_leases = update(lease).where(lease.c.worker == worker)
    back = case((lease.c.seq > seq, seq), else_=lease.c.seq)
    values = {"seq": back, "epoch": lease.c.epoch + 1, "holder": None, "expires_at": 0, "updated_at": now_ns}
    if not connection.execute(of_leases.values(**values)).rowcount:
        beyond = (worker_cursor.c.worker == worker) & (worker_cursor.c.seq > seq)
        connection.execute(update(worker_cursor).where(beyond).values(seq=seq, updated_at=now_ns))


def begin_again(connection: Connection, worker: str, *, now_ns: int) -> None:
    """Reset `worker` to the beginning of the log: it handles every event again, dead letters too."""
    move_cursor(connection, worker, 0, now_ns=now_ns)
    connection.execute(delete(dead_letter).where(dead_letter.c.worker == worker))
