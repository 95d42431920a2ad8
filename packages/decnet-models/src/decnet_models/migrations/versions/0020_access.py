# SPDX-License-Identifier: MIT
"""Passkeys, recovery codes, one-time links, users of OIDC providers; scopes of tokens."""

import sqlalchemy as sa
from alembic import op

revision = "0020_access"
down_revision = "0019_canary_kinds"

_BIG = sa.BigInteger
_LOG_IN = "means IN ('password', 'passkey', 'oidc', 'link')"


def upgrade() -> None:
    """Add the tables and columns; tokens that exist may do what their role may."""
    op.add_column("api_token", sa.Column("scopes", sa.Text(), nullable=False, server_default="[]"))
    op.add_column(
        "web_session",
        sa.Column("means", sa.String(16), sa.CheckConstraint(_LOG_IN), nullable=False, server_default="password"),
    )
    op.create_index("ix_audit_entry_action", "audit_entry", ["action", "id"])
    op.create_index("ix_audit_entry_ts", "audit_entry", ["ts", "id"])
    op.create_table(
        "recovery_code",
        _digest(),
        _account(),
        sa.Column("created_at", _BIG(), nullable=False),
        sa.Column("used_at", _BIG()),
    )
    op.create_index("ix_recovery_code_account", "recovery_code", ["account"])
    _passkey()
    op.create_table(
        "login_link",
        _digest(),
        _account(),
        sa.Column("made_by", sa.String(255), nullable=False),
        sa.Column("created_at", _BIG(), nullable=False),
        sa.Column("expires_at", _BIG(), nullable=False),
    )
    op.create_index("ix_login_link_account", "login_link", ["account"])
    op.create_index("ix_login_link_expires_at", "login_link", ["expires_at"])
    op.create_table(
        "oidc_subject",
        sa.Column("issuer", sa.String(255), primary_key=True),
        sa.Column("subject", sa.String(255), primary_key=True),
        _account(),
        sa.Column("created_at", _BIG(), nullable=False),
        sa.Column("used_at", _BIG()),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_oidc_subject_account", "oidc_subject", ["account"])
    op.create_table("used_ticket", _digest(), sa.Column("expires_at", _BIG(), nullable=False), sqlite_with_rowid=False)
    op.create_index("ix_used_ticket_expires_at", "used_ticket", ["expires_at"])


def _passkey() -> None:
    op.create_table(
        "passkey",
        _digest(),
        _account(),
        sa.Column("credential", sa.String(1400), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column("sign_count", _BIG(), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("transports", sa.Text(), nullable=False),
        sa.Column("backed_up", sa.Integer(), nullable=False),
        sa.Column("created_at", _BIG(), nullable=False),
        sa.Column("used_at", _BIG()),
    )
    op.create_index("ix_passkey_account", "passkey", ["account", "created_at"])


def _digest() -> sa.Column[str]:
    return sa.Column("digest", sa.String(64), primary_key=True)


def _account() -> sa.Column[object]:
    return sa.Column("account", sa.Uuid(), sa.ForeignKey("account.id", ondelete="CASCADE"), nullable=False)
