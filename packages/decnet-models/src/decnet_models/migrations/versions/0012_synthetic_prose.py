# SPDX-License-Identifier: MIT
"""What a text endpoint wrote for a document of a decky."""

import sqlalchemy as sa
from alembic import op

revision = "0012_synthetic_prose"
down_revision = "0011_session_typing"


def upgrade() -> None:
    """Add the column."""
    op.add_column("synthetic_action", sa.Column("prose", sa.Text()))
