# SPDX-License-Identifier: MIT
"""Parses the bytes of a connection into requests, without I/O: feed bytes, take requests.

Lenient where attackers are sloppy, because even what is not HTTP is worth an event. Only what decides about framing
(lengths, connection) is strict.
"""

import re

import msgspec

from decnet_core.net.http_head import Head, Refusal, Rules, parse_head
from decnet_core.text import from_wire

MAX_HEAD_BYTES = 16384
MAX_HEADERS = 100
MAX_BODY_BYTES = 65536

_RULES = Rules(
    line=re.compile(rb"(?P<method>[A-Z][A-Z_-]{0,31}) (?P<target>[^\x00-\x20\x7f]+) (?P<version>HTTP/1\.[01])"),
    head_bytes=MAX_HEAD_BYTES,
    fields=MAX_HEADERS,
    decode=lambda value: from_wire(value, MAX_HEAD_BYTES),
)
_LENGTH = re.compile(r"[0-9]{1,18}")


class Request(msgspec.Struct, frozen=True):
    """A request with its body if that was kept: neither too long nor of unknown length."""

    head: Head
    body: bytes
    body_bytes: int | None
    """Declared length; None when it is unknown (chunked), so that the connection ends after the answer."""
    last: bool
    """Whether what follows cannot be parsed, so that the connection must end."""


class Malformed(msgspec.Struct, frozen=True):
    """Not a request; `line` is the first line as text, `status` the response."""

    line: str
    status: int


class Requests:
    """The buffer of one connection; holds at most a head and a body, rejects longer ones."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._searched = 0
        self._head: Head | None = None

    def feed(self, data: bytes) -> None:
        self._buffer += data

    def next(self) -> Request | Malformed | None:
        """Return the next request; Malformed is the last one; None means that more bytes are needed."""
        if self._head is None:
            head = self._next_head()
            if not isinstance(head, Head):
                return head
            self._head = head
        return self._with_body(self._head)

    def _next_head(self) -> Head | Malformed | None:
        parsed = parse_head(self._buffer, _RULES, self._searched)
        self._searched = len(self._buffer)
        if parsed is None:
            return None
        if isinstance(parsed, Refusal) or not _is_framed(parsed.head):
            status = 414 if isinstance(parsed, Refusal) and parsed.reason == "target-too-long" else 400
            return Malformed(from_wire(parsed.line, 2048), status)
        del self._buffer[: parsed.end]
        self._searched = 0
        return parsed.head

    def _with_body(self, head: Head) -> Request | None:
        length = _body_bytes(head)
        if length is None or length > MAX_BODY_BYTES:
            self._head = None
            return Request(head, b"", length, last=True)
        if len(self._buffer) < length:
            return None
        body = bytes(self._buffer[:length])
        del self._buffer[:length]
        self._head = None
        return Request(head, body, length, last=not head.keep_alive)


def _body_bytes(head: Head) -> int | None:
    lengths = head.all("content-length")
    if head.get("transfer-encoding") is not None:
        return None
    if not lengths:
        return 0
    return int(lengths[0]) if len(lengths) == 1 and _LENGTH.fullmatch(lengths[0]) else None


def _is_framed(head: Head) -> bool:
    """Return whether length and host comply with RFC 9112; a server answers 400 otherwise."""
    if not head.has_one_host:
        return False
    if head.get("transfer-encoding") is not None:
        return head.get("content-length") is None
    return _body_bytes(head) is not None
