# SPDX-License-Identifier: MIT
"""An index by which the attackers of each technique are counted over all time: a temporary tree took most of it."""

from alembic import op

revision = "0025_technique_attackers"
down_revision = "0024_proven_features"


def upgrade() -> None:
    """Add the index."""
    op.create_index("ix_ttp_tag_technique_attacker", "ttp_tag", ["technique", "attacker"])
