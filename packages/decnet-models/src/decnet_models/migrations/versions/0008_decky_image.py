# SPDX-License-Identifier: MIT
"""Deckies may run a honeypot image in a container."""

import sqlalchemy as sa
from alembic import op

revision = "0008_decky_image"
down_revision = "0007_intel_verdict"


def upgrade() -> None:
    """Add the column."""
    op.add_column("decky", sa.Column("image", sa.String(255)))
