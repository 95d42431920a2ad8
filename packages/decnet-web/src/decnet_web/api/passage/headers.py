# SPDX-License-Identifier: MIT
"""The outermost layer: headers of all answers, HEAD as GET without a body, and what no route has handled."""

from __future__ import annotations

import time
from collections.abc import Iterator
from email.utils import formatdate

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from decnet_web.api.problems import problem_of

SAFE = (
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; sandbox"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
)
"""An answer is data: a browser that opens one shows nothing else, and no other origin embeds it."""

_CACHING = (b"cache-control", b"private, no-cache")
"""A browser asks each time whether what it has is still so; shared caches keep nothing."""


_PART = 64 << 10
"""Bytes that are sent at once: what waits for a client that does not read is not all of an answer."""


class Headers:
    """Adds the headers; answers a defect with a problem that has no traceback."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._second, self._date = 0, b""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        bodiless, started = scope["method"] == "HEAD", False
        if bodiless:
            scope["method"] = "GET"

        async def pass_on(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message["headers"] = self._complete(message.get("headers", ()))
            elif bodiless:
                message = {**message, "body": b""}
            for part in _parts(message):
                await send(part)

        try:
            await self._app(scope, receive, pass_on)
        except Exception as error:
            if started:
                raise
            await problem_of(error).response()(scope, receive, pass_on)

    def _complete(self, given: object) -> list[tuple[bytes, bytes]]:
        headers: list[tuple[bytes, bytes]] = list(given)  # type: ignore[call-overload]  # ASGI: pairs of bytes
        names = {name for name, _ in headers}
        headers += [pair for pair in (*SAFE, _CACHING) if pair[0] not in names]
        headers.append((b"date", self._now()))
        return headers

    def _now(self) -> bytes:
        now = int(time.time())
        if now != self._second:
            self._second, self._date = now, formatdate(now, usegmt=True).encode()
        return self._date


def _parts(message: Message) -> Iterator[Message]:
    body: bytes = message.get("body", b"")
    if message["type"] != "http.response.body" or len(body) <= _PART:
        yield message
        return
    for start in range(0, len(body), _PART):
        more = message.get("more_body", False) or start + _PART < len(body)
        yield {**message, "body": body[start : start + _PART], "more_body": more}
