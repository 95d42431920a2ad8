# SPDX-License-Identifier: MIT
"""Tables of the cursor workers' progress."""

from __future__ import annotations

from sqlalchemy import Column, MetaData, Table, Text

from decnet_models.columns import BIG, NAME, NANOSECONDS

metadata = MetaData()

worker_cursor = Table(
    "worker_cursor",
    metadata,
    Column("worker", NAME, primary_key=True),
    # Every event up to this `event.seq` is handled, and its results are committed.
    Column("seq", BIG, nullable=False),
    Column("updated_at", NANOSECONDS, nullable=False),
    info={"owner": "each worker its own row"},
)

set_aside = Table(
    "set_aside",
    metadata,
    # An event that the worker could not handle and passed over, with its error.
    Column("worker", NAME, primary_key=True),
    Column("seq", BIG, primary_key=True, autoincrement=False),
    Column("error", Text, nullable=False),
    Column("created_at", NANOSECONDS, nullable=False),
    info={"owner": "each worker its own row"},
)
