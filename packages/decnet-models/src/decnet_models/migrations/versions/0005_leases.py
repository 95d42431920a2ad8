# SPDX-License-Identifier: MIT
"""Leases: which instance of a worker handles the events of which attackers, and how far it has come."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005_leases"
down_revision = "0004_canary_webhooks"


def upgrade() -> None:
    """Create the table of the leases; it is filled by each worker when it first runs on PostgreSQL."""
    op.create_table(
        "lease",
        sa.Column("worker", sa.String(255), primary_key=True),
        sa.Column("shard", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("holder", sa.String(255)),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
    )
