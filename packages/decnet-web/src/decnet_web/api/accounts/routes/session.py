# SPDX-License-Identifier: MIT
"""Log-in by password, second factor and one-time link; the session; log-out."""

from __future__ import annotations

import time

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection

from decnet.access import links
from decnet.access.secrets import digest
from decnet_models.accounts import entrances, factors, queries
from decnet_models.accounts.queries import Account
from decnet_web.api.accounts import cookies
from decnet_web.api.accounts.attempts import by_id, by_name
from decnet_web.api.accounts.entering import Entrance, InDoor, SecondStep, describe
from decnet_web.api.accounts.factors import totp
from decnet_web.api.accounts.models import LinkLogin, LoginOutcome, PasswordLogin, SecondFactor, SessionInfo
from decnet_web.api.accounts.services import Accounts
from decnet_web.api.accounts.tickets import ticket_digest
from decnet_web.api.audit import record
from decnet_web.api.dependencies import InFleet, Viewer
from decnet_web.api.fleet import Fleet
from decnet_web.api.listings.solving import DirectRoute
from decnet_web.api.problems import Problem

router = APIRouter(prefix="/session", tags=["accounts"], route_class=DirectRoute)

_WRONG_CODE = "the code is wrong or was used before"
_WRONG_LINK = "the link is unknown, was used or has expired; `decnet user link NAME` makes another one"


@router.post("")
async def log_in(body: PasswordLogin, door: InDoor) -> LoginOutcome:
    """Log in with a password; the answer sets the cookie of the session, or asks for the second factor."""
    attempt = door.attempt("password")
    account = await attempt.begin(by_name(body.name), name=body.name.casefold())
    stored = account.password if account else None
    if not await door.accounts.hasher.matches(door.fleet, stored, body.password) or account is None or stored is None:
        raise await attempt.failed(account, "password" if account else "name")
    if account.disabled_at is not None:
        raise await attempt.failed(account, "disabled")
    await _upgrade(door.fleet, door.accounts, account, stored, body.password)
    return await door.enter(Entrance(account, "password"), attempt.succeeded)


@router.post("/totp")
async def complete_log_in(body: SecondFactor, door: InDoor) -> LoginOutcome:
    """Complete a log-in with a code of the authenticator, or with a recovery code; each is good once."""
    step, expires = door.accounts.tickets.open(body.ticket, SecondStep)
    attempt = door.attempt("totp")
    account = await attempt.begin(by_id(step.account))
    if account is None or account.password_at != step.password_at or account.totp is None:
        raise await attempt.failed(account, "changed", "the account was changed meanwhile; begin again")
    secret = door.accounts.open_totp(account.id, account.totp)
    number = totp.step_of(secret, body.code)

    def use(connection: Connection) -> None:
        if number is None:
            code = totp.recovery_digest(door.accounts.recovery_key, body.code)
            good = factors.use_recovery_code(connection, account.id, code, now_ns=time.time_ns())
        else:
            good = queries.use_totp_step(connection, account.id, number)
        if not good or not entrances.use_ticket(connection, ticket_digest(body.ticket), expires_at=expires):
            raise Problem(401, title="Log-in failed", detail=_WRONG_CODE)
        attempt.succeeded(connection)

    try:
        entrance = Entrance(account, step.means, complete=True)
        return await door.enter(entrance, use)
    except Problem as problem:
        if problem.detail == _WRONG_CODE:
            await attempt.failed(account, "code")
        raise


@router.post("/link")
async def log_in_by_link(body: LinkLogin, door: InDoor) -> LoginOutcome:
    """Log in with a one-time link; the account's second factor is still asked for."""
    attempt = door.attempt("link")
    await attempt.begin()

    def use(connection: Connection) -> Account | None:
        known = entrances.use_link(connection, digest(body.secret), now_ns=time.time_ns())
        if known is None:
            first = links.use_first(connection, door.accounts.key, body.secret)
            return queries.account_of(connection, first) if first else None
        return queries.account_of(connection, known)

    account = await door.fleet.write(use)
    if account is None:
        raise await attempt.failed(None, "link", _WRONG_LINK)
    return await door.enter(Entrance(account, "link"), attempt.succeeded)


@router.get("", response_model=SessionInfo)
async def show_own_session(request: Request, fleet: InFleet, viewer: Viewer) -> Response:
    """Show who is logged in, and the CSRF token of the session."""
    secret = cookies.secret_in(request.headers.getlist("cookie")) if viewer.means == "session" else None
    found = await fleet.read(lambda connection: describe(connection, viewer, secret), describe)
    return Response(found.model_dump_json(), media_type="application/json", headers={"Cache-Control": "no-store"})


@router.delete("", status_code=204)
async def log_out(response: Response, fleet: InFleet, viewer: Viewer) -> None:
    """End the session."""
    if viewer.means != "session":
        raise Problem(409, detail="a token has no session; DELETE /api/v1/tokens/ID revokes it")

    def end(connection: Connection) -> None:
        queries.close_session(connection, viewer.digest)
        record(connection, viewer, "session.end", viewer.account.name)

    await fleet.write(end)
    response.headers["set-cookie"] = cookies.clearing()


async def _upgrade(fleet: Fleet, accounts: Accounts, account: Account, stored: str, password: str) -> None:
    """Hash the password with the parameters of now; the log-in works without, so a busy hasher is no matter."""
    if accounts.hasher.is_outdated(stored):
        fresh = await accounts.hasher.hash(fleet, password)
        await fleet.write(lambda connection: queries.upgrade_hash(connection, account.id, stored, fresh))
