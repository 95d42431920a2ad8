# SPDX-License-Identifier: MIT
"""The attackers of each technique in a table of their own, and the windows of correlation rules in one tree, not two.

The index that counted attackers got an entry for every tag, on another page each: on a large log, half of what ttp
wrote.
"""

import sqlalchemy as sa
from alembic import op

revision = "0035_after_technique_attacker"
down_revision = "0034_after_ways"

_KEY = ("group_digest", "rule_id")


def upgrade() -> None:
    """Count the attackers of each technique, and order the windows by group."""
    op.create_table(
        "ttp_technique_attacker",
        sa.Column("technique", sa.String(16), nullable=False),
        sa.Column("attacker", sa.String(45), nullable=False),
        sa.PrimaryKeyConstraint("technique", "attacker"),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO ttp_technique_attacker (technique, attacker)"
        " SELECT DISTINCT technique, attacker FROM ttp_tag ORDER BY technique, attacker"
    )
    op.create_index("ix_ttp_technique_attacker_attacker", "ttp_technique_attacker", ["attacker"])
    op.drop_index("ix_ttp_tag_technique_attacker", "ttp_tag")
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint("ttp_window_pkey", "ttp_window")
        op.create_primary_key("ttp_window_pkey", "ttp_window", list(_KEY))
    else:
        _copy_windows()


def _copy_windows() -> None:
    """Copy the rows of SQLite, which changes no key."""
    op.create_table(
        "new_ttp_window",
        sa.Column("group_digest", sa.String(32), nullable=False),
        sa.Column("rule_id", sa.Uuid(), nullable=False),
        sa.Column("entries", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(*_KEY),
        sqlite_with_rowid=False,
    )
    names = "group_digest, rule_id, entries, expires_at"
    ordered = f"SELECT {names} FROM ttp_window ORDER BY group_digest, rule_id"  # noqa: S608  # our own names
    op.execute(f"INSERT INTO new_ttp_window ({names}) {ordered}")
    op.drop_table("ttp_window")
    op.rename_table("new_ttp_window", "ttp_window")
    op.create_index("ix_ttp_window_expires_at", "ttp_window", ["expires_at"])
