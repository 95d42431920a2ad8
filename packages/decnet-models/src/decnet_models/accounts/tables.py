# SPDX-License-Identifier: MIT
"""Tables of the accounts."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    Uuid,
)

from decnet_models.database.columns import ADDRESS, BIG, JSON_TEXT, NAME, NANOSECONDS, SEQUENCE, SHA256

metadata = MetaData()

_INFO = {"owner": "operator", "readers": ("operator",)}
_LOG_IN = "means IN ('password', 'passkey', 'oidc', 'link')"
_ROLE = "role IN ('viewer', 'analyst', 'admin')"


def _account() -> Column[object]:
    return Column("account", Uuid(), ForeignKey("account.id", ondelete="CASCADE"), nullable=False)


account = Table(
    "account",
    metadata,
    Column("id", Uuid(), primary_key=True),
    Column("name", String(64), nullable=False),
    Column("role", String(16), CheckConstraint(_ROLE), nullable=False),
    Column("password", Text),
    Column("totp", Text),
    Column("totp_step", BIG),
    Column("created_at", NANOSECONDS, nullable=False),
    Column("password_at", NANOSECONDS),
    Column("login_at", NANOSECONDS),
    Column("disabled_at", NANOSECONDS),
    Index("ix_account_name", "name", unique=True),
    info=_INFO,
)

api_token = Table(
    "api_token",
    metadata,
    Column("digest", SHA256, primary_key=True),
    Column("shown", String(16), nullable=False),
    _account(),
    Column("name", NAME, nullable=False),
    Column("role", String(16), CheckConstraint(_ROLE), nullable=False),
    Column("created_at", NANOSECONDS, nullable=False),
    Column("expires_at", NANOSECONDS),
    Column("used_at", NANOSECONDS),
    Column("revoked_at", NANOSECONDS),
    Column("scopes", JSON_TEXT, nullable=False, server_default="[]"),
    Index("ix_api_token_account", "account", "created_at"),
    info=_INFO,
)

web_session = Table(
    "web_session",
    metadata,
    Column("digest", SHA256, primary_key=True),
    _account(),
    Column("address", ADDRESS),
    Column("user_agent", Text),
    Column("created_at", NANOSECONDS, nullable=False),
    Column("seen_at", NANOSECONDS, nullable=False),
    Column("expires_at", NANOSECONDS, nullable=False),
    Column("means", String(16), CheckConstraint(_LOG_IN), nullable=False, server_default="password"),
    Index("ix_web_session_account", "account", "created_at"),
    Index("ix_web_session_expires_at", "expires_at"),
    info=_INFO,
)

recovery_code = Table(
    "recovery_code",
    metadata,
    Column("digest", SHA256, primary_key=True),
    _account(),
    Column("created_at", NANOSECONDS, nullable=False),
    Column("used_at", NANOSECONDS),
    Index("ix_recovery_code_account", "account"),
    info=_INFO,
)

passkey = Table(
    "passkey",
    metadata,
    Column("digest", SHA256, primary_key=True),
    _account(),
    Column("credential", String(1400), nullable=False),
    Column("public_key", Text, nullable=False),
    Column("sign_count", BIG, nullable=False),
    Column("name", NAME, nullable=False),
    Column("transports", JSON_TEXT, nullable=False),
    Column("backed_up", Integer, nullable=False),
    Column("created_at", NANOSECONDS, nullable=False),
    Column("used_at", NANOSECONDS),
    Index("ix_passkey_account", "account", "created_at"),
    info=_INFO,
)

login_link = Table(
    "login_link",
    metadata,
    Column("digest", SHA256, primary_key=True),
    _account(),
    Column("made_by", NAME, nullable=False),
    Column("created_at", NANOSECONDS, nullable=False),
    Column("expires_at", NANOSECONDS, nullable=False),
    Index("ix_login_link_account", "account"),
    Index("ix_login_link_expires_at", "expires_at"),
    info=_INFO,
)

oidc_subject = Table(
    "oidc_subject",
    metadata,
    Column("issuer", NAME, primary_key=True),
    Column("subject", NAME, primary_key=True),
    _account(),
    Column("created_at", NANOSECONDS, nullable=False),
    Column("used_at", NANOSECONDS),
    Index("ix_oidc_subject_account", "account"),
    info=_INFO,
    sqlite_with_rowid=False,
)

used_ticket = Table(
    "used_ticket",
    metadata,
    Column("digest", SHA256, primary_key=True),
    Column("expires_at", NANOSECONDS, nullable=False),
    Index("ix_used_ticket_expires_at", "expires_at"),
    info=_INFO,
    sqlite_with_rowid=False,
)

kept_answer = Table(
    "kept_answer",
    metadata,
    Column("digest", SHA256, primary_key=True),
    _account(),
    Column("request", SHA256, nullable=False),
    Column("status", Integer),
    Column("answer", LargeBinary),
    Column("expires_at", NANOSECONDS, nullable=False),
    Index("ix_kept_answer_account", "account"),
    Index("ix_kept_answer_expires_at", "expires_at"),
    info=_INFO,
)

login_throttle = Table(
    "login_throttle",
    metadata,
    Column("key", NAME, primary_key=True),
    Column("failures", Integer, CheckConstraint("failures > 0"), nullable=False),
    Column("last_at", NANOSECONDS, nullable=False),
    Column("blocked_until", NANOSECONDS),
    Index("ix_login_throttle_last_at", "last_at"),
    info=_INFO,
    sqlite_with_rowid=False,
)

audit_entry = Table(
    "audit_entry",
    metadata,
    Column("id", SEQUENCE, primary_key=True, autoincrement=True),
    Column("ts", NANOSECONDS, nullable=False),
    Column("actor", NAME, nullable=False),
    Column("means", String(16), CheckConstraint("means IN ('session', 'token', 'command', 'none')"), nullable=False),
    Column("address", ADDRESS),
    Column("action", String(64), nullable=False),
    Column("object", NAME),
    Column("detail", JSON_TEXT, nullable=False),
    Index("ix_audit_entry_actor", "actor", "id"),
    Index("ix_audit_entry_object", "object", "id"),
    Index("ix_audit_entry_action", "action", "id"),
    Index("ix_audit_entry_ts", "ts", "id"),
    info=_INFO,
    sqlite_autoincrement=True,
)
