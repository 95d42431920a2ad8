# SPDX-License-Identifier: MIT
"""Which HTTP requests a server refuses, and bodies from an attacker's bytes (RFC 9112): bounded, never raising."""

import re
from typing import NamedTuple

from decnet_core.net.http_head import TOKEN, Head, Parsed, Refusal, Rules
from decnet_core.net.http_head import parse_head as parse_any_head

MAX_HEAD = 32 << 10
MAX_TARGET = 8190
MAX_HEADERS = 100
MAX_NAME = 64
MAX_CHUNK_LINE = 4096
MAX_PIECES = 500
"""Pieces of a chunked body (sizes, data, line ends) that are taken in one go: about a millisecond."""
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
_CHUNK_SIZE = re.compile(rb"[0-9A-Fa-f]{1,8}")
_VERSIONED = re.compile(rb"\S+ \S+ HTTP/")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


class BadRequest(NamedTuple):
    """The bytes are no request; `status` is what a server answers, `line` what came, for the record."""

    status: int
    line: str
    head: Head | None = None
    """What could be read, where only what it says is wrong."""
    whole_line: bool = False
    """Whether the first line is a request's, but for its version."""


def parse_head(data: bytes, searched: int = 0, *, any_version: bool = False) -> Parsed | BadRequest | None:
    """Return the head at the beginning of `data`, what is wrong with it, or None when more is needed.

    More than MAX_HEAD + 1 bytes tell no more than these. `searched` is how much of `data` was passed in before;
    `any_version`: whether versions from 2.0 on are taken for 1.1, as Apache does.
    """
    found = parse_any_head(data, _RULES, searched)
    if found is None:
        return None
    line = found.line[:MAX_TARGET].decode("utf-8", "backslashreplace")
    if isinstance(found, Refusal):
        whole = found.reason == "field" or _VERSIONED.match(found.line) is not None
        return BadRequest(_STATUS[found.reason], line, whole_line=whole)
    status = refused_with(found.head, any_version=any_version)
    return BadRequest(status, line, found.head, whole_line=True) if status else found


def refused_with(head: Head, *, any_version: bool) -> int:
    """Return the status for what every server refuses, else 0: RFC 9112 §2.3, §3.2 (Host), §6.1, §6.3 (lengths)."""
    if not head.version.startswith("HTTP/1.") and not (any_version and head.version >= "HTTP/2" and head.target != "*"):
        return 505 if not head.version.startswith("HTTP/0.") and head.target.startswith("/") else 400
    host = head.get("host")
    chunked_too_early = head.version == "HTTP/1.0" and head.get("transfer-encoding") is not None
    good = (
        head.has_one_host
        and (host is None or _is_host(host))
        and len(head.all("content-length")) <= 1
        and not chunked_too_early
        and not has_bad_escape(head.target)
        and not any(len(name) > MAX_NAME or "\0" in value for name, value in head.headers)
    )
    return 0 if good else 400


def has_bad_escape(target: str) -> bool:
    """Return whether a % has no two hexadecimal digits after it."""
    return _BAD_ESCAPE.search(target) is not None


def _is_host(text: str) -> bool:
    found = _HOST.fullmatch(text)
    return found is not None and ".." not in found[1] and found[1] != "."


class Body:
    """Reads one request body (RFC 9112 §6) from a buffer: call `take` until it is `done`."""

    def __init__(self, head: Head, limit_bytes: int) -> None:
        self.data = bytearray()
        self.status = 0
        """Not 0: refuse the request with this status."""
        self.paused = False
        """Whether `take` has stopped although there may be more to take: let others run, then call it again."""
        self._limit = limit_bytes
        self._chunked = False
        self._ending = False
        """Whether a chunk's data has been taken, but not the line end after it."""
        self._trailing = False
        self._left = 0
        """Bytes to take of the body or of the chunk."""
        self.done = True
        coding = (head.get("transfer-encoding") or "").lower()
        length = head.get("content-length")
        if coding:
            self._chunked = coding == "chunked" and length is None
            self.done = not self._chunked
            self.status = 0 if self._chunked else 400 if coding == "chunked" else 501
        elif length is not None:
            self._expect(length)

    def _expect(self, length: str) -> None:
        if not length.isascii() or not length.isdecimal() or len(length) > 18:
            self._refuse(400)
        elif int(length) > self._limit:
            self._refuse(413)
        else:
            self._left = int(length)
            self.done = self._left == 0

    def _refuse(self, status: int) -> None:
        self.status, self.done = status, True

    def take(self, buffer: bytearray, start: int) -> int:
        """Take what `buffer` has of the body from `start` on; return where it stopped.

        That is after the body when it is `done`, else where the bytes are that it needs more of, or `paused`.
        """
        self.paused = False
        if not self._chunked:
            start = self._data(buffer, start)
            self.done = self.done or self._left == 0
            return start
        for _ in range(MAX_PIECES):
            before = start
            start = self._piece(buffer, start)
            if self.done or start == before:
                return start
        self.paused = True
        return start

    def _data(self, buffer: bytearray, start: int) -> int:
        end = min(start + self._left, len(buffer))
        self.data += buffer[start:end]
        self._left -= end - start
        return end

    def _piece(self, buffer: bytearray, start: int) -> int:
        """Take one piece of a chunked body (RFC 9112 §7.1): data, the line end after it, or a line."""
        if self._left:
            self._ending = True
            return self._data(buffer, start)
        if self._ending:
            return self._line_end(buffer, start)
        end = buffer.find(b"\n", start, start + MAX_CHUNK_LINE + 1)
        if end < 0:
            if len(buffer) - start > MAX_CHUNK_LINE:
                self._refuse(400)
            return start
        self._line(bytes(buffer[start:end]).strip())
        return end + 1

    def _line_end(self, buffer: bytearray, start: int) -> int:
        ending = bytes(buffer[start : start + 2])
        if ending in (b"", b"\r"):
            return start
        if not ending.startswith((b"\r\n", b"\n")):
            self._refuse(400)
            return start
        self._ending = False
        return start + (2 if ending == b"\r\n" else 1)

    def _line(self, line: bytes) -> None:
        """Take the size of a chunk, or a line of the trailer section, which an empty line ends."""
        if self._trailing:
            self.done = not line
            return
        size = line.partition(b";")[0].strip()
        if not _CHUNK_SIZE.fullmatch(size):
            self._refuse(400)
        elif len(self.data) + int(size, 16) > self._limit:
            self._refuse(413)
        else:
            self._left = int(size, 16)
            self._trailing = self._left == 0
