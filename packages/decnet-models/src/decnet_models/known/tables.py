# SPDX-License-Identifier: MIT
"""Table of the known sources."""

from sqlalchemy import Boolean, CheckConstraint, Column, Integer, MetaData, String, Table

from decnet_models.database.columns import NAME, NANOSECONDS, SEQUENCE

metadata = MetaData()

known_source = Table(
    "known_source",
    metadata,
    # AUTOINCREMENT: readers recognise a change by the number of rows and the last number, which is never reused.
    Column("id", SEQUENCE, primary_key=True, autoincrement=True),
    Column("network", String(49), nullable=False),
    Column("port", Integer, CheckConstraint("port BETWEEN 0 AND 65535")),
    Column("kind", String(64)),
    Column("until", NANOSECONDS),
    Column("label", NAME, nullable=False),
    Column("forget", Boolean, nullable=False),
    Column("added_at", NANOSECONDS, nullable=False),
    info={
        "owner": "operator",
        "readers": ("profiler", "ttp", "clusterer", "webhook", "history", "reporter", "operator"),
    },
    sqlite_autoincrement=True,
)
