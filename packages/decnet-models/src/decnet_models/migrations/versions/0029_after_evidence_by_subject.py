# SPDX-License-Identifier: MIT
"""Evidence in the order of those who show it: what one shows again is written where the rest of it is."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0029_after_evidence_by_subject"
down_revision = "0028_after_targets"


def upgrade() -> None:
    """Order both tables of evidence anew."""
    _reorder("identity_evidence", "attacker", sa.Column("attacker", sa.String(45), nullable=False))
    of_identity = sa.Column("identity", sa.Uuid(), sa.ForeignKey("identity.id"), nullable=False)
    _reorder("campaign_evidence", "identity", of_identity)


def _reorder(table: str, subject: str, column: sa.Column[Any]) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_index(f"ix_{table}_{subject}", table)
        op.drop_constraint(f"{table}_pkey", table)
        op.create_primary_key(f"{table}_pkey", table, [subject, "kind", "digest"])
    else:
        _copy(table, subject, column)
    op.create_index(f"ix_{table}_kind", table, ["kind", "digest", subject])


def _copy(table: str, subject: str, column: sa.Column[Any]) -> None:
    """Copy the rows of SQLite, which changes no key."""
    op.create_table(
        f"new_{table}",
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("digest", sa.String(32), nullable=False),
        column,
        sa.Column("first_seen", sa.BigInteger(), nullable=False),
        sa.Column("last_seen", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(subject, "kind", "digest"),
        sqlite_with_rowid=False,
    )
    names = f"kind, digest, {subject}, first_seen, last_seen"
    ordered = f"SELECT {names} FROM {table} ORDER BY {subject}, kind, digest"  # noqa: S608  # our own names
    op.execute(f"INSERT INTO new_{table} ({names}) {ordered}")
    op.drop_table(table)
    op.rename_table(f"new_{table}", table)
