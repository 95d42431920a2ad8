# SPDX-License-Identifier: MIT
"""Troubles of the fleet itself."""

import sqlalchemy as sa
from alembic import op

revision = "0017_trouble"
down_revision = "0016_incidents"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "trouble",
        sa.Column("kind", sa.String(64), primary_key=True),
        sa.Column("subject", sa.String(255), primary_key=True),
        sa.Column("since", sa.BigInteger(), nullable=False),
    )
