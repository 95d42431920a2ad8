# SPDX-License-Identifier: MIT
"""A policy says whether mutate must not contradict what visitors have seen; the services to choose from get ports.

No version before this one has written a policy, so there is none whose services are names only.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006_decky_policy_consistent"
down_revision = "0005_after_decky_address"


def upgrade() -> None:
    """Add the column."""
    op.add_column("decky_policy", sa.Column("consistent", sa.Boolean(), nullable=False, server_default="1"))
