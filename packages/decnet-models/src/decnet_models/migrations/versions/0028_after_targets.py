# SPDX-License-Identifier: MIT
"""All identities as changed to campaign-clusterer: it keeps other evidence of them than before."""

from alembic import op

revision = "0028_after_targets"
down_revision = "0027_after_log_span"


def upgrade() -> None:
    """Let all campaigns be computed again."""
    op.execute("UPDATE worker_cursor SET seq = 0 WHERE worker = 'campaign-clusterer'")
