# SPDX-License-Identifier: MIT
"""Opens sessions: the last step of every way to log in.

Each log-in makes a new secret, and ends the session that the browser had before: a cookie that somebody planted, or
knew before the log-in, is worth nothing after it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Annotated
from uuid import UUID

import msgspec
from fastapi import Depends, Request, Response
from sqlalchemy import Connection

from decnet.access.secrets import digest, new_secret
from decnet_models.accounts import entrances, queries
from decnet_models.accounts.queries import Account, LogIn, WebSession
from decnet_web.api.accounts import cookies
from decnet_web.api.accounts.attempts import Attempt, entered
from decnet_web.api.accounts.authentication import address_of, expiry
from decnet_web.api.accounts.models import AccountRef, LoginOutcome, SessionInfo
from decnet_web.api.accounts.services import Accounts, InAccounts
from decnet_web.api.dependencies import InFleet
from decnet_web.api.principal import Holder, Principal
from decnet_web.api.problems import Problem

MOST_SESSIONS = 50
"""Of an account; the oldest end."""
SECOND_FACTOR_SECONDS = 300
_FORGOTTEN_AT_ONCE = 100
_LONGEST_AGENT = 512


class SecondStep(msgspec.Struct, frozen=True):
    """A log-in that lacks the second factor: a ticket's content."""

    account: UUID
    means: LogIn
    password_at: int | None
    """A password that was changed since ends the step."""


class Entrance(msgspec.Struct, frozen=True):
    """A log-in that may open a session."""

    account: Account
    means: LogIn
    complete: bool = False
    """Whether no second factor is needed any more."""


class Door:
    """Where the requests of a log-in come in; a dependency of their routes."""

    def __init__(self, request: Request, response: Response, fleet: InFleet, accounts: InAccounts) -> None:
        self.request = request
        self.response = response
        self.fleet = fleet
        self.accounts = accounts

    def attempt(self, means: str) -> Attempt:
        """Return an attempt to log in; raises Problem 403 for one that cannot be made from there."""
        return Attempt(self.request, self.fleet, means)

    async def enter(self, entrance: Entrance, also: Callable[[Connection], None] | None = None) -> LoginOutcome:
        """Open a session, or ask for the second factor. `also` belongs to the same transaction; it may raise."""
        account = entrance.account
        if account.totp is not None and not entrance.complete:
            step = SecondStep(account.id, entrance.means, account.password_at)
            return LoginOutcome(next="second_factor", ticket=self.accounts.tickets.make(step, SECOND_FACTOR_SECONDS))
        secret = new_secret()
        info = await self.fleet.write(lambda connection: self._opened(connection, entrance, secret, also))
        set_cookie(self.response, self.accounts, secret)
        return LoginOutcome(next="done", session=info)

    def _opened(
        self,
        connection: Connection,
        entrance: Entrance,
        secret: str,
        also: Callable[[Connection], None] | None,
    ) -> SessionInfo:
        account = queries.account_of(connection, entrance.account.id)
        if account is None or account.disabled_at is not None:
            raise Problem(401, title="Log-in failed", detail="the account is disabled")
        if also is not None:
            also(connection)
        before = cookies.secret_in(self.request.headers.getlist("cookie"))
        if before is not None:
            queries.close_session(connection, digest(before))
        address = address_of(self.request)
        principal = open_session(connection, self.accounts, account, secret, browser_of(self.request, entrance.means))
        entered(connection, account, address, by=entrance.means)
        return describe(connection, principal, secret)


InDoor = Annotated[Door, Depends(Door)]


class Browser(msgspec.Struct, frozen=True):
    """Whose session it is."""

    address: str | None
    agent: str | None
    means: LogIn


def browser_of(request: Request, means: LogIn) -> Browser:
    return Browser(address_of(request), request.headers.get("user-agent", "")[:_LONGEST_AGENT] or None, means)


def open_session(
    connection: Connection, accounts: Accounts, account: Account, secret: str, browser: Browser
) -> Principal:
    """Open a session with that secret; those that expired, and the oldest of too many, go."""
    now = time.time_ns()
    _tidy(connection, account.id, now)
    ends = expiry(accounts.settings, now, now)
    stored = digest(secret)
    session = WebSession(stored, account.id, browser.address, browser.agent, now, now, ends, browser.means)
    queries.open_session(connection, session)
    return Principal(Holder(account.id, account.name), account.role, "session", address=browser.address, digest=stored)


def set_cookie(response: Response, accounts: Accounts, secret: str) -> None:
    response.headers.append("set-cookie", cookies.setting(secret, seconds=int(accounts.settings.session_hours * 3600)))
    response.headers["cache-control"] = "no-store"


def describe(connection: Connection, principal: Principal, secret: str | None) -> SessionInfo:
    """Return who is logged in; `secret` is that of the session's cookie, None for a token."""
    account = entrances.ways_in(connection, principal.account.id)
    if account is None:
        raise Problem(401, detail="the account is no longer there")
    known = queries.authenticate_session(connection, principal.digest, now_ns=time.time_ns()) if secret else None
    session = known.session if known else None
    return SessionInfo(
        account=AccountRef(id=principal.account.id, name=account.name),
        role=principal.role,
        means=principal.means,
        scopes=sorted(principal.scopes),
        log_in=session.means if session else None,
        csrf=cookies.csrf_token(secret) if secret else None,
        expires_at=session.expires_at if session else None,
        has_password=account.password,
        totp=account.totp,
        recovery_codes_left=account.recovery_codes,
        passkeys=account.passkeys,
        must_set_up=not (account.password or account.passkeys or account.subjects),
    )


def _tidy(connection: Connection, account: UUID, now: int) -> None:
    queries.forget_sessions(connection, now, _FORGOTTEN_AT_ONCE)
    entrances.forget_entrances(connection, now)
    for old in queries.sessions_of(connection, account, 2 * MOST_SESSIONS)[MOST_SESSIONS - 1 :]:
        queries.close_session(connection, old.digest)
