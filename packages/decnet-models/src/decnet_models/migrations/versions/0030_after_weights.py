# SPDX-License-Identifier: MIT
"""All identities and campaigns as to be computed again: evidence weighs something else than before.

Passwords that the shell puts in or that are short, and Docker's own images, are no evidence any more. What was noted of
them goes; short words and the like that are left say what they said until a replay.
"""

from alembic import op

revision = "0030_after_weights"
down_revision = "0029_after_evidence_by_subject"

_GONE = (
    "(kind = 'new_password' AND (value LIKE '%$%' OR value LIKE '%`%' OR length(value) < 8))"
    " OR (kind = 'image' AND (value = 'library' OR value LIKE '%/library' OR value LIKE '%docker.io%'))"
)


def upgrade() -> None:
    """Drop the evidence that is none any more; let all identities and campaigns be computed again."""
    gone = f"SELECT kind, digest FROM identity_feature WHERE {_GONE}"  # noqa: S608  # our own names
    for table in ("identity_evidence", "identity_core"):
        op.execute(f"DELETE FROM {table} WHERE (kind, digest) IN ({gone})")  # noqa: S608
    op.execute(f"DELETE FROM identity_feature WHERE {_GONE}")  # noqa: S608
    op.execute("DELETE FROM identity_pending WHERE kind = ''")
    op.execute("INSERT INTO identity_pending (kind, name) SELECT '', attacker FROM identity_attacker")
    op.execute("UPDATE worker_cursor SET seq = 0 WHERE worker = 'campaign-clusterer'")
