# SPDX-License-Identifier: MIT
"""Deckies and who seems to live on them, sensor hosts, documents with canary tokens."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011_fleet"
down_revision = "0010_campaigns"

SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables of the domains realism, swarm and fleet, and canary_blob."""
    _persona()
    _swarm()
    _blobs()
    _decky()
    _decky_state()
    _action()
    op.create_index("ix_canary_token_created_at", "canary_token", ["created_at", "token"])


def _persona() -> None:
    op.create_table(
        "persona",
        sa.Column("name", sa.String(63), primary_key=True),
        sa.Column("os", sa.String(64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("timezone", sa.String(64), nullable=False),
        sa.Column("work_from", sa.Integer(), sa.CheckConstraint("work_from BETWEEN 0 AND 1440"), nullable=False),
        sa.Column("work_until", sa.Integer(), sa.CheckConstraint("work_until BETWEEN 0 AND 1440"), nullable=False),
        sa.Column("work_days", sa.Integer(), sa.CheckConstraint("work_days BETWEEN 0 AND 127"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
    )


def _swarm() -> None:
    op.create_table(
        "sensor",
        sa.Column("name", sa.String(63), primary_key=True),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("address", sa.String(45)),
        sa.Column("enrolled_at", sa.BigInteger()),
        sa.Column("renewed_at", sa.BigInteger()),
        sa.Column("revoked_at", sa.BigInteger()),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "enrolment",
        sa.Column("fingerprint", sa.String(64), primary_key=True),
        sa.Column("sensor", sa.String(63), sa.ForeignKey("sensor.name", ondelete="CASCADE"), nullable=False),
        sa.Column("not_after", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), sa.CheckConstraint("ended_at >= recorded_at")),
        sa.Column("author", sa.String(255)),
    )
    op.create_index("ix_enrolment_ended_at_not_after", "enrolment", ["ended_at", "not_after"])
    op.create_index("ix_enrolment_sensor", "enrolment", ["sensor", "recorded_at"])


def _blobs() -> None:
    op.create_table(
        "canary_blob",
        sa.Column("token", sa.String(24), sa.ForeignKey("canary_token.token", ondelete="CASCADE"), primary_key=True),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("media_type", sa.String(127), nullable=False),
        sa.Column("size", sa.BigInteger(), sa.CheckConstraint("size BETWEEN 0 AND 33554432"), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_canary_blob_sha256", "canary_blob", ["sha256"])


def _decky() -> None:
    op.create_table(
        "decky",
        sa.Column("name", sa.String(63), primary_key=True),
        sa.Column("address", sa.String(45), nullable=False),
        sa.Column("mac", sa.String(17)),
        sa.Column("host_name", sa.String(253), nullable=False),
        sa.Column(
            "runtime",
            sa.String(16),
            sa.CheckConstraint("runtime IN ('loopback', 'netns', 'container')"),
            nullable=False,
        ),
        sa.Column("persona", sa.String(63), sa.ForeignKey("persona.name"), nullable=False),
        sa.Column("sensor", sa.String(63), sa.ForeignKey("sensor.name")),
        sa.Column("wanted", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("mutate_at", sa.BigInteger()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_decky_address", "decky", ["address"], unique=True)
    op.create_index("ix_decky_mac", "decky", ["mac"], unique=True)
    op.create_index("ix_decky_mutate_at", "decky", ["mutate_at"])
    op.create_index("ix_decky_persona", "decky", ["persona"])
    op.create_index("ix_decky_sensor", "decky", ["sensor"])
    op.create_table(
        "decky_service",
        sa.Column("decky", sa.String(63), sa.ForeignKey("decky.name", ondelete="CASCADE"), primary_key=True),
        sa.Column("service", sa.String(32), primary_key=True),
        sa.Column("transport", sa.String(4), sa.CheckConstraint("transport IN ('tcp', 'udp')"), nullable=False),
        sa.Column("port", sa.Integer(), sa.CheckConstraint("port BETWEEN 1 AND 65535"), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
    )
    op.create_index("ix_decky_service_port", "decky_service", ["decky", "transport", "port"], unique=True)
    op.create_table(
        "decky_policy",
        sa.Column("decky", sa.String(63), sa.ForeignKey("decky.name", ondelete="CASCADE"), primary_key=True),
        sa.Column("every_seconds", sa.Integer(), sa.CheckConstraint("every_seconds >= 60"), nullable=False),
        sa.Column("window_from", sa.Integer(), sa.CheckConstraint("window_from BETWEEN 0 AND 1440"), nullable=False),
        sa.Column("window_until", sa.Integer(), sa.CheckConstraint("window_until BETWEEN 0 AND 1440"), nullable=False),
        sa.Column("services", sa.Text(), nullable=False),
        sa.Column("personas", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
    )


def _decky_state() -> None:
    op.create_table(
        "decky_state",
        sa.Column("decky", sa.String(63), sa.ForeignKey("decky.name", ondelete="CASCADE"), primary_key=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column(
            "phase",
            sa.String(16),
            sa.CheckConstraint("phase IN ('absent', 'starting', 'running', 'stopping', 'failed')"),
            nullable=False,
        ),
        sa.Column("drift", sa.Text(), nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("retry_at", sa.BigInteger()),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("checked_at", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "decky_change",
        sa.Column("id", SEQUENCE, primary_key=True, autoincrement=True),
        sa.Column("decky", sa.String(63), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("before", sa.Text()),
        sa.Column("after", sa.Text()),
        sa.Column("actor", sa.String(255), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("ts", sa.BigInteger(), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_decky_change_decky", "decky_change", ["decky", "id"])


def _action() -> None:
    op.create_table(
        "synthetic_action",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("kind", sa.String(16), sa.CheckConstraint("kind IN ('session', 'file', 'mail')"), nullable=False),
        sa.Column("decky", sa.String(63), sa.ForeignKey("decky.name", ondelete="CASCADE"), nullable=False),
        sa.Column("peer", sa.String(63)),
        sa.Column("persona", sa.String(63), sa.ForeignKey("persona.name"), nullable=False),
        sa.Column("protocol", sa.String(32)),
        sa.Column("token", sa.String(24), sa.ForeignKey("canary_token.token")),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.String(16),
            sa.CheckConstraint("state IN ('planned', 'running', 'done', 'failed')"),
            nullable=False,
        ),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.BigInteger()),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("error", sa.Text()),
    )
    op.create_index("ix_synthetic_action_decky", "synthetic_action", ["decky", "due_at"])
    op.create_index("ix_synthetic_action_persona", "synthetic_action", ["persona"])
    op.create_index("ix_synthetic_action_state", "synthetic_action", ["state", "due_at"])
    op.create_index("ix_synthetic_action_token", "synthetic_action", ["token"])
