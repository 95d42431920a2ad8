# SPDX-License-Identifier: MIT
"""Dead letters get a table of that name; the previous version keeps writing `set_aside` until the second phase."""

import sqlalchemy as sa
from alembic import op

revision = "0002_dead_letter"
down_revision = "0001_initial"


def upgrade() -> None:
    """Create the table and copy what is there."""
    op.create_table(
        "dead_letter",
        sa.Column("worker", sa.String(255), primary_key=True),
        sa.Column("seq", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
    )
    op.execute("INSERT INTO dead_letter SELECT worker, seq, error, created_at FROM set_aside")
