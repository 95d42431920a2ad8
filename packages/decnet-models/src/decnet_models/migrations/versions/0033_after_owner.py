# SPDX-License-Identifier: MIT
"""Whose features are of cores that several actors have together; all identities are computed again."""

import sqlalchemy as sa
from alembic import op

revision = "0033_after_owner"
down_revision = "0032_after_ties"


def upgrade() -> None:
    """Add the column; let all be computed again."""
    op.add_column("identity_core", sa.Column("owner", sa.String(32), nullable=False, server_default=""))
    op.execute("DELETE FROM identity_pending WHERE kind = ''")
    op.execute("INSERT INTO identity_pending (kind, name) SELECT '', attacker FROM identity_attacker")
