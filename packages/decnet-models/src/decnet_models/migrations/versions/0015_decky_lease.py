# SPDX-License-Identifier: MIT
"""Deckies may get their address from a DHCP server."""

import sqlalchemy as sa
from alembic import op

revision = "0015_decky_lease"
down_revision = "0014_known_source"


def upgrade() -> None:
    """Add the column and the table."""
    op.add_column("decky", sa.Column("dhcp", sa.Boolean(), nullable=False, server_default="0"))
    op.create_table(
        "decky_lease",
        sa.Column("decky", sa.String(63), sa.ForeignKey("decky.name", ondelete="CASCADE"), primary_key=True),
        sa.Column("mac", sa.String(17), nullable=False),
        sa.Column("address", sa.String(45), nullable=False),
        sa.Column("prefix_length", sa.Integer(), sa.CheckConstraint("prefix_length BETWEEN 0 AND 128"), nullable=False),
        sa.Column("gateway", sa.String(45)),
        sa.Column("server", sa.String(45), nullable=False),
        sa.Column("obtained_at", sa.BigInteger(), nullable=False),
        sa.Column("renew_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
    )
