# SPDX-License-Identifier: MIT
"""Refuses requests that two programs on their way may read differently, and text that no resource's name contains."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

from starlette.types import ASGIApp, Receive, Scope, Send

from decnet_web.api.problems import Problem

LONGEST_TARGET = 8192

_ONCE = frozenset({
    b"authorization", b"content-length", b"content-type", b"cookie", b"host", b"idempotency-key", b"if-match",
    b"last-event-id", b"origin", b"transfer-encoding", b"x-csrf-token",
})  # fmt: skip
"""Headers of which a second one would be an attempt to have another believed."""


class Oddities:
    """Answers them with 400."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (odd := oddity(scope)):
            raise Problem(400, title="Odd request", detail=odd)
        await self._app(scope, receive, send)


def oddity(scope: Scope) -> str:
    """Return what is odd about the request, empty when nothing is."""
    path, query = scope.get("raw_path") or scope["path"].encode(), scope["query_string"]
    if len(path) + len(query) > LONGEST_TARGET:
        return f"path and query are longer than {LONGEST_TARGET} bytes"
    if b"%2f" in path.lower():
        return "the path has an encoded slash, which some programs take for one and others do not"
    return _odd_text("path", path) or _odd_text("query", query) or _odd_headers(scope["headers"])


def _odd_text(where: str, raw: bytes) -> str:
    if b"%" not in raw and raw.isascii():
        return ""  # the server refuses control characters that are not encoded
    try:
        text = unquote_to_bytes(raw).decode()
    except UnicodeDecodeError:
        return f"the {where} is not UTF-8"
    if any(character < " " or character == "\x7f" for character in text):
        return f"the {where} contains a control character"
    return ""


def _odd_headers(headers: list[tuple[bytes, bytes]]) -> str:
    seen: set[bytes] = set()
    for name, _ in headers:
        if name in _ONCE:
            if name in seen:
                return f"the header {name.decode()} came twice"
            seen.add(name)
    if b"transfer-encoding" in seen and b"content-length" in seen:
        return "the request has both Content-Length and Transfer-Encoding"
    return ""
