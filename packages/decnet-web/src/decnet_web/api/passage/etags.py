# SPDX-License-Identifier: MIT
"""ETags: the digest of an answer, so that a client need not fetch again what has not changed, or undo what has.

`If-None-Match` on GET answers 304. `If-Match` on a write compares with what GET of the same path answers now, 412 when
it is another; writes with it go one after another, so none of them overlooks another's.
"""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from decnet_web.api.problems import Problem

LARGEST = 4 << 20
"""Bytes of an answer that is digested; a larger one has no ETag."""

_WRITES = frozenset({"PUT", "PATCH", "DELETE", "POST"})
_ENTITY = frozenset({b"content-length", b"content-type"})


class ETags:
    """Adds the header to answers of GET that are sent whole."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._writing = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["method"] == "GET":
            await self._app(scope, receive, _Tagged(_header(scope, b"if-none-match"), send).send)
        elif scope["method"] in _WRITES and (wanted := _header(scope, b"if-match")):
            async with self._writing:
                await self._require(wanted, scope)
                await self._app(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _require(self, wanted: str, scope: Scope) -> None:
        """Raise Problem 412 unless what is there now has one of the `wanted` ETags."""
        found = _Collected()
        reading = {**scope, "method": "GET", "state": {}, "headers": _for_reading(scope)}
        await self._app(reading, _nothing_more, _Tagged("", found.send).send)
        if found.status != 200 or not _listed(wanted, found.etag):
            raise Problem(412, detail="it has changed since it was read; read it again (If-Match)")


class _Tagged:
    """Holds the start of an answer back until its only body is there."""

    def __init__(self, known: str, send: Send) -> None:
        self._known = known
        self._send = send
        self._start: Message | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] == 200:
            self._start = message
        elif self._start is None:
            await self._send(message)
        else:
            start, self._start = self._start, None
            await self._finish(start, message)

    async def _finish(self, start: Message, body: Message) -> None:
        content = body.get("body", b"")
        given = next((value.decode("latin-1") for name, value in start.get("headers", ()) if name == b"etag"), "")
        if not body.get("more_body") and len(content) <= LARGEST:
            tag = given or etag(content)
            if not given:
                start = {**start, "headers": [*start.get("headers", ()), (b"etag", tag.encode())]}
            if _listed(self._known, tag):
                kept = [pair for pair in start["headers"] if pair[0] not in _ENTITY]
                start, body = {**start, "status": 304, "headers": kept}, {**body, "body": b""}
        await self._send(start)
        await self._send(body)


class _Collected:
    status = 0
    etag = ""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.etag = next((value.decode() for name, value in message["headers"] if name == b"etag"), "")


def etag(content: bytes) -> str:
    """Return the strong ETag of an answer's body, by the digest that processors have instructions for."""
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def _listed(header: str, tag: str) -> bool:
    """Return whether the header names the ETag; `*` stands for any."""
    return bool(tag) and (header.strip() == "*" or tag in [one.strip().removeprefix("W/") for one in header.split(",")])


def _header(scope: Scope, wanted: bytes) -> str:
    return ",".join(value.decode("latin-1") for name, value in scope["headers"] if name == wanted)


def _for_reading(scope: Scope) -> list[tuple[bytes, bytes]]:
    left_out = {b"accept", b"content-length", b"content-type", b"idempotency-key", b"if-match", b"transfer-encoding"}
    return [pair for pair in scope["headers"] if pair[0] not in left_out]


async def _nothing_more() -> dict[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}
