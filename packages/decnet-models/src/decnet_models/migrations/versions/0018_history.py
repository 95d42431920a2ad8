# SPDX-License-Identifier: MIT
"""Counts by hour, and the index of words."""

import sqlalchemy as sa
from alembic import op

revision = "0018_history"
down_revision = "0017_trouble"


def upgrade() -> None:
    """Create the tables."""
    word = sa.String(64).with_variant(sa.String(64, collation="C"), "postgresql")
    op.create_table(
        "hourly_count",
        sa.Column("hour", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String(64), primary_key=True),
        sa.Column("decky", sa.String(255), primary_key=True),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.Column("accepted", sa.BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "hourly_attacker",
        sa.Column("hour", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("attacker", sa.String(45), primary_key=True),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "hourly_value",
        sa.Column("what", sa.String(16), primary_key=True),
        sa.Column("hour", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("digest", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text()),
        sa.Column("times", sa.BigInteger(), nullable=False),
        sa.Column("accepted", sa.BigInteger(), nullable=False),
        sa.Column("sources", sa.LargeBinary(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "search_word",
        sa.Column("chunk", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("word", word, primary_key=True),
        sa.Column("first", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("places", sa.LargeBinary(), nullable=False),
        sqlite_with_rowid=False,
    )
