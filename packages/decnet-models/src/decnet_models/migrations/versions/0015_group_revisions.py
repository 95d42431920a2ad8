# SPDX-License-Identifier: MIT
"""A revision of each identity and campaign, so that who builds on them can follow what changed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015_group_revisions"
down_revision = "0014_event_forgotten"


def upgrade() -> None:
    """Add the columns, and number what is there."""
    for table in ("identity", "campaign"):
        op.add_column(table, sa.Column("revision", sa.BigInteger(), nullable=False, server_default="0"))
        op.execute(f"UPDATE {table} SET revision = (SELECT count(*) FROM {table} AS one WHERE one.id <= {table}.id)")  # noqa: S608  # our names
        op.create_index(f"ix_{table}_revision", table, ["revision"])
