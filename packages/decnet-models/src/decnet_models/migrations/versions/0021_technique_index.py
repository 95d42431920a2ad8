# SPDX-License-Identifier: MIT
"""An index by which the findings of a technique are listed, and counted in a span of time."""

from alembic import op

revision = "0021_technique_index"
down_revision = "0020_access"


def upgrade() -> None:
    """Add the index."""
    op.create_index("ix_ttp_tag_technique_ts", "ttp_tag", ["technique", "ts", "attacker"])
