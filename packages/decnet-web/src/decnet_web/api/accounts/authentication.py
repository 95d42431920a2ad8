# SPDX-License-Identifier: MIT
"""Finds the principal of a request: `Authorization: Bearer TOKEN`, looked up by the token's SHA-256."""

from __future__ import annotations

import hashlib
import time

from sqlalchemy import Connection
from starlette.requests import Request

from decnet_models.accounts.queries import Principal as Known
from decnet_models.accounts.queries import authenticate_token
from decnet_web.api.fleet import Fleet
from decnet_web.api.principal import Holder, Principal
from decnet_web.api.problems import Problem

CHALLENGE = {"WWW-Authenticate": 'Bearer realm="decnet"'}


async def authenticate(request: Request, fleet: Fleet) -> Principal:
    """Return who makes the request; raises Problem 401."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Problem(401, detail="log in, or send `Authorization: Bearer TOKEN`", headers=CHALLENGE)
    digest = hashlib.sha256(token.strip().encode("utf-8", "surrogateescape")).hexdigest()

    def find(connection: Connection) -> Known | None:
        return authenticate_token(connection, digest, now_ns=time.time_ns())

    known = await fleet.read(find)
    if known is None:
        raise Problem(401, detail="the token is unknown, has expired or was revoked", headers=CHALLENGE)
    return Principal(
        account=Holder(known.account.id, known.account.name),
        role=known.role,
        means="token",
        address=request.client.host if request.client else None,
        digest=digest,
    )
