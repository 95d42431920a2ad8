# SPDX-License-Identifier: MIT
"""An index by which new attackers are counted and listed."""

from alembic import op

revision = "0023_first_seen_index"
down_revision = "0022_kept_answers"


def upgrade() -> None:
    """Add the index."""
    op.create_index("ix_attacker_first_seen", "attacker", ["first_seen"])
