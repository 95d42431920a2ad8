# SPDX-License-Identifier: MIT
"""Queries of the leases; times are the database's (`now_of`), so that no host's clock decides about them."""

import time
from collections.abc import Collection, Sequence

import msgspec
from sqlalchemy import Connection, delete, select, text, update

from decnet_models.database.shards import SHARDS
from decnet_models.database.statements import insert_into
from decnet_models.progress.queries import cursor_of
from decnet_models.progress.tables import lease, worker_cursor

_POSTGRES_NOW = text("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint * 1000")


class Lease(msgspec.Struct, frozen=True):
    """One shard of a worker: its cursor, and its holder until when (ns, the database's clock)."""

    worker: str
    shard: int
    seq: int
    epoch: int
    holder: str | None
    expires_at: int
    updated_at: int


def now_of(connection: Connection) -> int:
    """Return the database's time, which is the host's own for a database file."""
    if connection.dialect.name == "postgresql":
        return int(connection.execute(_POSTGRES_NOW).scalar_one())
    return time.time_ns()


def begin_leases(connection: Connection, worker: str, *, now_ns: int) -> None:
    """Create `worker`'s leases, one per shard, at its cursor, unless they exist; safe to run concurrently."""
    if leases_of(connection, worker):
        return
    seq = cursor_of(connection, worker)
    row = {"worker": worker, "seq": seq, "epoch": 0, "holder": None, "expires_at": 0, "updated_at": now_ns}
    statement = insert_into(connection, lease).on_conflict_do_nothing(index_elements=["worker", "shard"])
    connection.execute(statement, [{**row, "shard": shard} for shard in range(SHARDS)])
    connection.execute(delete(worker_cursor).where(worker_cursor.c.worker == worker))


def leases_of(connection: Connection, worker: str) -> list[Lease]:
    """Return the worker's leases in the order of their shards; none if it uses one cursor."""
    query = select(lease).where(lease.c.worker == worker).order_by(lease.c.shard)
    return [Lease(*row) for row in connection.execute(query)]


def all_leases(connection: Connection) -> list[Lease]:
    return [Lease(*row) for row in connection.execute(select(lease).order_by(lease.c.worker, lease.c.shard))]


def renew(connection: Connection, worker: str, holder: str, *, expires_at: int) -> dict[int, int]:
    """Extend the leases of `holder`; return shard and epoch of each."""
    mine = (lease.c.worker == worker) & (lease.c.holder == holder)
    connection.execute(update(lease).where(mine).values(expires_at=expires_at))
    rows = connection.execute(select(lease.c.shard, lease.c.epoch).where(mine).order_by(lease.c.shard))
    return {row.shard: row.epoch for row in rows}


def take(connection: Connection, seen: Sequence[Lease], holder: str, *, expires_at: int) -> bool:
    """Give these leases of one worker to `holder` if nobody has taken any since they were `seen`, else none of them.

    Their former holders can commit nothing more. Waits for their commits.
    """
    worker, epochs = seen[0].worker, {one.shard: one.epoch for one in seen}
    if {shard: one.epoch for shard, one in lock(connection, worker, epochs).items()} != epochs:
        return False
    theirs = (lease.c.worker == worker) & lease.c.shard.in_(sorted(epochs))
    values = {"epoch": lease.c.epoch + 1, "holder": holder, "expires_at": expires_at}
    connection.execute(update(lease).where(theirs).values(values))
    return True


def release(connection: Connection, worker: str, holder: str) -> None:
    """Make the leases of `holder` free at once."""
    statement = update(lease).where(lease.c.worker == worker, lease.c.holder == holder)
    connection.execute(statement.values(holder=None, expires_at=0, epoch=lease.c.epoch + 1))


def lock(connection: Connection, worker: str, shards: Collection[int]) -> dict[int, Lease]:
    """Return the current leases, locked until the transaction's end."""
    query = select(lease).where(lease.c.worker == worker, lease.c.shard.in_(sorted(shards)))
    rows = connection.execute(query.order_by(lease.c.shard).with_for_update())
    return {one.shard: one for one in (Lease(*row) for row in rows)}


def advance(connection: Connection, worker: str, shards: Collection[int], end: int, *, now_ns: int) -> None:
    """Move the cursors of shards locked by this transaction."""
    statement = update(lease).where(lease.c.worker == worker, lease.c.shard.in_(sorted(shards)))
    connection.execute(statement.values(seq=end, updated_at=now_ns))
