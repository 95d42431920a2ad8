# SPDX-License-Identifier: MIT
"""When a campaign ends: the table campaign_rhythm."""

import sqlalchemy as sa
from alembic import op

revision = "0009_campaign_rhythm"
down_revision = "0008_decky_image"


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "campaign_rhythm",
        sa.Column("campaign", sa.Uuid(), sa.ForeignKey("campaign.id"), primary_key=True),
        sa.Column("longest_silence", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
    )
    op.create_index("ix_campaign_rhythm_ended_at", "campaign_rhythm", ["ended_at", "ends_at"])
