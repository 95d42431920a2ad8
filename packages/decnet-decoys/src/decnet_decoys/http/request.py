# SPDX-License-Identifier: MIT
"""Which HTTP requests a server refuses, and bodies from an attacker's bytes (RFC 9112): bounded, never raising."""

from __future__ import annotations

import re
from typing import NamedTuple

from decnet_core.net.http_head import TOKEN, Head, Parsed, Refusal, Rules
from decnet_core.net.http_head import parse_head as parse_any_head

MAX_HEAD = 32 << 10
MAX_TARGET = 8190
MAX_HEADERS = 100
MAX_NAME = 64
HEAD_TOO_LARGE = 431
"""RFC 6585 §5; each server words it in its own way."""

_RULES = Rules(
    line=re.compile(rb"(?P<method>" + TOKEN + rb"{1,64}) (?P<target>[^ ]+) (?P<version>HTTP/[0-9]\.[0-9])"),
    head_bytes=MAX_HEAD,
    target_bytes=MAX_TARGET,
    field_bytes=MAX_TARGET,
    fields=MAX_HEADERS,
    decode=lambda value: value.decode("latin-1"),  # RFC 9110 §5.5
)
_STATUS = {"request-line": 400, "target-too-long": 414, "head-too-long": HEAD_TOO_LARGE, "field": 400}
_HOST = re.compile(r"(\[[0-9A-Za-z:.]+\]|[^\s/:\[\]]+)(:[0-9]*)?")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


class BadRequest(NamedTuple):
    """The bytes are no request; `status` is what a server answers, `line` what came, for the record."""

    status: int
    line: str


def parse_head(data: bytes) -> Parsed | BadRequest | None:
    """Return the head at the beginning of `data`, what is wrong with it, or None when more is needed."""
    found = parse_any_head(data, _RULES)
    if found is None:
        return None
    status = _STATUS[found.reason] if isinstance(found, Refusal) else _refused_with(found.head)
    if isinstance(found, Parsed) and not status:
        return found
    return BadRequest(status, found.line[:MAX_TARGET].decode("utf-8", "backslashreplace"))


def _refused_with(head: Head) -> int:
    """Return the status for what every server refuses, else 0: RFC 9112 §2.3, §3.2 (Host), §6.1, §6.3 (lengths)."""
    if not head.version.startswith("HTTP/1."):
        return 505 if not head.version.startswith("HTTP/0.") and head.target.startswith("/") else 400
    host = head.get("host")
    chunked_too_early = head.version == "HTTP/1.0" and head.get("transfer-encoding") is not None
    good = (
        head.has_one_host
        and (host is None or _is_host(host))
        and len(head.all("content-length")) <= 1
        and not chunked_too_early
        and not _BAD_ESCAPE.search(head.target)
        and not any(len(name) > MAX_NAME or "\0" in value for name, value in head.headers)
    )
    return 0 if good else 400


def _is_host(text: str) -> bool:
    found = _HOST.fullmatch(text)
    return found is not None and ".." not in found[1] and found[1] != "."


class Body:
    """Reads one request body (RFC 9112 §6); feed it until `done`, then `rest` is what follows."""

    def __init__(self, head: Head, limit_bytes: int) -> None:
        self.data = bytearray()
        self.rest = b""
        self.status = 0
        """Not 0: refuse the request with this status."""
        self._limit = limit_bytes
        self._waiting = b""
        self._chunk: int | None = None
        self._trailing = False
        coding = (head.get("transfer-encoding") or "").lower()
        length = head.get("content-length")
        self._chunked = coding == "chunked"
        self._left = 0
        self.done = not self._chunked
        if coding and (not self._chunked or length is not None):
            self._refuse(501 if not self._chunked else 400)
        elif length is not None:
            self._expect(length)

    def _expect(self, length: str) -> None:
        if not length.isascii() or not length.isdigit() or len(length) > 18:
            self._refuse(400)
        elif int(length) > self._limit:
            self._refuse(413)
        else:
            self._left = int(length)
            self.done = self._left == 0

    def _refuse(self, status: int) -> None:
        self.status, self.done = status, True

    def feed(self, data: bytes) -> None:
        """Take bytes."""
        if self.done:
            self.rest += data
        elif not self._chunked:
            self.data += data[: self._left]
            self.rest = data[self._left :]
            self._left -= min(self._left, len(data))
            self.done = self._left == 0
        else:
            self._waiting += data
            while not self.done and self._step():
                pass

    def _step(self) -> bool:
        """Take one piece of a chunked body; False when more bytes are needed."""
        if self._chunk is not None:
            return self._take_chunk(self._chunk)
        line, newline, rest = self._waiting.partition(b"\n")
        if not newline:
            if len(line) > 4096:
                self._refuse(400)
            return False
        self._waiting = rest
        line = line.strip()
        if self._trailing:
            if not line:
                self.rest, self._waiting, self.done = rest, b"", True
            return True
        size = line.partition(b";")[0].strip()
        if not re.fullmatch(rb"[0-9A-Fa-f]{1,8}", size):
            self._refuse(400)
            return False
        number = int(size, 16)
        if len(self.data) + number > self._limit:
            self._refuse(413)
            return False
        self._trailing = number == 0
        self._chunk = number or None
        return True

    def _take_chunk(self, size: int) -> bool:
        if len(self._waiting) < size + 1:
            return False
        ending = self._waiting[size : size + 2]
        if not ending.startswith((b"\r\n", b"\n")):
            if ending == b"\r":
                return False
            self._refuse(400)
            return False
        self.data += self._waiting[:size]
        self._waiting = self._waiting[size + (2 if ending == b"\r\n" else 1) :]
        self._chunk = None
        return True
