# SPDX-License-Identifier: MIT
"""The event log, the cursors and the outbox."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001_events"
down_revision = None

SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables of the domains events, progress and notices."""
    _events()
    _progress()
    _notices()


def _events() -> None:
    op.create_table(
        "event",
        sa.Column("seq", SEQUENCE, primary_key=True, autoincrement=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ts", sa.BigInteger(), nullable=False),
        sa.Column("sensor", sa.String(255), nullable=False),
        sa.Column("decky", sa.String(255)),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("src_ip", sa.String(45)),
        sa.Column("src_port", sa.Integer()),
        sa.Column("dst_ip", sa.String(45)),
        sa.Column("dst_port", sa.Integer()),
        sa.Column("session", sa.String(255)),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_event_id", "event", ["id"], unique=True)
    op.create_index("ix_event_kind_seq", "event", ["kind", "seq"])
    op.create_index("ix_event_src_ip_seq", "event", ["src_ip", "seq"])
    op.create_index("ix_event_session_seq", "event", ["session", "seq"])
    op.create_index("ix_event_ts", "event", ["ts"])
    op.create_table(
        "ingest_position",
        sa.Column("spool", sa.String(255), primary_key=True),
        sa.Column("segment", sa.BigInteger(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
    )


def _progress() -> None:
    op.create_table(
        "worker_cursor",
        sa.Column("worker", sa.String(255), primary_key=True),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "set_aside",
        sa.Column("worker", sa.String(255), primary_key=True),
        sa.Column("seq", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
    )


def _notices() -> None:
    op.create_table(
        "notice",
        sa.Column("seq", SEQUENCE, primary_key=True, autoincrement=True),
        sa.Column("key", sa.String(512), nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("ts", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_notice_key", "notice", ["key"], unique=True)
