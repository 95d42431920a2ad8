# SPDX-License-Identifier: MIT
"""From bytes of a connection to whole requests, sans I/O: feed bytes, take requests."""

from __future__ import annotations

import msgspec

from decnet_workers.canary.head import (
    MAX_BODY_BYTES,
    MAX_HEAD_BYTES,
    Head,
    Malformed,
    end_of_head,
    parse_head,
)


class Request(msgspec.Struct, frozen=True):
    """A request with the body that was kept: all of it, or nothing when it is too long or of unknown length."""

    head: Head
    body: bytes
    last: bool
    """Whether nothing after it can be understood, so that the connection must end."""


class Requests:
    """Buffer of one connection; never holds more than a head and a body, refuses what is longer."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._searched = 0
        self._head: Head | None = None

    def feed(self, data: bytes) -> None:
        """Take bytes that were received."""
        self._buffer += data

    def next(self) -> Request | Malformed | None:
        """Return the next request; Malformed is the last answer; None means that more bytes are needed."""
        if self._head is None:
            found = self._next_head()
            if not isinstance(found, Head):
                return found
            self._head = found
        return self._with_body(self._head)

    def _next_head(self) -> Head | Malformed | None:
        self._skip_empty_lines()
        end = end_of_head(self._buffer, max(0, self._searched - 3))
        self._searched = len(self._buffer)
        if end is None and len(self._buffer) <= MAX_HEAD_BYTES:
            return self._not_http()
        if end is None or end > MAX_HEAD_BYTES:
            return self._too_long()
        head = parse_head(bytes(self._buffer[:end]))
        del self._buffer[:end]
        self._searched = 0
        return head

    def _skip_empty_lines(self) -> None:
        """RFC 9112 §2.2: a server should ignore an empty line before a request."""
        while self._buffer[:2] == b"\r\n" or self._buffer[:1] == b"\n":
            del self._buffer[: 2 if self._buffer[:1] == b"\r" else 1]

    def _not_http(self) -> Malformed | None:
        """A whole first line that is no request line is answered at once: a TLS or RDP greeting has no empty line."""
        line, ended, _ = self._buffer[:MAX_HEAD_BYTES].partition(b"\n")
        binary = bool(self._buffer) and (self._buffer[0] < 0x20 or self._buffer[0] > 0x7E)
        if not ended and not binary:
            return None
        parsed = parse_head(bytes(line) + b"\nHost: x\n\n")
        return parsed if isinstance(parsed, Malformed) else None

    def _too_long(self) -> Malformed:
        line, ended, _ = self._buffer[:MAX_HEAD_BYTES].partition(b"\n")
        parsed = parse_head(bytes(line[:2048]) + b"\nHost: x\n\n")
        text = parsed.line if isinstance(parsed, Malformed) else f"{parsed.method} {parsed.target} {parsed.version}"
        return Malformed(text, 400 if ended else 414)

    def _with_body(self, head: Head) -> Request | None:
        if head.body_bytes is None or head.body_bytes > MAX_BODY_BYTES:
            self._head = None
            return Request(head, b"", last=True)
        if len(self._buffer) < head.body_bytes:
            return None
        body = bytes(self._buffer[: head.body_bytes])
        del self._buffer[: head.body_bytes]
        self._head = None
        return Request(head, body, last=not head.keep_alive)
