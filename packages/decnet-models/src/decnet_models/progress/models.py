# SPDX-License-Identifier: MIT
"""The progress of the cursor workers as SQLModel classes."""

from decnet_models.progress import tables
from decnet_models.table_model import TableModel


class WorkerCursor(TableModel, table=True):
    """How far a worker has read the event log."""

    __table__ = tables.worker_cursor

    worker: str
    """The name of the worker."""
    seq: int
    """`event.seq` up to which every event is handled and its results are committed."""
    updated_at: int
    """When the cursor last moved."""


class Lease(TableModel, table=True):
    """A shard of a worker's events, and the instance that handles it; PostgreSQL only."""

    __table__ = tables.lease

    worker: str
    """The name of the worker."""
    shard: int
    """The number of the shard, by the attacker's address (`decnet_models.database.shards`)."""
    seq: int
    """`event.seq` up to which every event of the shard is handled."""
    epoch: int
    """Grows whenever the lease changes hands; an instance with an older one commits nothing."""
    holder: str | None = None
    """The instance that holds it, `host:pid:random`; null: none."""
    expires_at: int
    """When it expires unless it is renewed."""
    updated_at: int
    """When it was last changed."""


class DeadLetter(TableModel, table=True):
    """An event that a worker could not handle and skipped."""

    __table__ = tables.dead_letter

    worker: str
    """The name of the worker."""
    seq: int
    """`event.seq` of the event."""
    error: str
    """The error that it caused."""
    created_at: int
    """When it was skipped."""
