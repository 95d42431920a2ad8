# SPDX-License-Identifier: MIT
"""The own account: password, authenticator, recovery codes, sessions."""

from __future__ import annotations

import time
from typing import Annotated
from uuid import UUID

import msgspec
from fastapi import APIRouter
from pydantic import Field
from sqlalchemy import Connection

from decnet.access.secrets import new_secret
from decnet.cli.errors import NotFoundError
from decnet_models.accounts import entrances, factors, queries
from decnet_models.accounts.queries import LogIn
from decnet_models.attackers.tables import credential
from decnet_web.api.accounts.entering import browser_of, describe, open_session, set_cookie
from decnet_web.api.accounts.factors import passwords, totp
from decnet_web.api.accounts.models import Secret, SessionInfo, Ticket
from decnet_web.api.accounts.own import InOwner, present
from decnet_web.api.accounts.tickets import ticket_digest
from decnet_web.api.accounts.transport import host_of
from decnet_web.api.audit import record
from decnet_web.api.dependencies import InFleet, Viewer
from decnet_web.api.models import Answer, Asked
from decnet_web.api.moments import Moment
from decnet_web.api.problems import Problem

router = APIRouter(prefix="/account", tags=["accounts"])

SET_UP_SECONDS = 900

Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class NewPassword(Asked):
    """A change of the own password."""

    current: Secret | None = None
    """The password until now; not needed after a log-in with a one-time link, or when there is none."""
    new: Secret
    """The new password, of at least 12 characters."""


class Confirmation(Asked):
    """The password again, for something important."""

    password: Secret | None = None
    """The password; null when the account has none."""


class TotpSetup(Answer):
    """An authenticator to be set up."""

    ticket: str
    """To send back with the first code."""
    secret: str
    """The secret in base32, for typing it."""
    uri: str
    """The same as the otpauth:// address that a QR code holds."""
    svg: str | None
    """The QR code as an SVG picture; null when segno is not installed."""


class TotpConfirmation(Asked):
    """The first code of an authenticator."""

    ticket: Ticket
    """That of the set-up."""
    code: Annotated[str, Field(min_length=6, max_length=16)]
    """The six digits that it shows."""


class RecoveryCodes(Answer):
    """New recovery codes; they are shown this once."""

    codes: list[str]
    """Each is good once, in place of a code of the authenticator."""


class OpenSession(Answer):
    """A session of the own account."""

    id: str
    """Names it in this API."""
    address: str | None
    """The address that it was opened from."""
    user_agent: str | None
    """What its browser called itself."""
    log_in: LogIn
    """How it began."""
    created_at: Moment
    """When it began."""
    seen_at: Moment
    """When it was last used, to the minute."""
    expires_at: Moment
    """When it ends unless it is used before."""
    current: bool
    """Whether it is the one of this request."""


class _Authenticator(msgspec.Struct, frozen=True):
    account: UUID
    secret: str


@router.put("/password")
async def change_password(body: NewPassword, owner: InOwner) -> SessionInfo:
    """Set the own password; all other sessions end, and this one goes on with another cookie and CSRF token."""
    door, principal = owner.door, owner.principal
    by_link = (await door.fleet.read(lambda connection: _means(connection, principal.digest))) == "link"
    account = await (owner.account() if by_link else owner.confirmed(body.current))
    passwords.check_new(body.new, account.name)
    if await door.fleet.read(lambda connection: _was_tried(connection, body.new)):
        raise Problem(
            422, title="Bad input", detail="attackers have tried this password at your decoys; choose another"
        )
    stored = await door.accounts.hasher.hash(door.fleet, body.new)
    secret = new_secret()

    def change(connection: Connection) -> SessionInfo:
        means = _means(connection, principal.digest)
        queries.set_password(connection, account.id, stored, now_ns=time.time_ns())
        entrances.remove_links(connection, account.id)
        browser = browser_of(door.request, means or "password")
        opened = open_session(connection, door.accounts, present(connection, principal), secret, browser)
        record(connection, principal, "account.password", owner.name)
        return describe(connection, opened, secret)

    info = await door.fleet.write(change)
    set_cookie(door.response, door.accounts, secret)
    return info


@router.post("/totp")
async def begin_totp(body: Confirmation, owner: InOwner) -> TotpSetup:
    """Begin to set up an authenticator; nothing changes until its first code is sent."""
    account = await owner.confirmed(body.password)
    if account.totp is not None:
        raise Problem(409, detail="there is an authenticator already; remove it first")
    secret = totp.new_secret()
    uri = totp.uri(secret, account.name, host_of(owner.door.request) or "decnet")
    ticket = owner.door.accounts.tickets.make(_Authenticator(account.id, secret), SET_UP_SECONDS)
    return TotpSetup(
        ticket=ticket, secret=secret, uri=uri, svg=await owner.door.fleet.thread(lambda: totp.picture(uri))
    )


@router.put("/totp")
async def confirm_totp(body: TotpConfirmation, owner: InOwner) -> RecoveryCodes:
    """Switch the authenticator on with its first code, and return recovery codes; all other sessions end."""
    accounts, principal = owner.door.accounts, owner.principal
    begun, expires = accounts.tickets.open(body.ticket, _Authenticator)
    step = totp.step_of(begun.secret, body.code)
    if begun.account != principal.account.id or step is None:
        raise Problem(422, title="Bad input", detail="the code is wrong; is the clock of this host and device right?")
    codes = totp.new_recovery_codes()
    digests = [totp.recovery_digest(accounts.recovery_key, code) for code in codes]

    def switch_on(connection: Connection) -> None:
        if present(connection, principal).totp is not None:
            raise Problem(409, detail="there is an authenticator already; remove it first")
        if not entrances.use_ticket(connection, ticket_digest(body.ticket), expires_at=expires):
            raise Problem(400, detail="this step was done already; begin again")
        queries.set_totp(connection, begun.account, accounts.seal_totp(begun.account, begun.secret))
        queries.use_totp_step(connection, begun.account, step)
        factors.set_recovery_codes(connection, begun.account, digests, now_ns=time.time_ns())
        queries.end_sessions(connection, begun.account, besides=principal.digest)
        record(connection, principal, "account.totp.on", owner.name)

    await owner.door.fleet.write(switch_on)
    return RecoveryCodes(codes=codes)


@router.post("/totp/remove", status_code=204)
async def remove_totp(body: Confirmation, owner: InOwner) -> None:
    """Remove the authenticator and the recovery codes."""
    account = await owner.confirmed(body.password)

    def remove(connection: Connection) -> None:
        queries.set_totp(connection, account.id, None)
        factors.set_recovery_codes(connection, account.id, (), now_ns=time.time_ns())
        record(connection, owner.principal, "account.totp.off", owner.name)

    await owner.door.fleet.write(remove)


@router.post("/recovery-codes")
async def renew_recovery_codes(body: Confirmation, owner: InOwner) -> RecoveryCodes:
    """Make new recovery codes; the ones before are worthless then."""
    account = await owner.confirmed(body.password)
    if account.totp is None:
        raise Problem(409, detail="recovery codes replace an authenticator, and there is none; set one up")
    codes = totp.new_recovery_codes()
    digests = [totp.recovery_digest(owner.door.accounts.recovery_key, code) for code in codes]

    def renew(connection: Connection) -> None:
        factors.set_recovery_codes(connection, account.id, digests, now_ns=time.time_ns())
        record(connection, owner.principal, "account.recovery_codes", owner.name)

    await owner.door.fleet.write(renew)
    return RecoveryCodes(codes=codes)


@router.get("/sessions")
async def list_own_sessions(fleet: InFleet, viewer: Viewer) -> list[OpenSession]:
    """List the own open sessions, newest first."""
    now = time.time_ns()
    found = await fleet.read(lambda connection: queries.sessions_of(connection, viewer.account.id))
    return [
        OpenSession(
            id=one.digest,
            address=one.address,
            user_agent=one.user_agent,
            log_in=one.means,
            created_at=one.created_at,
            seen_at=one.seen_at,
            expires_at=one.expires_at,
            current=one.digest == viewer.digest,
        )
        for one in found
        if one.expires_at > now
    ]


@router.delete("/sessions/{session_id}", status_code=204)
async def end_own_session(session_id: Digest, owner: InOwner) -> None:
    """End one of the own sessions."""

    def end(connection: Connection) -> None:
        account = owner.principal.account.id
        if all(one.digest != session_id for one in queries.sessions_of(connection, account)):
            raise NotFoundError("there is no such session")
        queries.close_session(connection, session_id)
        record(connection, owner.principal, "session.end", owner.name, session=session_id[:12])

    await owner.door.fleet.write(end)


@router.delete("/sessions", status_code=204)
async def end_other_sessions(owner: InOwner) -> None:
    """End all own sessions except for this one."""

    def end(connection: Connection) -> None:
        ended = queries.end_sessions(connection, owner.principal.account.id, besides=owner.principal.digest)
        record(connection, owner.principal, "session.end_others", owner.name, sessions=ended)

    await owner.door.fleet.write(end)


def _means(connection: Connection, digest: str) -> LogIn | None:
    known = queries.authenticate_session(connection, digest, now_ns=time.time_ns())
    return known.session.means if known and known.session else None


def _was_tried(connection: Connection, password: str) -> bool:
    """Return whether an attacker has tried the password: whoever did once does so again."""
    query = credential.select().where(credential.c.password == password).limit(1)
    return connection.execute(query).first() is not None
