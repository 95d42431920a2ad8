# SPDX-License-Identifier: MIT
"""How many showed a feature when it was weighed: sets of commands kept their weight though twice as many show those."""

import sqlalchemy as sa
from alembic import op

revision = "0031_after_magnitude"
down_revision = "0030_after_weights"


def upgrade() -> None:
    """Add the column, correct the times of identities that were empty once, and let all be computed again."""
    op.add_column("identity_core", sa.Column("magnitude", sa.Integer(), nullable=False, server_default="0"))
    op.execute(
        "UPDATE identity SET last_seen = coalesce("
        "(SELECT max(m.last_seen) FROM identity_member AS m WHERE m.identity = identity.id), last_seen)"
        " WHERE members > 0"
    )
    op.execute("DELETE FROM identity_pending WHERE kind = ''")
    op.execute("INSERT INTO identity_pending (kind, name) SELECT '', attacker FROM identity_attacker")
