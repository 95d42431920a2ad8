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
    passkey_rows: list["Passkey"] = related(order_by="Passkey.created_at")
    recovery_rows: list["RecoveryCode"] = related()
    link_rows: list["LoginLink"] = related(order_by="LoginLink.created_at")
    subject_rows: list["OidcSubject"] = related()


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
    scopes: str = "[]"
    """What it may be used for, as a JSON list of scopes; an empty list: everything that its role may."""

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
    means: str = "password"
    """How its owner logged in: password, passkey, oidc or link."""

    account_row: Account = related()


class RecoveryCode(TableModel, table=True):
    """A code that is good once in place of a code of the authenticator."""

    __table__ = tables.recovery_code

    digest: str
    """The keyed digest (HMAC-SHA-256) of the code."""
    account: UUID
    """The account that it belongs to."""
    created_at: int
    """When it was made."""
    used_at: int | None = None
    """When it was used; null: it is still good."""

    account_row: Account = related()


class Passkey(TableModel, table=True):
    """A WebAuthn credential with which an account logs in."""

    __table__ = tables.passkey

    digest: str
    """The SHA-256 of the credential's id."""
    account: UUID
    """The account that it logs in."""
    credential: str
    """The credential's id, in base64url."""
    public_key: str
    """The COSE public key, in base64url."""
    sign_count: int
    """The last signature counter; one that does not grow is a copied authenticator (WebAuthn, section 6.1.1)."""
    name: str
    """Its name, in its owner's words."""
    transports: str
    """How the authenticator is reached, as a JSON list."""
    backed_up: int
    """1: its provider synchronises it to other devices."""
    created_at: int
    """When it was registered."""
    used_at: int | None = None
    """When it last logged somebody in."""

    account_row: Account = related()


class LoginLink(TableModel, table=True):
    """A link that logs in once."""

    __table__ = tables.login_link

    digest: str
    """The SHA-256 of the secret in the link."""
    account: UUID
    """The account that it logs in."""
    made_by: str
    """Who made it."""
    created_at: int
    """When it was made."""
    expires_at: int
    """When it expires."""

    account_row: Account = related()


class OidcSubject(TableModel, table=True):
    """A user of an OpenID Connect provider, and the account that this user logs in to."""

    __table__ = tables.oidc_subject

    issuer: str
    """The provider's issuer identifier."""
    subject: str
    """The provider's identifier of the user (claim `sub`)."""
    account: UUID
    """The account."""
    created_at: int
    """When the user first logged in here."""
    used_at: int | None = None
    """When the user last logged in here."""

    account_row: Account = related()


class UsedTicket(TableModel, table=True):
    """A step of a log-in that was completed and cannot be repeated."""

    __table__ = tables.used_ticket

    digest: str
    """The SHA-256 of the ticket."""
    expires_at: int
    """When the ticket, and so this row, is worthless."""


class KeptAnswer(TableModel, table=True):
    """The answer to a write with an Idempotency-Key, for whoever sends it again."""

    __table__ = tables.kept_answer

    digest: str
    """The SHA-256 of account, method, path and key."""
    account: UUID
    """The account that sent it."""
    request: str
    """The SHA-256 of what was sent: the same key with something else is refused."""
    status: int | None = None
    """The status of the answer; null: the request has not been answered, or its process was killed."""
    answer: bytes | None = None
    """Content type and body, sealed with a key that is made of the Idempotency-Key; null: too large to be kept."""
    expires_at: int
    """When it is forgotten."""


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
