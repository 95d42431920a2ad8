# SPDX-License-Identifier: MIT
"""How much of each kind the log took in every hour: what retention and counts need without reading the log."""

from __future__ import annotations

import time

import sqlalchemy as sa
from alembic import op

revision = "0007_event_volume"
down_revision = "0006_artifacts"

ROW_BYTES = 300

# An hour is that of the latest event so far: what came late counts as the log's order has it, never as earlier. What is
# dated in the future counts as now.
FILL = sa.text(
    """
    INSERT INTO event_volume (hour, kind, events, bytes, last_seq)
    SELECT until / 3600000000000, kind, count(*), sum(size), max(seq)
    FROM (
        SELECT seq, kind, length(payload) + :row AS size,
               max(CASE WHEN ts > :now THEN :now ELSE ts END) OVER (PARTITION BY kind ORDER BY seq) AS until
        FROM event
    ) AS dated
    GROUP BY until / 3600000000000, kind
    """
)


def upgrade() -> None:
    """Create the table and count what is there."""
    op.create_table(
        "event_volume",
        sa.Column("hour", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String(64), primary_key=True),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
    )
    op.execute(FILL.bindparams(row=ROW_BYTES, now=time.time_ns()))
