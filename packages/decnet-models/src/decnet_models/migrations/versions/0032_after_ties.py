# SPDX-License-Identifier: MIT
"""All identities as to be computed again: which of two cores a feature followed depended on what had come before."""

from alembic import op

revision = "0032_after_ties"
down_revision = "0031_after_magnitude"


def upgrade() -> None:
    """Let the identities of all attackers be computed again."""
    op.execute("DELETE FROM identity_pending WHERE kind = ''")
    op.execute("INSERT INTO identity_pending (kind, name) SELECT '', attacker FROM identity_attacker")
