# SPDX-License-Identifier: MIT
"""All identities as to be computed again: what users of one kit or hosts of one worm have says less of them."""

from alembic import op

revision = "0034_after_ways"
down_revision = "0033_after_owner"


def upgrade() -> None:
    """Let the identities of all attackers be computed again."""
    op.execute("DELETE FROM identity_pending WHERE kind = ''")
    op.execute("INSERT INTO identity_pending (kind, name) SELECT '', attacker FROM identity_attacker")
