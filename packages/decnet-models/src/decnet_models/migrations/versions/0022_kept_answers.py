# SPDX-License-Identifier: MIT
"""The answers to writes with an Idempotency-Key."""

import sqlalchemy as sa
from alembic import op

revision = "0022_kept_answers"
down_revision = "0021_technique_index"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "kept_answer",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("account", sa.Uuid(), sa.ForeignKey("account.id", ondelete="CASCADE"), nullable=False),
        sa.Column("request", sa.String(64), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("answer", sa.LargeBinary()),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_kept_answer_account", "kept_answer", ["account"])
    op.create_index("ix_kept_answer_expires_at", "kept_answer", ["expires_at"])
