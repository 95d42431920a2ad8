# SPDX-License-Identifier: MIT
"""Canary tokens that are disabled, recognised by an SSH key or planted on deckies; hits of link scanners."""

import sqlalchemy as sa
from alembic import op

revision = "0019_canary_kinds"
down_revision = "0018_history"


def upgrade() -> None:
    """Add the columns and the table."""
    op.add_column("canary_token", sa.Column("disabled_at", sa.BigInteger()))
    op.add_column("canary_token", sa.Column("recognised_by", sa.String(128)))
    op.create_index("ix_canary_token_recognised_by", "canary_token", ["recognised_by"])
    op.add_column("canary_hit", sa.Column("scanner", sa.String(64)))
    op.create_table(
        "canary_planting",
        sa.Column("token", sa.String(24), sa.ForeignKey("canary_token.token", ondelete="CASCADE"), primary_key=True),
        sa.Column("decky", sa.String(63), primary_key=True),
        sa.Column("path", sa.String(1024), primary_key=True),
        sa.Column("planted_at", sa.BigInteger(), nullable=False),
    )
