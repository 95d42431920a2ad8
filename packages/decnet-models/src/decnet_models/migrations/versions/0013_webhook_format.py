# SPDX-License-Identifier: MIT
"""The format of webhooks with its options and sealed secrets, and what receivers answer."""

import sqlalchemy as sa
from alembic import op

revision = "0013_webhook_format"
down_revision = "0012_synthetic_prose"


def upgrade() -> None:
    """Add the columns."""
    op.add_column("webhook", sa.Column("format", sa.String(32), nullable=False, server_default="json"))
    op.add_column("webhook", sa.Column("options", sa.Text(), nullable=False, server_default="{}"))
    op.add_column("webhook", sa.Column("sealed", sa.Text()))
    op.add_column("webhook_delivery", sa.Column("answer", sa.Text()))
