# SPDX-License-Identifier: MIT
"""Tables of the cursor workers' progress.

A worker's position in the log is one row of `worker_cursor`, or, on PostgreSQL, where instances may share the work,
one row of `lease` for each shard of attackers. Never both: a worker's first lease takes its cursor over.
"""

from sqlalchemy import Column, Integer, MetaData, Table, Text

from decnet_models.database.columns import BIG, NAME, NANOSECONDS

metadata = MetaData()

worker_cursor = Table(
    "worker_cursor",
    metadata,
    Column("worker", NAME, primary_key=True),
    Column("seq", BIG, nullable=False),
    Column("updated_at", NANOSECONDS, nullable=False),
    info={
        "owner": "each worker its own row",
        "readers": ("ingest", "campaign-clusterer", "mutate", "reporter", "operator"),
    },
)

lease = Table(
    "lease",
    metadata,
    Column("worker", NAME, primary_key=True),
    Column("shard", Integer, primary_key=True, autoincrement=False),
    Column("seq", BIG, nullable=False),
    Column("epoch", BIG, nullable=False),
    Column("holder", NAME),
    Column("expires_at", NANOSECONDS, nullable=False),
    Column("updated_at", NANOSECONDS, nullable=False),
    info={"owner": "each worker its own row", "readers": ("campaign-clusterer", "mutate", "operator")},
)

dead_letter = Table(
    "dead_letter",
    metadata,
    Column("worker", NAME, primary_key=True),
    Column("seq", BIG, primary_key=True, autoincrement=False),
    Column("error", Text, nullable=False),
    Column("created_at", NANOSECONDS, nullable=False),
    info={"owner": "each worker its own row", "readers": ("operator",)},
)
