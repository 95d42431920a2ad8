# SPDX-License-Identifier: MIT
"""Files and recordings that attackers left, and the events that tell of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006_artifacts"
down_revision = "0005_leases"

SHA256 = sa.String(64)
NAME = sa.String(255)
TIME = sa.BigInteger()


def upgrade() -> None:
    """Create the tables of the domain artifacts."""
    op.create_table(
        "artifact",
        sa.Column("sha256", SHA256, primary_key=True),
        sa.Column("kind", sa.String(16), sa.CheckConstraint("kind IN ('file', 'recording')"), nullable=False),
        sa.Column("size", sa.BigInteger()),
        sa.Column("first_seen", TIME, nullable=False),
        sa.Column("last_seen", TIME, nullable=False),
        sa.Column("stored_at", TIME),
        sa.Column("removed_at", TIME),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_artifact_last_seen", "artifact", ["last_seen"])
    op.create_index("ix_artifact_kind_last_seen", "artifact", ["kind", "last_seen"])
    _sightings()


def _sightings() -> None:
    artifact = sa.ForeignKey("artifact.sha256", ondelete="CASCADE")
    op.create_table(
        "artifact_sighting",
        sa.Column("event_id", sa.Uuid(), primary_key=True),
        sa.Column("sha256", SHA256, artifact, nullable=False),
        sa.Column("ts", TIME, nullable=False),
        sa.Column("attacker", sa.String(45)),
        sa.Column("session", NAME),
        sa.Column("decky", NAME),
        sa.Column("service", NAME, nullable=False),
        sa.Column("name", sa.Text()),
        sa.Column("url", sa.Text()),
    )
    op.create_index("ix_artifact_sighting_sha256", "artifact_sighting", ["sha256", "ts"])
    op.create_index("ix_artifact_sighting_attacker", "artifact_sighting", ["attacker", "ts"])
    op.create_index("ix_artifact_sighting_session", "artifact_sighting", ["session"])
