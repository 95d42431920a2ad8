# SPDX-License-Identifier: MIT
"""The rhythm of the input of a session."""

import sqlalchemy as sa
from alembic import op

revision = "0011_session_typing"
down_revision = "0010_identity_evidence"


def upgrade() -> None:
    """Add the column."""
    op.add_column("attacker_session", sa.Column("typing", sa.Text()))
