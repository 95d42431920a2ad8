# SPDX-License-Identifier: MIT
"""The head of an HTTP/1.1 request (RFC 9112), read leniently where attackers are sloppy and never raising.

Not h11: a canary wants the request as it was sent (header case and order, odd targets), and what is not HTTP at all
is still worth an event. Only what decides about framing (lengths, connection) is strict.
"""

from __future__ import annotations

import re

import msgspec

from decnet_core.text import from_wire

MAX_HEAD_BYTES = 16384
MAX_HEADERS = 100
MAX_BODY_BYTES = 65536

_REQUEST_LINE = re.compile(rb"([A-Z][A-Z_-]{0,31}) ([^\x00-\x20\x7f]+) HTTP/(1\.[01])")
_END = re.compile(rb"\r?\n\r?\n")
_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class Head(msgspec.Struct, frozen=True):
    """A request without its body; texts are what the client sent."""

    method: str
    target: str
    version: str
    headers: tuple[tuple[str, str], ...]
    body_bytes: int | None
    """Declared length; None when it cannot be known (chunked), so that the connection ends after the answer."""

    def header(self, name: str) -> str | None:
        """Return the first header `name` (lower case)."""
        return next((value for key, value in self.headers if key.lower() == name), None)

    @property
    def keep_alive(self) -> bool:
        """Whether the client wants to go on after the answer (RFC 9112 §9.3)."""
        options = {part.strip().lower() for part in (self.header("connection") or "").split(",")}
        return "close" not in options and (self.version == "HTTP/1.1" or "keep-alive" in options)


class Malformed(msgspec.Struct, frozen=True):
    """Bytes that are not a request; `line` is the first line as text, `status` what to answer."""

    line: str
    status: int


def end_of_head(data: bytes | bytearray, start: int = 0) -> int | None:
    """Return where the body begins, looking from `start`; None while the empty line (CRLF or LF) has not come."""
    match = _END.search(data, start)
    return match.end() if match else None


def parse_head(data: bytes) -> Head | Malformed:
    """Return the request whose head, up to its empty line, is `data`."""
    lines = [line.removesuffix(b"\r") for line in data.split(b"\n")]
    while lines and not lines[-1]:
        lines.pop()
    first = lines[0] if lines else b""
    match = _REQUEST_LINE.fullmatch(first)
    if match is None or len(lines) - 1 > MAX_HEADERS:
        return Malformed(from_wire(first, 2048), 400)
    pairs = [_header(line) for line in lines[1:]]
    headers = tuple(pair for pair in pairs if pair is not None)
    method, target, version = (from_wire(part, MAX_HEAD_BYTES) for part in match.groups())
    head = Head(method, target, f"HTTP/{version}", headers, _body_bytes(headers))
    if len(headers) != len(pairs) or not _framed(head):
        return Malformed(from_wire(first, 2048), 400)
    return head


def _header(line: bytes) -> tuple[str, str] | None:
    name, colon, value = line.partition(b":")
    if not colon or not _TOKEN.fullmatch(name):
        return None
    return from_wire(name), from_wire(value.strip(b" \t"), MAX_HEAD_BYTES)


def _body_bytes(headers: tuple[tuple[str, str], ...]) -> int | None:
    lengths = [value for name, value in headers if name.lower() == "content-length"]
    if any(name.lower() == "transfer-encoding" for name, _ in headers):
        return None
    if not lengths:
        return 0
    return int(lengths[0]) if len(lengths) == 1 and re.fullmatch(r"[0-9]{1,18}", lengths[0]) else None


def _framed(head: Head) -> bool:
    """Whether length and host are as RFC 9112 demands; a server that looks like one answers 400 otherwise."""
    names = [name.lower() for name, _ in head.headers]
    if head.body_bytes is None and "transfer-encoding" not in names:
        return False
    if "transfer-encoding" in names and "content-length" in names:
        return False
    return names.count("host") == 1 if head.version == "HTTP/1.1" else names.count("host") <= 1
