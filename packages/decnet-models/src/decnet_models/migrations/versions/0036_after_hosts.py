# SPDX-License-Identifier: MIT
"""All identities as to be computed again: what several bought, and the servers of commands, say something else now."""

from alembic import op

revision = "0036_after_hosts"
down_revision = "0035_after_technique_attacker"


def upgrade() -> None:
    """Let the identities of all attackers be computed again."""
    op.execute("DELETE FROM identity_pending WHERE kind = ''")
    op.execute("INSERT INTO identity_pending (kind, name) SELECT '', attacker FROM identity_attacker")
