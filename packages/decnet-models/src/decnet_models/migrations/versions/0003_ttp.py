# SPDX-License-Identifier: MIT
"""ATT&CK techniques: tags, what correlation rules have counted, and the operator's word on rules."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003_ttp"
down_revision = "0002_attackers"


def upgrade() -> None:
    """Create the tables of the domain ttp."""
    _tag()
    _window()
    _rule_state()


def _tag() -> None:
    op.create_table(
        "ttp_tag",
        sa.Column("seq", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("rule_id", sa.Uuid(), primary_key=True),
        sa.Column("technique", sa.String(16), primary_key=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(256), nullable=False),
        sa.Column("level", sa.String(16), nullable=False),
        sa.Column("attacker", sa.String(45), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("ts", sa.BigInteger(), nullable=False),
        sa.Column("session", sa.String(255)),
        sa.Column("decky", sa.String(255)),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_ttp_tag_attacker_seq", "ttp_tag", ["attacker", "seq"])


def _window() -> None:
    op.create_table(
        "ttp_window",
        sa.Column("rule_id", sa.Uuid(), primary_key=True),
        sa.Column("group_digest", sa.String(32), primary_key=True),
        sa.Column("entries", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_ttp_window_expires_at", "ttp_window", ["expires_at"])


def _rule_state() -> None:
    op.create_table(
        "ttp_rule_state",
        sa.Column("rule_id", sa.Uuid(), primary_key=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("cap", sa.Integer()),
        sa.Column("expires_at", sa.BigInteger()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
    )
