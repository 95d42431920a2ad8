# SPDX-License-Identifier: MIT
"""Features that are known to be a core's; identities are computed again, by all evidence."""

import sqlalchemy as sa
from alembic import op

revision = "0024_proven_features"
down_revision = "0023_first_seen_index"


def upgrade() -> None:
    """Forget what was computed of features, add the column, and note all attackers as pending."""
    op.execute("DELETE FROM identity_core")
    op.add_column("identity_core", sa.Column("proven", sa.Boolean(), nullable=False, server_default="0"))
    op.execute("DELETE FROM identity_pending")
    op.execute("INSERT INTO identity_pending (kind, name) SELECT 'attacker', attacker FROM identity_attacker")
