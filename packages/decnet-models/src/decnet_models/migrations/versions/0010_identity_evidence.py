# SPDX-License-Identifier: MIT
"""What the clusterer keeps: attackers, sketches of sets, the cores of features, and what is to be computed again."""

import sqlalchemy as sa
from alembic import op

revision = "0010_identity_evidence"
down_revision = "0009_campaign_rhythm"


def upgrade() -> None:
    """Add the tables, and the times of features."""
    for table in ("identity_feature", "campaign_feature"):
        for column in ("first_seen", "last_seen"):
            op.add_column(table, sa.Column(column, sa.BigInteger(), nullable=False, server_default="0"))
    op.create_table(
        "identity_attacker",
        sa.Column("attacker", sa.String(45), primary_key=True),
        sa.Column("own", sa.Uuid(), nullable=False),
        sa.Column("first_seen", sa.BigInteger(), nullable=False),
        sa.Column("last_seen", sa.BigInteger(), nullable=False),
        sa.Column("core", sa.String(32)),
        sa.Column("bond", sa.String(64), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_identity_attacker_bond", "identity_attacker", ["bond", "first_seen", "attacker"])
    op.create_index("ix_identity_attacker_core", "identity_attacker", ["core"])
    op.create_index("ix_identity_attacker_own", "identity_attacker", ["own"])
    op.create_table(
        "identity_sketch",
        sa.Column("attacker", sa.String(45), primary_key=True),
        sa.Column("kind", sa.String(32), primary_key=True),
        sa.Column("minima", sa.LargeBinary(), nullable=False),
        sa.Column("first_seen", sa.BigInteger(), nullable=False),
        sa.Column("last_seen", sa.BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "identity_core",
        sa.Column("kind", sa.String(32), primary_key=True),
        sa.Column("digest", sa.String(32), primary_key=True),
        sa.Column("core", sa.String(32), nullable=False),
        sa.Column("weight", sa.Float(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_identity_core_core", "identity_core", ["core"])
    op.create_table(
        "identity_pending",
        sa.Column("kind", sa.String(32), primary_key=True),
        sa.Column("name", sa.String(45), primary_key=True),
        sqlite_with_rowid=False,
    )
