# SPDX-License-Identifier: MIT
"""What providers are asked, the worst verdict on each indicator, and its part in an attacker's score."""

import sqlalchemy as sa
from alembic import op

revision = "0007_intel_verdict"
down_revision = "0006_decky_policy_consistent"

_VERDICTS = "verdict IN ('malicious', 'suspicious', 'benign', 'unknown')"


def upgrade() -> None:
    """Create the tables; until now no verdict has been part of a score."""
    op.create_table(
        "intel_verdict",
        sa.Column("indicator", sa.String(255), primary_key=True),
        sa.Column("verdict", sa.String(16), sa.CheckConstraint(_VERDICTS), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("change", sa.BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_intel_verdict_change", "intel_verdict", ["change"], unique=True)
    op.create_index("ix_intel_verdict_verdict_since", "intel_verdict", ["verdict", "since"])
    op.create_table(
        "intel_request",
        sa.Column("provider", sa.String(64), primary_key=True),
        sa.Column("indicator", sa.String(255), primary_key=True),
        sa.Column("requested_at", sa.BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_intel_request_provider_requested_at", "intel_request", ["provider", "requested_at"])
    op.add_column("attacker", sa.Column("behaviour_score", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("attacker", sa.Column("verdict", sa.String(16), nullable=False, server_default="unknown"))
    op.execute("UPDATE attacker SET behaviour_score = score")
