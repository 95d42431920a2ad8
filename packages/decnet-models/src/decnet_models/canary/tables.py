# SPDX-License-Identifier: MIT
"""Tables of the canary tokens."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, LargeBinary, MetaData, String, Table

from decnet_models.database.columns import BIG, NAME, NANOSECONDS, SHA256, mentions

metadata = MetaData()

canary_token = Table(
    "canary_token",
    metadata,
    Column("token", String(24), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("label", NAME, nullable=False),
    Column("created_at", NANOSECONDS, nullable=False),
    Column("disabled_at", NANOSECONDS),
    Column("recognised_by", String(128)),
    Index("ix_canary_token_created_at", "created_at", "token"),
    Index("ix_canary_token_recognised_by", "recognised_by"),
    info={"owner": "operator", "readers": ("profiler", "orchestrator", "operator")},
)

canary_planting = Table(
    "canary_planting",
    metadata,
    Column("token", String(24), ForeignKey("canary_token.token", ondelete="CASCADE"), primary_key=True),
    Column("decky", String(63), primary_key=True, info=mentions("decky.name")),
    Column("path", String(1024), primary_key=True),
    Column("planted_at", NANOSECONDS, nullable=False),
    info={"owner": "operator", "readers": ("orchestrator", "operator")},
)

canary_blob = Table(
    "canary_blob",
    metadata,
    Column("token", String(24), ForeignKey("canary_token.token", ondelete="CASCADE"), primary_key=True),
    Column("name", NAME, nullable=False),
    Column("media_type", String(127), nullable=False),
    Column("size", BIG, CheckConstraint("size BETWEEN 0 AND 33554432"), nullable=False),
    Column("sha256", SHA256, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("created_at", NANOSECONDS, nullable=False),
    Index("ix_canary_blob_sha256", "sha256"),
    info={"owner": "operator", "readers": ("orchestrator", "operator")},
)
