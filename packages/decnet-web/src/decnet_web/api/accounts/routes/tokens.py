# SPDX-License-Identifier: MIT
"""Tokens of programs: the own ones; administrators see and revoke everybody's."""

from __future__ import annotations

import time
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query
from pydantic import Field
from sqlalchemy import Connection, select
from starlette.responses import Response

from decnet.access import tokens, users
from decnet.cli.errors import NotFoundError
from decnet_models.accounts import queries
from decnet_models.accounts.queries import ROLES, Role, Token
from decnet_models.accounts.tables import account, api_token
from decnet_models.database.rows.keyset import in_order
from decnet_web.api.accounts.own import present
from decnet_web.api.audit import record
from decnet_web.api.dependencies import InFleet, InPaging, OrderDirection, Viewer
from decnet_web.api.models import Answer, Asked
from decnet_web.api.moments import Moment
from decnet_web.api.paging import Page
from decnet_web.api.principal import Principal
from decnet_web.api.problems import Problem

router = APIRouter(prefix="/tokens", tags=["tokens"])

Scope = Literal["read", "decide", "deploy", "manage"]


class TokenInfo(Answer):
    """A token of a program, without its secret."""

    id: str
    """Names it in this API."""
    shown: str
    """Its first characters."""
    account: UUID
    """On whose behalf the program acts."""
    user: str
    """That account's name."""
    name: str
    """What it is for, in its owner's words."""
    role: Role
    """At most this role, and at most that of its account."""
    scopes: list[Scope]
    """What it is limited to; empty: to nothing besides its role."""
    created_at: Moment
    """When it was made."""
    expires_at: Moment | None
    """When it expires; null: never."""
    used_at: Moment | None
    """When it was last used, to the minute."""
    revoked_at: Moment | None
    """When it was revoked; null: it was not."""
    valid: bool
    """Whether it is good now."""


class NewToken(Asked):
    """A token to be made."""

    name: str
    """What it is for."""
    user: str | None = Field(None, max_length=64)
    """On whose behalf the program acts; null: the own account. Only administrators name another one."""
    role: Role | None = None
    """At most this role; null: that of its account."""
    scopes: tuple[Scope, ...] = ()
    """What to limit it to; empty: to nothing besides its role."""
    expires_at: Moment | None = None
    """When it expires; null: never."""


class MintedToken(Answer):
    """A token that was made; its secret is shown this once."""

    secret: str
    """To be sent as `Authorization: Bearer SECRET`."""
    token: TokenInfo
    """Everything else about it."""


@router.get("", response_model=Page[TokenInfo])
async def list_tokens(
    fleet: InFleet,
    paging: InPaging,
    viewer: Viewer,
    everybody: Annotated[bool, Query(description="Everybody's, for administrators; otherwise the own ones.")] = False,
    direction: OrderDirection = "desc",
) -> Response:
    """List tokens, newest first, also those that have expired or were revoked."""
    if everybody and viewer.role != "admin":
        raise Problem(403, detail="only administrators see everybody's tokens")

    def fetch(connection: Connection, position: tuple[int, str] | None, limit: int) -> list[TokenInfo]:
        c = api_token.c
        query = select(*api_token.c, account.c.name.label("user")).join(account, account.c.id == c.account)
        if not everybody:
            query = query.where(c.account == viewer.account.id)
        rows = connection.execute(in_order(query, (c.created_at, c.digest), position, direction).limit(limit))
        return [_info(queries.as_token(row[:-1]), row.user) for row in rows]

    return await paging.answer(fleet, fetch, lambda row: (row.created_at, row.id))


@router.post("", status_code=201)
async def make_token(body: NewToken, fleet: InFleet, viewer: Viewer) -> MintedToken:
    """Make a token, for administrators anybody's; a program's token cannot make one that may do more."""
    if body.user not in (None, viewer.account.name) and viewer.role != "admin":
        raise Problem(403, detail="only administrators make tokens of others")
    if body.expires_at is not None and body.expires_at <= time.time_ns():
        raise Problem(422, title="Bad input", detail="expires_at is over already")
    wanted = _limited(body, viewer)

    def make(connection: Connection) -> MintedToken:
        owner = present(connection, viewer) if body.user is None else users.find(connection, body.user)
        role = body.role or min(viewer.role, owner.role, key=ROLES.index)
        made = tokens.mint(connection, owner, body.name, role=role, scopes=wanted, expires_at=body.expires_at)
        named = {"name": body.name, "role": made.token.role, "scopes": made.token.scopes}
        record(connection, viewer, "token.add", made.token.shown, user=owner.name, **named)
        return MintedToken(secret=made.secret, token=_info(made.token, owner.name))

    return await fleet.write(make)


@router.delete("/{token_id}", status_code=204)
async def revoke_token(
    token_id: Annotated[str, Path(pattern="^[0-9a-f]{64}$")], fleet: InFleet, viewer: Viewer
) -> None:
    """Refuse a token from now on: an own one, or anybody's for administrators."""

    def revoke(connection: Connection) -> None:
        found = queries.token_of(connection, token_id)
        if found is None or (found.account != viewer.account.id and viewer.role != "admin"):
            raise NotFoundError("there is no such token")
        if queries.revoke(connection, token_id, now_ns=time.time_ns()):
            record(connection, viewer, "token.revoke", found.shown, name=found.name)

    await fleet.write(revoke)


def _limited(body: NewToken, viewer: Principal) -> list[str]:
    """Return the scopes of the new token; raises Problem 403 for more rights than those of who makes it."""
    if body.role is not None and not viewer.may(body.role):
        raise Problem(403, detail=f"a token has at most the role of who makes it, which is {viewer.role}")
    if not viewer.scopes:
        return list(body.scopes)
    if not set(body.scopes or tokens.SCOPES) <= viewer.scopes:
        raise Problem(403, detail="a token cannot make one with more scopes than its own")
    return list(body.scopes)


def _info(one: Token, user: str) -> TokenInfo:
    values: dict[str, Any] = {name: getattr(one, name) for name in one.__struct_fields__}
    valid = tokens.valid(one, time.time_ns())
    return TokenInfo(**{**values, "scopes": list(one.scopes)}, id=one.digest, user=user, valid=valid)
