# SPDX-License-Identifier: MIT
"""Sources that are the operator's own."""

import sqlalchemy as sa
from alembic import op

revision = "0014_known_source"
down_revision = "0013_webhook_format"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "known_source",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("network", sa.String(49), nullable=False),
        sa.Column("port", sa.Integer(), sa.CheckConstraint("port BETWEEN 0 AND 65535")),
        sa.Column("kind", sa.String(64)),
        sa.Column("until", sa.BigInteger()),
        sa.Column("label", sa.String(255), nullable=False),
        sa.Column("forget", sa.Boolean(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sqlite_autoincrement=True,
    )
