# SPDX-License-Identifier: MIT
"""Table of the transactional outbox."""

from sqlalchemy import Column, Index, MetaData, String, Table

from decnet_models.database.columns import JSON_TEXT, NANOSECONDS, SEQUENCE

metadata = MetaData()

notice = Table(
    "notice",
    metadata,
    Column("seq", SEQUENCE, primary_key=True, autoincrement=True),
    Column("key", String(512), nullable=False),
    Column("kind", String(64), nullable=False),
    Column("ts", NANOSECONDS, nullable=False),
    Column("body", JSON_TEXT, nullable=False),
    Column("created_at", NANOSECONDS, nullable=False),
    Index("ix_notice_key", "key", unique=True),
    info={"owner": "any worker", "readers": ("webhook", "reporter", "operator")},
    sqlite_autoincrement=True,
)
