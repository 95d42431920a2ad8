# SPDX-License-Identifier: MIT
"""Finds the principal of a request: by `Authorization: Bearer TOKEN`, or by the cookie of a session.

Whom they belong to is remembered until anything is committed to the database (`remembered`), so that what is revoked,
disabled or demoted is so at once. A header counts before a cookie. With a cookie, a request that changes something must
come from our own page and bring the session's CSRF token.
"""

from __future__ import annotations

import contextlib
import time

from starlette.requests import Request

from decnet.access.secrets import SHOWN, digest
from decnet.cli.errors import CommandError
from decnet_models.accounts import audit, queries
from decnet_models.accounts.queries import WebSession
from decnet_web.api.accounts import cookies
from decnet_web.api.accounts.authorization import bearer, token_in_address
from decnet_web.api.accounts.remembered import Remembered, by_session, by_token
from decnet_web.api.accounts.services import Accounts
from decnet_web.api.accounts.transport import SAFE, refuse_foreign
from decnet_web.api.fleet import Fleet
from decnet_web.api.principal import Holder, Principal
from decnet_web.api.problems import Problem
from decnet_web.api.settings import ApiSettings

CHALLENGE = {"WWW-Authenticate": 'Bearer realm="decnet"'}
CSRF_HEADER = "X-CSRF-Token"
MARK = "decnet.mark"
"""In the scope of a request: the mark of the database when its handling began, if a route has asked for it."""
NOBODY = "(nobody)"
"""The actor of what was done without logging in; no account can be called so."""

_SECOND = 1_000_000_000
_MINUTE = 60 * _SECOND
"""How exactly the last use of a session or token is recorded."""


async def authenticate(request: Request, fleet: Fleet) -> Principal:
    """Return who makes the request; raises Problem 401 or 403."""
    await _refuse_token_in_address(request, fleet)
    given = request.headers.getlist("authorization")
    if given:
        return await _by_token(request, fleet, bearer(given))
    secret = cookies.secret_in(request.headers.getlist("cookie"))
    if secret is None:
        raise Problem(401, detail="log in, or send `Authorization: Bearer TOKEN`", headers=CHALLENGE)
    return await _by_session(request, fleet, secret)


async def is_known(request: Request, fleet: Fleet) -> bool:
    """Return whether a request brings a valid token or session, whatever it may do with it."""
    given = request.headers.getlist("authorization")
    secret = bearer(given) if given else cookies.secret_in(request.headers.getlist("cookie"))
    if secret is None:
        return False
    known = await _remembered(request).find(fleet, by_token if given else by_session, digest(secret))
    return known is not None


def address_of(request: Request) -> str | None:
    """Return the client's address, behind trusted proxies too."""
    return request.client.host if request.client else None


def expiry(settings: ApiSettings, created_at: int, now: int) -> int:
    """Return when a session that is used `now` ends: idle for too long, or too old."""
    idle = now + int(settings.session_idle_hours * 3600) * _SECOND
    return min(idle, created_at + int(settings.session_hours * 3600) * _SECOND)


async def _by_token(request: Request, fleet: Fleet, token: str | None) -> Principal:
    stored = digest(token) if token else ""
    known = await _remembered(request).find(fleet, by_token, stored, request.scope.get(MARK)) if stored else None
    if known is None or known.token is None:
        raise Problem(401, detail="the token is unknown, has expired or was revoked", headers=CHALLENGE)
    now = time.time_ns()
    if (known.token.used_at or 0) < now - _MINUTE:
        with contextlib.suppress(CommandError):  # no reason to refuse a request that only reads
            await fleet.write(lambda connection: queries.touch_token(connection, stored, now_ns=now))
    return Principal(
        account=Holder(known.account.id, known.account.name),
        role=known.role,
        means="token",
        scopes=frozenset(known.token.scopes),
        address=address_of(request),
        digest=stored,
    )


async def _by_session(request: Request, fleet: Fleet, secret: str) -> Principal:
    stored = digest(secret)
    known = await _remembered(request).find(fleet, by_session, stored, request.scope.get(MARK))
    if known is None or known.session is None:
        raise Problem(401, detail="the session has ended; log in again", headers=CHALLENGE)
    if request.method not in SAFE:
        refuse_foreign(request)
        if not cookies.is_csrf_token(secret, request.headers.get(CSRF_HEADER, "")):
            detail = f"with a session, send its CSRF token in {CSRF_HEADER}: GET /api/v1/session says which"
            raise Problem(403, title="CSRF token missing", detail=detail)
    await _touch(request, fleet, known.session)
    return Principal(
        account=Holder(known.account.id, known.account.name),
        role=known.role,
        means="session",
        address=address_of(request),
        digest=stored,
    )


def _remembered(request: Request) -> Remembered:
    accounts: Accounts = request.app.state.accounts
    return accounts.remembered


async def _touch(request: Request, fleet: Fleet, session: WebSession) -> None:
    now = time.time_ns()
    if session.seen_at >= now - _MINUTE:
        return
    ends = expiry(request.app.state.settings, session.created_at, now)
    with contextlib.suppress(CommandError):
        await fleet.write(
            lambda connection: queries.touch_session(connection, session.digest, now_ns=now, expires_at=ends)
        )


async def _refuse_token_in_address(request: Request, fleet: Fleet) -> None:
    """Raise Problem 400 for a token in the address, where every proxy and history logs it, and audit that."""
    token = token_in_address(request.scope["path"], request.scope["query_string"].decode("latin-1"))
    if token is None:
        return

    stored = digest(token)
    known = await fleet.read(lambda connection: by_token(connection, stored))
    if known is not None:  # what only looks like one is not written down, or anybody could fill the audit
        entry = audit.Entry(
            known.account.name,
            "none",
            "token.exposed",
            time.time_ns(),
            object=token[:SHOWN],
            address=address_of(request),
        )
        await fleet.write(lambda connection: audit.record(connection, entry))
    detail = "a token in an address is logged by every proxy: revoke this one, and send tokens in Authorization only"
    raise Problem(400, title="Token in the address", detail=detail)
