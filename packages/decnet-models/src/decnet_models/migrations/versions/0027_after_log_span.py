# SPDX-License-Identifier: MIT
"""The span of the log, by which evidence is weighed, and all attackers as pending: weights are others than before.

0024 noted attackers as pending under a kind that the clusterer takes for one of features, so it computed none of them.
"""

from alembic import op

revision = "0027_after_log_span"
down_revision = "0026_after_enrolment"


def upgrade() -> None:
    """Write the feature whose times are those of the log; let all identities be computed again."""
    op.execute("DELETE FROM identity_feature WHERE kind = 'log'")
    op.execute(
        "INSERT INTO identity_feature (kind, digest, value, subjects, first_seen, last_seen)"
        " SELECT 'log', '', '', 1, span.first_seen, span.last_seen"
        " FROM (SELECT min(first_seen) AS first_seen, max(last_seen) AS last_seen FROM identity_attacker) AS span"
        " WHERE span.first_seen IS NOT NULL"
    )
    op.execute("DELETE FROM identity_pending WHERE kind IN ('', 'attacker')")
    op.execute("INSERT INTO identity_pending (kind, name) SELECT '', attacker FROM identity_attacker")
