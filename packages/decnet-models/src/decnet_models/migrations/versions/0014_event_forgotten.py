# SPDX-License-Identifier: MIT
"""How many events of each kind retention has deleted: they leave no other trace once later ones of other kinds stay."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014_event_forgotten"
down_revision = "0013_kept_artifacts"

FILL = sa.text("INSERT INTO event_forgotten (kind, events) SELECT '', min(seq) - 1 FROM event HAVING min(seq) > 1")
"""Of what was deleted before, the kinds are not known, and the number only as far as it was the oldest."""


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "event_forgotten",
        sa.Column("kind", sa.String(64), primary_key=True),
        sa.Column("events", sa.BigInteger(), nullable=False),
    )
    op.execute(FILL)
