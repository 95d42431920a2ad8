# SPDX-License-Identifier: MIT
"""Tables of the cursor workers' progress.

A worker's place in the log is one row of `worker_cursor`, or, on PostgreSQL, where many instances may share the work,
one row of `lease` for each shard of attackers. Never both: a worker's first lease takes its cursor over.
"""

from __future__ import annotations

from sqlalchemy import Column, Integer, MetaData, Table, Text

from decnet_models.database.columns import BIG, NAME, NANOSECONDS

metadata = MetaData()

worker_cursor = Table(
    "worker_cursor",
    metadata,
    Column("worker", NAME, primary_key=True),
    # Every event up to this `event.seq` is handled, and its results are committed.
    Column("seq", BIG, nullable=False),
    Column("updated_at", NANOSECONDS, nullable=False),
    info={"owner": "each worker its own row", "readers": ("ingest", "operator")},
)

lease = Table(
    "lease",
    metadata,
    Column("worker", NAME, primary_key=True),
    # Of `decnet_models.database.shards.SHARDS`, by the attacker's address.
    Column("shard", Integer, primary_key=True, autoincrement=False),
    # The shard's cursor: every event of its attackers up to this `event.seq` is handled.
    Column("seq", BIG, nullable=False),
    # Grows whenever the lease changes hands; who has an older one commits nothing.
    Column("epoch", BIG, nullable=False),
    # The instance, `host:pid:random`; null: nobody's.
    Column("holder", NAME),
    Column("expires_at", NANOSECONDS, nullable=False),
    Column("updated_at", NANOSECONDS, nullable=False),
    info={"owner": "each worker its own row", "readers": ("operator",)},
)

set_aside = Table(
    "set_aside",
    metadata,
    # An event that the worker could not handle and passed over, with its error.
    Column("worker", NAME, primary_key=True),
    Column("seq", BIG, primary_key=True, autoincrement=False),
    Column("error", Text, nullable=False),
    Column("created_at", NANOSECONDS, nullable=False),
    info={"owner": "each worker its own row", "readers": ("operator",)},
)
