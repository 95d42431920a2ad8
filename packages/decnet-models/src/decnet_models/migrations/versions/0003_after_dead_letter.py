# SPDX-License-Identifier: MIT
"""Drops `set_aside`, once no program writes it any more."""

from alembic import op

revision = "0003_after_dead_letter"
down_revision = "0002_dead_letter"


def upgrade() -> None:
    """Copy what the previous version wrote since 0002, and drop the table."""
    op.execute(
        "INSERT INTO dead_letter SELECT worker, seq, error, created_at FROM set_aside WHERE true ON CONFLICT DO NOTHING"
    )
    op.drop_table("set_aside")
