# SPDX-License-Identifier: MIT
"""Identities sorted into campaigns."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010_campaigns"
down_revision = "0009_identities"

SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables of the domain campaigns."""
    _campaign()
    _campaign_evidence()
    _campaign_changes()
    _campaign_decisions()


def _campaign() -> None:
    op.create_table(
        "campaign",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("merged_into", sa.Uuid(), sa.ForeignKey("campaign.id")),
        sa.Column("members", sa.Integer(), nullable=False),
        sa.Column("first_seen", sa.BigInteger(), nullable=False),
        sa.Column("last_seen", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_campaign_last_seen", "campaign", ["last_seen"])
    op.create_index("ix_campaign_merged_into", "campaign", ["merged_into"])
    op.create_table(
        "campaign_member",
        sa.Column("identity", sa.Uuid(), sa.ForeignKey("identity.id"), primary_key=True),
        sa.Column("campaign", sa.Uuid(), sa.ForeignKey("campaign.id"), nullable=False),
        sa.Column("weight", sa.Float(), sa.CheckConstraint("weight >= 0"), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("first_seen", sa.BigInteger(), nullable=False),
        sa.Column("last_seen", sa.BigInteger(), nullable=False),
        sa.Column("joined_at", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_campaign_member_campaign", "campaign_member", ["campaign", "identity"])


def _campaign_evidence() -> None:
    op.create_table(
        "campaign_feature",
        sa.Column("kind", sa.String(32), primary_key=True),
        sa.Column("digest", sa.String(32), primary_key=True),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("subjects", sa.Integer(), sa.CheckConstraint("subjects >= 0"), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_campaign_feature_kind_subjects", "campaign_feature", ["kind", "subjects"])
    op.create_table(
        "campaign_evidence",
        sa.Column("kind", sa.String(32), primary_key=True),
        sa.Column("digest", sa.String(32), primary_key=True),
        sa.Column("identity", sa.Uuid(), sa.ForeignKey("identity.id"), primary_key=True),
        sa.Column("first_seen", sa.BigInteger(), nullable=False),
        sa.Column("last_seen", sa.BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_campaign_evidence_identity", "campaign_evidence", ["identity"])


def _campaign_changes() -> None:
    op.create_table(
        "campaign_change",
        sa.Column("id", SEQUENCE, primary_key=True, autoincrement=True),
        sa.Column("kind", sa.String(8), sa.CheckConstraint("kind IN ('merge', 'split')"), nullable=False),
        sa.Column("source", sa.Uuid(), sa.ForeignKey("campaign.id"), nullable=False),
        sa.Column("target", sa.Uuid(), sa.ForeignKey("campaign.id"), nullable=False),
        sa.Column("weight", sa.Float(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("ts", sa.BigInteger(), nullable=False),
        sa.Column("undone_at", sa.BigInteger()),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_campaign_change_source", "campaign_change", ["source"])
    op.create_index("ix_campaign_change_target", "campaign_change", ["target"])
    op.create_table(
        "campaign_moved",
        sa.Column(
            "change",
            sa.BigInteger(),
            sa.ForeignKey("campaign_change.id", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("identity", sa.Uuid(), sa.ForeignKey("identity.id"), primary_key=True),
        sqlite_with_rowid=False,
    )


def _campaign_decisions() -> None:
    op.create_table(
        "campaign_decision",
        sa.Column("id", SEQUENCE, primary_key=True, autoincrement=True),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("identity", sa.Uuid(), sa.ForeignKey("identity.id")),
        sa.Column("other", sa.Uuid(), sa.ForeignKey("identity.id")),
        sa.Column("campaign", sa.Uuid(), sa.ForeignKey("campaign.id")),
        sa.Column("change", sa.BigInteger(), sa.ForeignKey("campaign_change.id")),
        sa.Column("author", sa.String(255), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn_at", sa.BigInteger()),
        sa.CheckConstraint("kind IN ('together', 'apart', 'pinned', 'undone')"),
        sa.CheckConstraint("(kind IN ('together', 'apart')) = (other IS NOT NULL)"),
        sa.CheckConstraint("(kind = 'pinned') = (campaign IS NOT NULL)"),
        sa.CheckConstraint("(kind = 'undone') = (change IS NOT NULL)"),
        sa.CheckConstraint("(kind = 'undone') = (identity IS NULL)"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_campaign_decision_identity", "campaign_decision", ["identity"])
    op.create_index("ix_campaign_decision_withdrawn_at", "campaign_decision", ["withdrawn_at", "id"])
