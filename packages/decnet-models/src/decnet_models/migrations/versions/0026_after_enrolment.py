# SPDX-License-Identifier: MIT
"""Drops what nothing wrote or read: `enrolment`, and the columns of `sensor` about it."""

from alembic import op

revision = "0026_after_enrolment"
down_revision = "0025_technique_attackers"


def upgrade() -> None:
    """Drop the table and the columns; the registry of the authority has always had what they were for."""
    op.drop_table("enrolment")
    for column in ("address", "enrolled_at", "renewed_at", "revoked_at"):
        op.drop_column("sensor", column)
