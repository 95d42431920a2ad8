# SPDX-License-Identifier: MIT
"""Bodies: their size, their time, and that a JSON body is JSON, neither too deep nor of too many values or digits.

The body is read here, once, and checked by msgspec, which is strict: no NaN, no lone surrogates, no invalid UTF-8.

A stranger's is short, too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from decnet_web.api.passage.values import MOST_DIGITS, MOST_OF_FLEET, MOST_VALUES, has_long_number, keys_in, values_in
from decnet_web.api.problems import Problem

BODY_SECONDS = 30
"""How long a client may take to send a body."""

STRANGERS_BYTES = 16 << 10
"""Of the body of a request without a valid token or session: log-ins, and what browsers report."""

Known = Callable[[Request], Awaitable[bool]]
"""Tells whether a request brings a valid token or session."""

OTHER_TYPES = frozenset({"application/octet-stream", "application/toml", "application/yaml"})
"""Beside JSON; the routes that take one of them say so."""

_FLEETS = ("/fleet/plan", "/fleet/deploy")

_ENDS_EARLY = "the JSON ends within a value, or a text in it has half a surrogate pair (\\ud800 to \\udfff)"
"""msgspec says of both that the input was truncated."""

_WITHOUT = frozenset({"GET", "OPTIONS"})


class Bodies:
    """Refuses with 400, 408, 413, 415 and 422."""

    def __init__(self, app: ASGIApp, largest: int, deepest: int, known: Known) -> None:
        self._app = app
        self._known = known
        self._largest = largest
        self._deepest = deepest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in _WITHOUT:
            await self._app(scope, receive, send)
            return
        if _header(scope, b"content-encoding").lower() not in ("", "identity"):
            raise Problem(415, detail="send the body as it is: without Content-Encoding")
        body = await self._read(scope, receive)
        if body:
            self._check(scope, body)
        await self._app(scope, _replaying(body, receive), send)

    async def _read(self, scope: Scope, receive: Receive) -> bytes:
        announced = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
        largest = min(STRANGERS_BYTES, self._largest)
        if announced.isdigit() and int(announced) > largest:
            largest = await self._allowed(scope, int(announced))
        try:
            async with asyncio.timeout(BODY_SECONDS):
                return await self._collect(scope, receive, largest)
        except TimeoutError:
            raise Problem(408, detail=f"the body did not come within {BODY_SECONDS} s") from None

    async def _collect(self, scope: Scope, receive: Receive, largest: int) -> bytes:
        parts, size = [], 0
        while True:
            message = await receive()
            if message["type"] != "http.request":
                raise Problem(400, title="Bad body", detail="the body is not complete")
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > largest:
                largest = await self._allowed(scope, size)
            if not message.get("more_body"):
                return b"".join(parts)

    async def _allowed(self, scope: Scope, size: int) -> int:
        """Return how large the body may be of which there are `size` bytes; raises Problem 413."""
        if size > self._largest:
            raise Problem(413, detail=f"a body has at most {self._largest} bytes ([api] max_body)")
        if not await self._known(Request(scope)):
            raise Problem(413, detail=f"without a valid token or session a body has at most {STRANGERS_BYTES} bytes")
        return self._largest

    def _check(self, scope: Scope, body: bytes) -> None:
        kind = _content_type(scope)
        if kind in OTHER_TYPES:
            return
        if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
            raise Problem(415, detail="send JSON: Content-Type: application/json")
        is_fleet = scope["path"].endswith(_FLEETS)
        most = MOST_OF_FLEET if is_fleet else MOST_VALUES
        if values_in(body) > most:
            instead = "send a fleet as `document`, which is TOML" if is_fleet else "send it in parts"
            raise Problem(413, detail=f"here JSON has at most {most} values; {instead}")
        if has_long_number(body):
            raise Problem(422, title="Bad input", detail=f"a number may have at most {MOST_DIGITS} digits in a row")
        try:
            content = msgspec.json.decode(body)
        except UnicodeDecodeError:
            raise Problem(400, title="Bad JSON", detail="the body is not UTF-8") from None
        except RecursionError:
            raise self._too_deep() from None
        except msgspec.MsgspecError as error:
            detail = _ENDS_EARLY if "truncated" in str(error) else str(error)[:200]
            raise Problem(400, title="Bad JSON", detail=detail) from None
        if self._walk(content) < keys_in(body):
            raise Problem(400, title="Bad JSON", detail="an object has the same key twice")

    def _walk(self, content: Any) -> int:
        """Return the number of keys; raises Problem 422."""
        level, depth, keys = [content], 0, 0
        while level:
            depth += 1
            if depth > self._deepest:
                raise self._too_deep()
            keys += sum(len(value) for value in level if isinstance(value, dict))
            level = [inner for value in level for inner in _inside(value)]
        return keys

    def _too_deep(self) -> Problem:
        return Problem(422, title="Bad input", detail=f"the JSON is nested more than {self._deepest} deep")


def _inside(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [*value, *value.values()]
    if isinstance(value, list):
        return value
    if isinstance(value, str) and "\x00" in value:
        raise Problem(422, title="Bad input", detail="text may not contain the character U+0000")
    return []


def _content_type(scope: Scope) -> str:
    return _header(scope, b"content-type").partition(";")[0].strip().lower()


def _header(scope: Scope, wanted: bytes) -> str:
    value: bytes = next((value for name, value in scope["headers"] if name == wanted), b"")
    return value.decode("latin-1").strip()


def _replaying(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that gives the whole body, then what comes after it: that the client has gone."""
    waiting = [body]

    async def again() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return again
