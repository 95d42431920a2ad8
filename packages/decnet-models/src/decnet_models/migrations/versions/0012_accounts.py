# SPDX-License-Identifier: MIT
"""Who may use the API, what they are let in with, and what they did."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012_accounts"
down_revision = "0011_fleet"

SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables of the domain accounts."""
    _account()
    _sessions()
    _audit()


def _account() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("role", sa.String(16), sa.CheckConstraint("role IN ('viewer', 'analyst', 'admin')"), nullable=False),
        sa.Column("password", sa.Text()),
        sa.Column("totp", sa.Text()),
        sa.Column("totp_step", sa.BigInteger()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("password_at", sa.BigInteger()),
        sa.Column("login_at", sa.BigInteger()),
        sa.Column("disabled_at", sa.BigInteger()),
    )
    op.create_index("ix_account_name", "account", ["name"], unique=True)
    op.create_table(
        "api_token",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("shown", sa.String(16), nullable=False),
        sa.Column("account", sa.Uuid(), sa.ForeignKey("account.id", ondelete="CASCADE"), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("role", sa.String(16), sa.CheckConstraint("role IN ('viewer', 'analyst', 'admin')"), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger()),
        sa.Column("used_at", sa.BigInteger()),
        sa.Column("revoked_at", sa.BigInteger()),
    )
    op.create_index("ix_api_token_account", "api_token", ["account", "created_at"])


def _sessions() -> None:
    op.create_table(
        "web_session",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("account", sa.Uuid(), sa.ForeignKey("account.id", ondelete="CASCADE"), nullable=False),
        sa.Column("address", sa.String(45)),
        sa.Column("user_agent", sa.Text()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_web_session_account", "web_session", ["account", "created_at"])
    op.create_index("ix_web_session_expires_at", "web_session", ["expires_at"])
    op.create_table(
        "login_throttle",
        sa.Column("key", sa.String(255), primary_key=True),
        sa.Column("failures", sa.Integer(), sa.CheckConstraint("failures > 0"), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("blocked_until", sa.BigInteger()),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_login_throttle_last_at", "login_throttle", ["last_at"])


def _audit() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("id", SEQUENCE, primary_key=True, autoincrement=True),
        sa.Column("ts", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(255), nullable=False),
        sa.Column(
            "means",
            sa.String(16),
            sa.CheckConstraint("means IN ('session', 'token', 'command', 'none')"),
            nullable=False,
        ),
        sa.Column("address", sa.String(45)),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("object", sa.String(255)),
        sa.Column("detail", sa.Text(), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_entry_actor", "audit_entry", ["actor", "id"])
    op.create_index("ix_audit_entry_object", "audit_entry", ["object", "id"])
