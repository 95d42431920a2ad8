# SPDX-License-Identifier: MIT
"""Idempotency-Key: whoever sends a write again, because no answer came, gets the first one's answer.

The key belongs to account, method and path. The place of an answer is claimed before the route runs, so of two requests
with one key one runs; a claim that was never answered, because the process was killed meanwhile, stays: nobody knows
what it has done, and the client is told to look. What a route refused (4xx, or 503) is not kept: nothing was done.

Answers may hold secrets, such as a new token. They are sealed (AES-256-GCM) with a key that is derived from the key
file and the Idempotency-Key, of which the database has only a digest.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
import re
import time
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from decnet_models.accounts import kept_answers
from decnet_models.accounts.kept_answers import KeptAnswer
from decnet_web.api.fleet import Fleet
from decnet_web.api.principal import Principal
from decnet_web.api.problems import Problem
from decnet_web.errors import WebError

KEPT_NS = 24 * 3600 * 1_000_000_000
MOST_OF_ACCOUNT = 1000
LARGEST = 64 << 10
"""Bytes of an answer that is kept; of a larger one only that it was given."""

_HOLDER = "decnet.claim"
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_NONCE_BYTES = 12
_WITHOUT = frozenset({"GET", "HEAD", "OPTIONS"})


class ReplayedError(WebError):
    """In place of the route's answer comes the one that was kept."""

    def __init__(self, answer: Response) -> None:
        super().__init__("a kept answer")
        self.answer = answer


class _Claim(msgspec.Struct):
    digest: str
    secret: bytes
    fleet: Fleet


class Idempotency:
    """Keeps the answers to requests that have claimed a place."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in _WITHOUT:
            await self._app(scope, receive, send)
            return
        holder: dict[str, _Claim] = {}
        scope[_HOLDER] = holder
        start: Message | None = None

        async def pass_on(message: Message) -> None:
            nonlocal start
            if "claim" in holder and message["type"] == "http.response.start":
                start = message
                return
            if start is not None:
                first, start = start, None
                await _settle(holder.pop("claim"), first, message)
                await send(first)
            await send(message)

        await self._app(scope, receive, pass_on)


async def begin(request: Request, fleet: Fleet, principal: Principal, file_key: bytes) -> None:
    """Claim the place of the answer, if the request has a key; raises ReplayedError, Problem 400, 409, 422."""
    text = request.headers.get("idempotency-key")
    holder = request.scope.get(_HOLDER)
    if text is None or holder is None:
        return
    if not _KEY.fullmatch(text):
        raise Problem(400, detail="an Idempotency-Key has 1 to 255 printable ASCII characters, without spaces")
    place = f"{principal.account.id}\0{request.method}\0{request.url.path}\0{text}".encode()
    claim = _Claim(hashlib.sha256(place).hexdigest(), hmac.digest(file_key, place, "sha256"), fleet)
    now, sent = time.time_ns(), f"{request.url.query}\0".encode() + await request.body()
    wanted = KeptAnswer(claim.digest, principal.account.id, hashlib.sha256(sent).hexdigest(), None, None, now + KEPT_NS)
    found = await fleet.write(
        lambda connection: kept_answers.claim(connection, wanted, now_ns=now, most=MOST_OF_ACCOUNT)
    )
    if found is None:
        holder["claim"] = claim
        return
    if found.request != wanted.request:
        raise Problem(422, title="Key in use", detail="this Idempotency-Key was used for another request")
    raise ReplayedError(_again(found, claim))


def _again(found: KeptAnswer, claim: _Claim) -> Response:
    """Return the answer that was kept; raises Problem 409 if there is none."""
    if found.status is None:
        detail = "the first request with this Idempotency-Key has not been answered; look whether it was done"
        raise Problem(409, detail=detail, headers={"Retry-After": "5"})
    if found.answer is None:
        raise Problem(409, detail=f"this was done, with status {found.status}; the answer was too large to be kept")
    kind, body = msgspec.msgpack.decode(_opened(claim, found.answer), type=tuple[str, bytes])
    headers = {"Idempotency-Replayed": "true", "Cache-Control": "no-store"}
    return Response(body, found.status, headers, media_type=kind or None)


async def _settle(claim: _Claim, start: Message, message: Message) -> None:
    """Keep the answer, or give the place back; after a defect the place stays claimed."""
    status: int = start["status"]
    if status == 500:
        return
    if status >= 400:
        await claim.fleet.write(lambda connection: kept_answers.release(connection, claim.digest))
        return
    body: bytes = message.get("body", b"")
    sealed = None
    if not message.get("more_body") and len(body) <= LARGEST:
        kind = next((value.decode("latin-1") for name, value in start["headers"] if name == b"content-type"), "")
        sealed = await asyncio.to_thread(_sealed, claim, kind, body)
    await claim.fleet.write(lambda connection: kept_answers.keep(connection, claim.digest, status, sealed))


def _sealed(claim: _Claim, kind: str, body: bytes) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + bytes(_cipher(claim).encrypt(nonce, msgspec.msgpack.encode((kind, body)), claim.digest.encode()))


def _opened(claim: _Claim, sealed: bytes) -> bytes:
    return bytes(_cipher(claim).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], claim.digest.encode()))


def _cipher(claim: _Claim) -> Any:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(claim.secret)
