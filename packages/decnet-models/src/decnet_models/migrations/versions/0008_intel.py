# SPDX-License-Identifier: MIT
"""What others know about attackers, and what may still be asked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008_intel"
down_revision = "0007_event_volume"


def upgrade() -> None:
    """Create the tables of the domain intel."""
    _intel()
    _quota()


def _intel() -> None:
    op.create_table(
        "intel",
        sa.Column("indicator", sa.String(255), primary_key=True),
        sa.Column("provider", sa.String(64), primary_key=True),
        sa.Column(
            "verdict",
            sa.String(16),
            sa.CheckConstraint("verdict IN ('malicious', 'suspicious', 'benign', 'unknown')"),
            nullable=False,
        ),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("fetched_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_intel_expires_at", "intel", ["expires_at"])
    op.create_index("ix_intel_provider_expires_at", "intel", ["provider", "expires_at"])


def _quota() -> None:
    op.create_table(
        "provider_quota",
        sa.Column("provider", sa.String(64), primary_key=True),
        sa.Column("window_from", sa.BigInteger(), nullable=False),
        sa.Column("window_until", sa.BigInteger(), nullable=False),
        sa.Column("allowed", sa.Integer(), sa.CheckConstraint("allowed >= 0"), nullable=False),
        sa.Column("used", sa.Integer(), sa.CheckConstraint("used >= 0"), nullable=False),
        sa.Column("not_before", sa.BigInteger()),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text()),
    )
