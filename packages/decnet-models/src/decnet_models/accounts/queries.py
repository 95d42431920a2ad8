# SPDX-License-Identifier: MIT
"""Queries of accounts, tokens and sessions; times are ns since the Unix epoch."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Literal, TypeAlias
from uuid import UUID

import msgspec
from sqlalchemy import Connection, Select, bindparam, delete, insert, or_, select, update

from decnet_core.text import for_column
from decnet_models.accounts.tables import account, api_token, web_session
from decnet_models.database.rows.row_select import RowSelect, as_uuid

Role: TypeAlias = Literal["viewer", "analyst", "admin"]

ROLES: tuple[Role, ...] = ("viewer", "analyst", "admin")
"""In ascending order."""

_MOST_PRINCIPALS = 256
"""Kept by all values of their rows, about 2 KiB each: the API asks after each commit, and gets the same rows."""


class Account(msgspec.Struct, frozen=True):
    """A user. `password` is a PHC hash string, `totp` an encrypted secret."""

    id: UUID
    name: str
    role: Role
    password: str | None
    totp: str | None
    totp_step: int | None
    created_at: int
    password_at: int | None
    login_at: int | None
    disabled_at: int | None


class Token(msgspec.Struct, frozen=True):
    """An API token; `shown` are its first characters."""

    digest: str
    shown: str
    account: UUID
    name: str
    role: Role
    created_at: int
    expires_at: int | None = None
    used_at: int | None = None
    revoked_at: int | None = None
    scopes: tuple[str, ...] = ()
    """What it may be used for; empty: everything that its role may."""


LogIn: TypeAlias = Literal["password", "passkey", "oidc", "link"]
"""How the owner of a session logged in."""


class WebSession(msgspec.Struct, frozen=True):
    digest: str
    account: UUID
    address: str | None
    user_agent: str | None
    created_at: int
    seen_at: int
    expires_at: int
    means: LogIn = "password"


class Principal(msgspec.Struct, frozen=True):
    """An authenticated account, its role, and the token or session that authenticated it."""

    account: Account
    role: Role
    token: Token | None = None
    session: WebSession | None = None


def add_account(
    connection: Connection, account_id: UUID, name: str, role: Role, password: str | None = None, *, now_ns: int
) -> None:
    """Add an account; IntegrityError when the name, ignoring case, is taken."""
    values = {"id": account_id, "name": _name(name), "role": role, "password": password, "created_at": now_ns}
    connection.execute(insert(account).values(**values, password_at=now_ns if password else None))


def accounts(connection: Connection) -> list[Account]:
    return [Account(*row) for row in connection.execute(select(account).order_by(account.c.name))]


def account_named(connection: Connection, name: str) -> Account | None:
    """Return the account of that name (ignoring case), also a disabled one; or None."""
    row = connection.execute(select(account).where(account.c.name == _name(name))).one_or_none()
    return Account(*row) if row else None


def account_of(connection: Connection, account_id: UUID) -> Account | None:
    row = connection.execute(select(account).where(account.c.id == account_id)).one_or_none()
    return Account(*row) if row else None


def set_role(connection: Connection, account_id: UUID, role: Role) -> bool:
    """Set an account's role, which applies to its sessions at once. False when there is no such account."""
    return _change(connection, account_id, role=role)


def end_sessions(connection: Connection, account_id: UUID, besides: str = "") -> int:
    """End all sessions of an account, except for that of the digest `besides`; return how many."""
    c = web_session.c
    return connection.execute(delete(web_session).where(c.account == account_id, c.digest != besides)).rowcount


def upgrade_hash(connection: Connection, account_id: UUID, before: str, after: str) -> bool:
    """Replace a password's hash by another of the same password; False when the password was changed meanwhile."""
    statement = update(account).where(account.c.id == account_id, account.c.password == before)
    return connection.execute(statement.values(password=after)).rowcount > 0


def set_password(connection: Connection, account_id: UUID, password: str, *, now_ns: int) -> bool:
    """Set the password hash and end all web sessions; False when there is no such account."""
    connection.execute(delete(web_session).where(web_session.c.account == account_id))
    return _change(connection, account_id, password=password, password_at=now_ns)


def clear_password(connection: Connection, account_id: UUID) -> bool:
    """Remove the password and end all web sessions; False when there is no such account."""
    end_sessions(connection, account_id)
    return _change(connection, account_id, password=None, password_at=None)


def set_totp(connection: Connection, account_id: UUID, sealed: str | None) -> bool:
    """Set or (None) remove the encrypted TOTP secret; False when there is no such account."""
    return _change(connection, account_id, totp=sealed, totp_step=None)


def use_totp_step(connection: Connection, account_id: UUID, step: int) -> bool:
    """Use up a time step; False when it, or a later one, was used: the code is a replay."""
    c = account.c
    unused = update(account).where(c.id == account_id, or_(c.totp_step.is_(None), c.totp_step < step))
    return connection.execute(unused.values(totp_step=step)).rowcount > 0


def disable(connection: Connection, account_id: UUID, *, now_ns: int) -> bool:
    """Disable an account; False when there is no such account, or it is disabled already."""
    connection.execute(delete(web_session).where(web_session.c.account == account_id))
    statement = update(account).where(account.c.id == account_id, account.c.disabled_at.is_(None))
    return connection.execute(statement.values(disabled_at=now_ns)).rowcount > 0


def enable(connection: Connection, account_id: UUID) -> bool:
    """Enable a disabled account, including its old tokens; False when there is no such account."""
    return _change(connection, account_id, disabled_at=None)


def remove_account(connection: Connection, account_id: UUID) -> bool:
    """Delete an account with its tokens and sessions; its audit entries stay. False when there is none."""
    return connection.execute(delete(account).where(account.c.id == account_id)).rowcount > 0


def add_token(connection: Connection, token: Token) -> None:
    scopes = msgspec.json.encode(token.scopes).decode()
    values = {**msgspec.structs.asdict(token), "name": for_column(token.name, 255), "scopes": scopes}
    connection.execute(insert(api_token).values(**values))


def tokens_of(connection: Connection, account_id: UUID, limit: int = 100) -> list[Token]:
    """Return an account's tokens, newest first, including revoked ones."""
    c = api_token.c
    query = select(api_token).where(c.account == account_id).order_by(c.created_at.desc(), c.digest).limit(limit)
    return [as_token(row) for row in connection.execute(query)]


def all_tokens(connection: Connection, limit: int = 1000) -> list[Token]:
    """Return everybody's tokens, newest first, including revoked ones."""
    c = api_token.c
    return [
        as_token(row)
        for row in connection.execute(select(api_token).order_by(c.created_at.desc(), c.digest).limit(limit))
    ]


def token_of(connection: Connection, digest: str) -> Token | None:
    """Return the token with that digest, also one that is no longer valid; or None."""
    row = connection.execute(select(api_token).where(api_token.c.digest == digest)).one_or_none()
    return as_token(row) if row else None


def _valid_token(_: Connection) -> Select[Any]:
    c = api_token.c
    query = select(*c, *account.c).join(account, account.c.id == c.account)
    unexpired = or_(c.expires_at.is_(None), c.expires_at > bindparam("now"))
    return query.where(
        c.digest == bindparam("wanted"), c.revoked_at.is_(None), unexpired, account.c.disabled_at.is_(None)
    )


_VALID_TOKEN = RowSelect(_valid_token)


def authenticate_token(connection: Connection, digest: str, *, now_ns: int) -> Principal | None:
    """Return the account of a valid token, with the lesser of its role and the account's; or None."""
    rows = _VALID_TOKEN.rows(connection, wanted=digest, now=now_ns)
    return _of_token(tuple(rows[0])) if rows else None


@lru_cache(_MOST_PRINCIPALS)
def _of_token(row: tuple[Any, ...]) -> Principal:
    columns = len(api_token.c)
    token, owner = as_token(row[:columns]), _account(row[columns:])
    return Principal(owner, min(owner.role, token.role, key=ROLES.index), token=token)


def touch_token(connection: Connection, digest: str, *, now_ns: int) -> None:
    """Record when a token was last used; once a minute is enough."""
    connection.execute(update(api_token).where(api_token.c.digest == digest).values(used_at=now_ns))


def revoke_token(connection: Connection, account_id: UUID, shown: str, *, now_ns: int) -> bool:
    """Revoke the account's tokens that begin with `shown`; False when none of them is valid."""
    c = api_token.c
    statement = update(api_token).where(c.account == account_id, c.shown == shown, c.revoked_at.is_(None))
    return connection.execute(statement.values(revoked_at=now_ns)).rowcount > 0


def revoke(connection: Connection, digest: str, *, now_ns: int) -> bool:
    """Revoke one token; False when there is no such token, or it was revoked before."""
    statement = update(api_token).where(api_token.c.digest == digest, api_token.c.revoked_at.is_(None))
    return connection.execute(statement.values(revoked_at=now_ns)).rowcount > 0


def open_session(connection: Connection, session: WebSession) -> None:
    agent = for_column(session.user_agent, 512) if session.user_agent else None
    connection.execute(insert(web_session).values(**{**msgspec.structs.asdict(session), "user_agent": agent}))
    connection.execute(update(account).where(account.c.id == session.account).values(login_at=session.created_at))


def _valid_session(_: Connection) -> Select[Any]:
    c = web_session.c
    query = select(*c, *account.c).join(account, c.account == account.c.id)
    return query.where(
        c.digest == bindparam("wanted"), c.expires_at > bindparam("now"), account.c.disabled_at.is_(None)
    )


_VALID_SESSION = RowSelect(_valid_session)


def authenticate_session(connection: Connection, digest: str, *, now_ns: int) -> Principal | None:
    """Return the account of a valid session cookie, or None."""
    rows = _VALID_SESSION.rows(connection, wanted=digest, now=now_ns)
    return _of_session(tuple(rows[0])) if rows else None


@lru_cache(_MOST_PRINCIPALS)
def _of_session(row: tuple[Any, ...]) -> Principal:
    columns = len(web_session.c)
    session = dict(zip(web_session.c.keys(), row[:columns], strict=True))
    owner = _account(row[columns:])
    return Principal(owner, owner.role, session=WebSession(**{**session, "account": as_uuid(session["account"])}))


def touch_session(connection: Connection, digest: str, *, now_ns: int, expires_at: int) -> None:
    """Record that a session was used, and its new end."""
    statement = update(web_session).where(web_session.c.digest == digest)
    connection.execute(statement.values(seen_at=now_ns, expires_at=expires_at))


def sessions_of(connection: Connection, account_id: UUID, limit: int = 100) -> list[WebSession]:
    """Return an account's sessions, newest first."""
    c = web_session.c
    query = select(web_session).where(c.account == account_id).order_by(c.created_at.desc(), c.digest).limit(limit)
    return [WebSession(*row) for row in connection.execute(query)]


def close_session(connection: Connection, digest: str) -> bool:
    """Log out; False when there is no such session."""
    return connection.execute(delete(web_session).where(web_session.c.digest == digest)).rowcount > 0


def forget_sessions(connection: Connection, expired_before: int, limit: int) -> int:
    """Delete up to `limit` sessions that expired before a time; return how many."""
    c = web_session.c
    old = select(c.digest).where(c.expires_at < expired_before).order_by(c.expires_at).limit(limit)
    return connection.execute(delete(web_session).where(c.digest.in_(old))).rowcount


def as_token(row: Sequence[Any]) -> Token:
    """Return the token of a row of all columns."""
    values = dict(zip(api_token.c.keys(), row, strict=True))
    scopes = msgspec.json.decode(values["scopes"], type=tuple[str, ...])
    return Token(**{**values, "account": as_uuid(values["account"]), "scopes": scopes})


def _account(row: Sequence[Any]) -> Account:
    return Account(as_uuid(row[0]), *row[1:])


def _name(name: str) -> str:
    return for_column(name.casefold(), 64)


def _change(connection: Connection, account_id: UUID, **values: object) -> bool:
    return connection.execute(update(account).where(account.c.id == account_id).values(**values)).rowcount > 0
