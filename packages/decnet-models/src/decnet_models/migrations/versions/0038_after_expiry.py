# SPDX-License-Identifier: MIT
"""Windows of correlation rules have no index of when they expire: each event that counted in one changed it, too."""

from alembic import op

revision = "0038_after_expiry"
down_revision = "0037_after_occasion"


def upgrade() -> None:
    """Drop the index."""
    op.drop_index("ix_ttp_window_expires_at", "ttp_window")
