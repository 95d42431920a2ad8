# SPDX-License-Identifier: MIT
"""HTTP/1.1 request heads and bodies from an attacker's bytes (RFC 9112): bounded, never raising, order kept."""

from __future__ import annotations

import re
from typing import NamedTuple

MAX_HEAD = 32 << 10
MAX_TARGET = 8190
MAX_HEADERS = 100
HEAD_TOO_LARGE = 431
"""RFC 6585 §5; each server words it in its own way."""

_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}")
_VERSION = re.compile(rb"HTTP/(\d)\.(\d)")
_HOST = re.compile(r"(\[[0-9A-Za-z:.]+\]|[^\s/:\[\]]+)(:[0-9]*)?")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


class Head(NamedTuple):
    """A request's first line and headers, as text in Latin-1 (RFC 9110 §5.5)."""

    method: str
    target: str
    version: str
    headers: tuple[tuple[str, str], ...]

    def get(self, name: str) -> str | None:
        """Return the first header of that name, whatever its case."""
        return next(iter(self.all(name)), None)

    def all(self, name: str) -> list[str]:
        """Return every header of that name, whatever its case."""
        wanted = name.lower()
        return [value for key, value in self.headers if key.lower() == wanted]

    @property
    def keep_alive(self) -> bool:
        """Whether the connection is to stay open (RFC 9112 §9.3)."""
        connection = (self.get("connection") or "").lower()
        return "close" not in connection and (self.version != "HTTP/1.0" or "keep-alive" in connection)


class BadRequest(NamedTuple):
    """The bytes are no request; `status` is what a server answers, `line` what came, for the record."""

    status: int
    line: str


class Parsed(NamedTuple):
    """A head and where the body begins."""

    head: Head
    end: int


def parse_head(data: bytes) -> Parsed | BadRequest | None:
    """Return the head at the beginning of `data`, what is wrong with it, or None when more is needed."""
    start = len(data) - len(data.lstrip(b"\r\n"))
    end, skip = _end_of_head(data, start)
    line, _, rest = data[start : end if end >= 0 else len(data)].partition(b"\n")
    line = line.removesuffix(b"\r")
    if end < 0:
        return _unfinished(data, line)
    found = _request_line(line)
    if isinstance(found, BadRequest):
        return found
    if end > MAX_HEAD or any(len(raw) > MAX_TARGET for raw in rest.split(b"\n")):
        return BadRequest(HEAD_TOO_LARGE, _shown(line))
    headers = _headers(rest)
    if headers is None:
        return BadRequest(400, _shown(line))
    head = Head(*found, headers)
    return Parsed(head, end + skip) if _acceptable(head) else BadRequest(400, _shown(line))


def _acceptable(head: Head) -> bool:
    """Return whether no server would refuse it: RFC 9112 §3.2 (Host), §6.1 (Transfer-Encoding) and §6.3 (lengths)."""
    hosts = head.all("host")
    if len(hosts) > 1 or len(head.all("content-length")) > 1 or _BAD_ESCAPE.search(head.target):
        return False
    if head.version == "HTTP/1.0" and head.get("transfer-encoding") is not None:
        return False
    return head.version == "HTTP/1.0" if not hosts else _is_host(hosts[0])


def _is_host(text: str) -> bool:
    found = _HOST.fullmatch(text)
    return found is not None and ".." not in found[1] and found[1] != "."


def _end_of_head(data: bytes, start: int) -> tuple[int, int]:
    """Return where the empty line begins and its length; -1 when there is none yet."""
    ends = [(place, len(mark)) for mark in (b"\r\n\r\n", b"\n\n") if (place := data.find(mark, start)) >= 0]
    return min(ends, default=(-1, 0))


def _unfinished(data: bytes, line: bytes) -> BadRequest | None:
    if data[:1] == b"\x16" or (b"\n" in data.lstrip(b"\r\n") and not _plausible(line)):
        return BadRequest(400, _shown(line))  # a TLS ClientHello, or no HTTP at all
    if len(line) > MAX_TARGET + 64:
        return BadRequest(414, _shown(line))
    return BadRequest(HEAD_TOO_LARGE, _shown(line)) if len(data) > MAX_HEAD else None


def _plausible(line: bytes) -> bool:
    words = line.split(b" ")
    return len(words) == 3 and _TOKEN.fullmatch(words[0]) is not None and _VERSION.fullmatch(words[2]) is not None


def _request_line(line: bytes) -> tuple[str, str, str] | BadRequest:
    words = line.split(b" ")
    shown = _shown(line)
    if len(words) != 3 or _TOKEN.fullmatch(words[0]) is None or not words[1]:
        return BadRequest(400, shown)
    version = _VERSION.fullmatch(words[2])
    if version is None:
        return BadRequest(400, shown)
    if version[1] != b"1":
        return BadRequest(505 if version[1] != b"0" and words[1].startswith(b"/") else 400, shown)
    if len(words[1]) > MAX_TARGET:
        return BadRequest(414, shown)
    return words[0].decode("ascii"), words[1].decode("latin-1"), words[2].decode("ascii")


def _headers(rest: bytes) -> tuple[tuple[str, str], ...] | None:
    headers: list[tuple[str, str]] = []
    for raw in rest.split(b"\n"):
        line = raw.removesuffix(b"\r")
        if not line:
            continue
        name, colon, value = line.partition(b":")
        if not colon or _TOKEN.fullmatch(name) is None or len(headers) >= MAX_HEADERS or b"\0" in value:
            return None
        headers.append((name.decode("ascii"), value.strip(b" \t").decode("latin-1")))
    return tuple(headers)


def _shown(line: bytes) -> str:
    return line[:MAX_TARGET].decode("utf-8", "backslashreplace")


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
