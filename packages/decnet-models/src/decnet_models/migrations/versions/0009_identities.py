# SPDX-License-Identifier: MIT
"""Attackers sorted into identities."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009_identities"
down_revision = "0008_intel"

SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables of the domain identities."""
    _identity()
    _identity_evidence()
    _identity_changes()
    _identity_decisions()


def _identity() -> None:
    op.create_table(
        "identity",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("merged_into", sa.Uuid(), sa.ForeignKey("identity.id")),
        sa.Column("members", sa.Integer(), nullable=False),
        sa.Column("first_seen", sa.BigInteger(), nullable=False),
        sa.Column("last_seen", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_identity_last_seen", "identity", ["last_seen"])
    op.create_index("ix_identity_merged_into", "identity", ["merged_into"])
    op.create_table(
        "identity_member",
        sa.Column("attacker", sa.String(45), primary_key=True),
        sa.Column("identity", sa.Uuid(), sa.ForeignKey("identity.id"), nullable=False),
        sa.Column("weight", sa.Float(), sa.CheckConstraint("weight >= 0"), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("first_seen", sa.BigInteger(), nullable=False),
        sa.Column("last_seen", sa.BigInteger(), nullable=False),
        sa.Column("joined_at", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_identity_member_identity", "identity_member", ["identity", "attacker"])


def _identity_evidence() -> None:
    op.create_table(
        "identity_feature",
        sa.Column("kind", sa.String(32), primary_key=True),
        sa.Column("digest", sa.String(32), primary_key=True),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("subjects", sa.Integer(), sa.CheckConstraint("subjects >= 0"), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_identity_feature_kind_subjects", "identity_feature", ["kind", "subjects"])
    op.create_table(
        "identity_evidence",
        sa.Column("kind", sa.String(32), primary_key=True),
        sa.Column("digest", sa.String(32), primary_key=True),
        sa.Column("attacker", sa.String(45), primary_key=True),
        sa.Column("first_seen", sa.BigInteger(), nullable=False),
        sa.Column("last_seen", sa.BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_identity_evidence_attacker", "identity_evidence", ["attacker"])


def _identity_changes() -> None:
    op.create_table(
        "identity_change",
        sa.Column("id", SEQUENCE, primary_key=True, autoincrement=True),
        sa.Column("kind", sa.String(8), sa.CheckConstraint("kind IN ('merge', 'split')"), nullable=False),
        sa.Column("source", sa.Uuid(), sa.ForeignKey("identity.id"), nullable=False),
        sa.Column("target", sa.Uuid(), sa.ForeignKey("identity.id"), nullable=False),
        sa.Column("weight", sa.Float(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("ts", sa.BigInteger(), nullable=False),
        sa.Column("undone_at", sa.BigInteger()),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_identity_change_source", "identity_change", ["source"])
    op.create_index("ix_identity_change_target", "identity_change", ["target"])
    op.create_table(
        "identity_moved",
        sa.Column(
            "change",
            sa.BigInteger(),
            sa.ForeignKey("identity_change.id", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("attacker", sa.String(45), primary_key=True),
        sqlite_with_rowid=False,
    )


def _identity_decisions() -> None:
    op.create_table(
        "identity_decision",
        sa.Column("id", SEQUENCE, primary_key=True, autoincrement=True),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("attacker", sa.String(45)),
        sa.Column("other", sa.String(45)),
        sa.Column("identity", sa.Uuid(), sa.ForeignKey("identity.id")),
        sa.Column("change", sa.BigInteger(), sa.ForeignKey("identity_change.id")),
        sa.Column("author", sa.String(255), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn_at", sa.BigInteger()),
        sa.CheckConstraint("kind IN ('together', 'apart', 'pinned', 'undone')"),
        sa.CheckConstraint("(kind IN ('together', 'apart')) = (other IS NOT NULL)"),
        sa.CheckConstraint("(kind = 'pinned') = (identity IS NOT NULL)"),
        sa.CheckConstraint("(kind = 'undone') = (change IS NOT NULL)"),
        sa.CheckConstraint("(kind = 'undone') = (attacker IS NULL)"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_identity_decision_attacker", "identity_decision", ["attacker"])
    op.create_index("ix_identity_decision_withdrawn_at", "identity_decision", ["withdrawn_at", "id"])
