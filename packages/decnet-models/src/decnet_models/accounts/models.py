# SPDX-License-Identifier: MIT
"""The accounts as SQLModel classes."""

from uuid import UUID

from decnet_models.accounts import tables
from decnet_models.table_model import TableModel, related


class Account(TableModel, table=True):
    """A person who may use the API and the dashboard."""

    __table__ = tables.account

    id: UUID
    """The account's UUID."""
    name: str
    """The login name, in lower case."""
    role: str
    """viewer: reads; analyst: also decides (splits, rules, labels); admin: also deploys and manages access."""
    password: str | None = None
    """The argon2 hash as a PHC string; null: no login with a password."""
    totp: str | None = None
    """The sealed TOTP secret; null: no second factor."""
    totp_step: int | None = None
    """The last TOTP time step that was used, since a code is good once (RFC 6238, section 5.2)."""
    created_at: int
    """When the account was created."""
    password_at: int | None = None
    """When the password was last set."""
    login_at: int | None = None
    """When somebody last logged in."""
    disabled_at: int | None = None
    """When the account was disabled; null: it is enabled."""

    token_rows: list["ApiToken"] = related(order_by="ApiToken.created_at")
    session_rows: list["WebSession"] = related(order_by="WebSession.created_at")


class ApiToken(TableModel, table=True):
    """A token with which a program uses the API."""

    __table__ = tables.api_token

    digest: str
    """The SHA-256 of the token."""
    shown: str
    """The first characters of the token, by which people recognise it."""
    account: UUID
    """The account on whose behalf the program acts."""
    name: str
    """What the token is for, in its owner's words."""
    role: str
    """The role of the token: at most that of its account."""
    created_at: int
    """When the token was created."""
    expires_at: int | None = None
    """When the token expires; null: never."""
    used_at: int | None = None
    """When the token was last used."""
    revoked_at: int | None = None
    """When the token was revoked; null: it is valid."""

    account_row: Account = related()


class WebSession(TableModel, table=True):
    """A session of the dashboard, opened by a login."""

    __table__ = tables.web_session

    digest: str
    """The SHA-256 of the session cookie."""
    account: UUID
    """The account that logged in."""
    address: str | None = None
    """The address of the browser."""
    user_agent: str | None = None
    """The User-Agent header of the browser."""
    created_at: int
    """When the session began."""
    seen_at: int
    """When the session was last used."""
    expires_at: int
    """When the session ends."""

    account_row: Account = related()


class LoginThrottle(TableModel, table=True):
    """Failed logins of an address or for a name."""

    __table__ = tables.login_throttle

    key: str
    """An address, or a name as `name:...`: both are counted, so neither many names nor many addresses help."""
    failures: int
    """Failed logins in a row."""
    last_at: int
    """When the last one failed."""
    blocked_until: int | None = None
    """Until when logins are rejected; null: they are not."""


class AuditEntry(TableModel, table=True):
    """Something that a person or a program did with the API or a command."""

    __table__ = tables.audit_entry

    id: int | None = None
    """The number of the entry, in order of time."""
    ts: int
    """When it was done."""
    actor: str
    """The account's name as it was then; entries outlive accounts."""
    means: str
    """How the actor was authenticated: session, token, command or none."""
    address: str | None = None
    """The address that the request came from."""
    action: str
    """What was done: account.disable, decky.write, ..."""
    object: str | None = None
    """What it was done to."""
    detail: str
    """Everything else worth knowing, as JSON."""
