# SPDX-License-Identifier: MIT
"""Passkeys: log-in with one, and those of the own account."""

from __future__ import annotations

import time
from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy import Connection

from decnet.access.secrets import digest
from decnet.cli.errors import NotFoundError
from decnet.cli.labels import label
from decnet_models.accounts import entrances, factors, queries
from decnet_models.accounts.factors import Passkey
from decnet_models.accounts.queries import Account
from decnet_web.api.accounts.entering import Entrance, InDoor
from decnet_web.api.accounts.factors import passkeys
from decnet_web.api.accounts.factors.passkeys import Party, party
from decnet_web.api.accounts.models import CeremonyOptions, LoginOutcome, PasskeyLogin, Ticket
from decnet_web.api.accounts.own import InOwner
from decnet_web.api.accounts.routes.account import Digest
from decnet_web.api.accounts.tickets import ticket_digest
from decnet_web.api.accounts.transport import host_of, origin_of
from decnet_web.api.audit import record
from decnet_web.api.dependencies import InFleet, Viewer
from decnet_web.api.models import Answer, Asked
from decnet_web.api.moments import Moment
from decnet_web.api.problems import Problem

router = APIRouter(tags=["accounts"])

_UNKNOWN = "this passkey is not known here, or its account is disabled"

Label = Annotated[str, Field(min_length=1, max_length=100)]


class PasskeyInfo(Answer):
    """A passkey of the own account."""

    id: str
    """Names it in this API."""
    name: str
    """Its name, in its owner's words."""
    transports: list[str]
    """How its device is reached: internal, usb, hybrid, ..."""
    backed_up: bool
    """Whether its provider synchronises it to other devices."""
    created_at: Moment
    """When it was registered."""
    used_at: Moment | None
    """When it last logged in."""


class NewPasskey(Asked):
    """A passkey to be registered."""

    ticket: Ticket
    """That of the options."""
    name: Label
    """How to call it."""
    credential: dict[str, Any]
    """What `toJSON()` of the credential returns."""


class PasskeyName(Asked):
    """Another name for a passkey."""

    name: Label
    """How to call it."""


class _Ceremony(msgspec.Struct, frozen=True):
    """What is remembered between options and answer; a ticket's content."""

    challenge: str
    host: str
    account: UUID | None = None


@router.post("/session/passkey/options")
async def begin_passkey_log_in(request: Request, door: InDoor) -> CeremonyOptions:
    """Begin a log-in with a passkey."""
    ours = _party(request)
    door.attempt("passkey")
    challenge = passkeys.new_challenge()
    options = await door.fleet.thread(lambda: passkeys.log_in_options(ours, challenge))
    ticket = door.accounts.tickets.make(_Ceremony(challenge, ours.host), passkeys.SECONDS)
    return CeremonyOptions(ticket=ticket, options=options)


@router.post("/session/passkey")
async def log_in_with_passkey(body: PasskeyLogin, door: InDoor) -> LoginOutcome:
    """Log in with a passkey; no second factor is asked for, since its device has verified the user."""
    ceremony, expires = door.accounts.tickets.open(body.ticket, _Ceremony)
    ours = _party(door.request)
    attempt = door.attempt("passkey")
    await attempt.begin()
    stored = digest(passkeys.credential_in(body.credential))
    key, account = await door.fleet.read(lambda connection: _known(connection, stored))
    if key is None or account is None or ceremony.account is not None or ceremony.host != ours.host:
        raise await attempt.failed(account, "passkey", _UNKNOWN)
    if account.disabled_at is not None or not passkeys.is_user(body.credential, account.id):
        raise await attempt.failed(account, "disabled" if account.disabled_at else "user", _UNKNOWN)
    try:
        found = await door.fleet.thread(lambda: passkeys.used(body.credential, key, ours, ceremony.challenge))
    except Problem as problem:
        raise await attempt.failed(account, "signature", problem.detail) from problem

    def use(connection: Connection) -> None:
        once = entrances.use_ticket(connection, ticket_digest(body.ticket), expires_at=expires)
        grown = factors.use_passkey(
            connection,
            stored,
            before=key.sign_count,
            after=found.sign_count,
            backed_up=found.backed_up,
            now_ns=time.time_ns(),
        )
        if not once or not grown:
            raise Problem(401, title="Log-in failed", detail="this answer was used before; begin again")
        attempt.succeeded(connection)

    return await door.enter(Entrance(account, "passkey", complete=True), use)


@router.get("/account/passkeys")
async def list_passkeys(fleet: InFleet, viewer: Viewer) -> list[PasskeyInfo]:
    """List the own passkeys."""
    found = await fleet.read(lambda connection: factors.passkeys_of(connection, viewer.account.id))
    return [_info(one) for one in found]


@router.post("/account/passkeys/options")
async def begin_passkey(request: Request, owner: InOwner) -> CeremonyOptions:
    """Begin to register a passkey."""
    ours = _party(request)
    account = await owner.account()
    known = await owner.door.fleet.read(lambda connection: factors.passkeys_of(connection, account.id))
    if len(known) >= passkeys.MOST:
        raise Problem(409, detail=f"an account has at most {passkeys.MOST} passkeys; remove one first")
    challenge = passkeys.new_challenge()
    options = await owner.door.fleet.thread(lambda: passkeys.registration_options(account, known, ours, challenge))
    ticket = owner.door.accounts.tickets.make(_Ceremony(challenge, ours.host, account.id), passkeys.SECONDS)
    return CeremonyOptions(ticket=ticket, options=options)


@router.post("/account/passkeys", status_code=201)
async def make_passkey(body: NewPasskey, request: Request, owner: InOwner) -> PasskeyInfo:
    """Register a passkey."""
    ceremony, expires = owner.door.accounts.tickets.open(body.ticket, _Ceremony)
    ours = _party(request)
    if ceremony.account != owner.principal.account.id or ceremony.host != ours.host:
        raise Problem(400, title="Step is over", detail="this step belongs to another account or host; begin again")
    new = await owner.door.fleet.thread(lambda: passkeys.registered(body.credential, ours, ceremony.challenge))
    key = Passkey(
        digest=digest(new.credential),
        account=owner.principal.account.id,
        credential=new.credential,
        public_key=new.public_key,
        sign_count=new.sign_count,
        name=label(body.name, "name of a passkey"),
        transports=new.transports,
        backed_up=new.backed_up,
        created_at=time.time_ns(),
    )

    def add(connection: Connection) -> None:
        if not entrances.use_ticket(connection, ticket_digest(body.ticket), expires_at=expires):
            raise Problem(400, title="Step is over", detail="this step was done already; begin again")
        if factors.passkey_at(connection, key.digest) is not None:
            raise Problem(409, detail="this passkey is registered already")
        factors.add_passkey(connection, key)
        record(connection, owner.principal, "passkey.add", owner.name, name=key.name)

    await owner.door.fleet.write(add)
    return _info(key)


@router.patch("/account/passkeys/{passkey_id}")
async def rename_passkey(passkey_id: Digest, body: PasskeyName, owner: InOwner) -> PasskeyInfo:
    """Rename one of the own passkeys."""
    name = label(body.name, "name of a passkey")

    def rename(connection: Connection) -> Passkey:
        if not factors.rename_passkey(connection, owner.principal.account.id, passkey_id, name):
            raise NotFoundError("there is no such passkey")
        record(connection, owner.principal, "passkey.rename", owner.name, name=name)
        found = factors.passkey_at(connection, passkey_id)
        assert found is not None
        return found

    return _info(await owner.door.fleet.write(rename))


@router.delete("/account/passkeys/{passkey_id}", status_code=204)
async def remove_passkey(passkey_id: Digest, owner: InOwner) -> None:
    """Remove one of the own passkeys."""

    def remove(connection: Connection) -> None:
        if not factors.remove_passkey(connection, owner.principal.account.id, passkey_id):
            raise NotFoundError("there is no such passkey")
        record(connection, owner.principal, "passkey.remove", owner.name)

    await owner.door.fleet.write(remove)


def _party(request: Request) -> Party:
    return party(host_of(request), origin_of(request))


def _known(connection: Connection, stored: str) -> tuple[Passkey | None, Account | None]:
    key = factors.passkey_at(connection, stored)
    return key, queries.account_of(connection, key.account) if key else None


def _info(one: Passkey) -> PasskeyInfo:
    values = {name: getattr(one, name) for name in one.__struct_fields__}
    return PasskeyInfo(**{**values, "transports": list(one.transports)}, id=one.digest)
