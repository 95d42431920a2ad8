# SPDX-License-Identifier: MIT
"""Adds, changes and removes users. There is always an administrator who is enabled, except in an empty fleet.

More rights end the sessions that have less: a session that somebody planted before cannot rise with its account.
"""

import time
from uuid import uuid4

import msgspec
from sqlalchemy import Connection, func, select

from decnet.access.names import account_name
from decnet.cli.errors import NotFoundError, OperatorError
from decnet_models.accounts import entrances, factors, queries
from decnet_models.accounts.queries import ROLES, Account, Role
from decnet_models.accounts.tables import account, oidc_subject, passkey, web_session
from decnet_models.database.rows.keyset import Direction, in_order

MOST = 10_000
"""Accounts of a fleet."""


class User(msgspec.Struct, frozen=True):
    """A user as lists show it."""

    id: str
    name: str
    role: Role
    enabled: bool
    password: bool
    totp: bool
    passkeys: int
    provider: bool
    """Whether a user of an OpenID Connect provider logs in to it."""
    sessions: int
    """Open sessions."""
    created_at: int
    login_at: int | None


def users(
    connection: Connection,
    *,
    after: str | None = None,
    limit: int = MOST,
    name: str | None = None,
    direction: Direction = "asc",
) -> list[User]:
    """Return users by name, those after `after`, or the one called `name`."""
    c, now = account.c, time.time_ns()
    counts = (
        select(func.count()).where(passkey.c.account == c.id).scalar_subquery(),
        select(func.count()).where(oidc_subject.c.account == c.id).scalar_subquery(),
        select(func.count()).where(web_session.c.account == c.id, web_session.c.expires_at > now).scalar_subquery(),
    )
    place = None if after is None else (after,)
    query = in_order(select(*account.c, *counts), (c.name,), place, direction).limit(limit)
    if name is not None:
        query = query.where(c.name == name)
    return [_user(Account(*row[:-3]), *row[-3:]) for row in connection.execute(query)]


def user_named(connection: Connection, name: str) -> User:
    """Return the user as lists show it; raises NotFoundError."""
    for found in users(connection, name=name.lower(), limit=1):
        return found
    raise _missing(name)


def find(connection: Connection, name: str) -> Account:
    """Return the account of that name; raises NotFoundError."""
    found = queries.account_named(connection, name)
    if found is None:
        raise _missing(name)
    return found


def add(connection: Connection, name: str, role: Role) -> Account:
    """Add a user, who cannot log in yet: see `links.make`. Raises OperatorError."""
    wanted = account_name(name)
    if queries.account_named(connection, wanted) is not None:
        raise OperatorError(f"there is a user {wanted!r} already")
    if connection.execute(select(func.count()).select_from(account)).scalar_one() >= MOST:
        raise OperatorError(f"a fleet has at most {MOST} users")
    queries.add_account(connection, uuid4(), wanted, role, now_ns=time.time_ns())
    return find(connection, wanted)


def set_role(connection: Connection, name: str, role: Role) -> Account:
    """Give a user another role, at once; raises NotFoundError, OperatorError for the last administrator."""
    found = find(connection, name)
    if role != "admin":
        _keep_an_admin(connection, found)
    if ROLES.index(role) > ROLES.index(found.role):
        queries.end_sessions(connection, found.id)
    queries.set_role(connection, found.id, role)
    return find(connection, name)


def disable(connection: Connection, name: str) -> Account:
    """Let a user in no more: sessions end, links are void, tokens are refused until `enable`. Raises as `set_role`."""
    found = find(connection, name)
    _keep_an_admin(connection, found)
    queries.disable(connection, found.id, now_ns=time.time_ns())
    entrances.remove_links(connection, found.id)
    return find(connection, name)


def enable(connection: Connection, name: str) -> Account:
    """Let a disabled user in again; raises NotFoundError."""
    queries.enable(connection, find(connection, name).id)
    return find(connection, name)


def remove(connection: Connection, name: str) -> Account:
    """Remove a user with tokens, sessions and passkeys; the audit stays. Raises as `set_role`."""
    found = find(connection, name)
    _keep_an_admin(connection, found)
    queries.remove_account(connection, found.id)
    return found


def reset(connection: Connection, name: str) -> Account:
    """Take away all that a user logs in with, and end the sessions: a lost or stolen device; raises NotFoundError.

    Tokens stay, for programs depend on them; revoke them one by one.
    """
    found = find(connection, name)
    queries.clear_password(connection, found.id)
    queries.set_totp(connection, found.id, None)
    factors.set_recovery_codes(connection, found.id, (), now_ns=time.time_ns())
    factors.remove_passkeys(connection, found.id)
    entrances.remove_subjects(connection, found.id)
    entrances.remove_links(connection, found.id)
    return find(connection, name)


def _keep_an_admin(connection: Connection, changed: Account) -> None:
    """Raise OperatorError if there is no other administrator; holds their rows, so that not two go at once."""
    c = account.c
    enabled = select(c.id).where(c.role == "admin", c.disabled_at.is_(None)).with_for_update()
    admins = set(connection.execute(enabled).scalars())
    if admins == {changed.id}:
        raise OperatorError(f"{changed.name} is the last administrator; make another one first")


def _user(found: Account, passkeys: int, subjects: int, sessions: int) -> User:
    return User(
        id=str(found.id),
        name=found.name,
        role=found.role,
        enabled=found.disabled_at is None,
        password=found.password is not None,
        totp=found.totp is not None,
        passkeys=passkeys,
        provider=subjects > 0,
        sessions=sessions,
        created_at=found.created_at,
        login_at=found.login_at,
    )


def _missing(name: str) -> NotFoundError:
    return NotFoundError(f"there is no user {name[:64]!r}; decnet user list shows them")
