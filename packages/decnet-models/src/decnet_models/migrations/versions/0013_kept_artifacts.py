# SPDX-License-Identifier: MIT
"""The artifacts that the store still has, apart: looking for the oldest one passes over those removed no more."""

from __future__ import annotations

from alembic import op

revision = "0013_kept_artifacts"
down_revision = "0012_accounts"


def upgrade() -> None:
    """Make the index."""
    op.create_index("ix_artifact_kept", "artifact", ["removed_at", "kind", "last_seen"])
