# SPDX-License-Identifier: MIT
"""Which HTTP requests a server refuses, and bodies from an attacker's bytes (RFC 9112): bounded, never raising."""

import re
from typing import NamedTuple

from decnet_core.net.http_head import Head, Parsed, Refusal
from decnet_core.net.http_head import parse_head as parse_any_head
from decnet_decoys.http.dialects import (
    ABSOLUTE,
    MAX_TARGET,
    USUAL,
    Dialect,
    has_hosts,
    refuses_without_version,
    simple_target,
    takes_fields,
    takes_host,
    takes_target,
)

MAX_NAME = 64
MAX_CHUNK_LINE = 32 << 10
MAX_PIECES = 500
"""Pieces of a chunked body (sizes, data, line ends) that are taken in one go: about a millisecond."""
HEAD_TOO_LARGE = 431
"""RFC 6585 §5; each server words it in its own way."""

BAD_TRAILER = -401
"""Apache's 400 for what comes after the last chunk, of which it names the length."""
TOO_MANY_FIELDS = -400
"""Apache's 400 for more fields than it takes, which has words of its own."""
_STATUS = {"request-line": 400, "target-too-long": 414, "head-too-long": HEAD_TOO_LARGE, "field": 400}
_BLANK = re.compile(rb"\n\r?\n")
_BARE_LF = re.compile(rb"(?<!\r)\n")
_CHUNK_SIZE = re.compile(rb"0{0,100}[0-9A-Fa-f]{1,8}")
_LONG_SIZE = re.compile(rb"[0-9A-Fa-f]{9,}")
_VERSIONED = re.compile(rb"\S+ \S+ HTTP/")
_LATER_VERSION = re.compile(rb"[A-Z_-]+ +/[^ ]* +HTTP/(?:[2-9]|1[0-9])")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


class BadRequest(NamedTuple):
    """The bytes are no request; `status` is what a server answers, `line` what came, for the record."""

    status: int
    line: str
    head: Head | None = None
    """What could be read, where only what it says is wrong."""
    whole_line: bool = False
    """Whether the first line is a request's, but for its version."""
    bare: bool = False
    """Whether it is answered without a head (HTTP/0.9)."""

    def head_only(self, flavour: str) -> bool:
        """Return whether its answer has no body: for HEAD, if the server came so far as to know the method."""
        unknown = {"lighttpd": self.head is None or self.status == 505, "apache": self.status == 414}
        return self.line.startswith("HEAD ") and not self.bare and not unknown.get(flavour, False)


def parse_head(data: bytes, searched: int = 0, dialect: Dialect = USUAL) -> Parsed | BadRequest | None:
    """Return the head at the beginning of `data`, what is wrong with it, or None when more is needed.

    More than MAX_HEAD + 1 bytes tell no more than these. `searched` is how much of `data` was passed in before;
    `dialect`: what the server takes.
    """
    first, newline, _ = data.partition(b"\n")
    if data and data[0] in dialect.not_first:
        return BadRequest(400, "")
    if newline and (simple := _without_version(first, dialect)) is not None:
        return simple
    found = parse_any_head(data, dialect.rules, searched)
    if found is None:
        return None
    line = found.line[:MAX_TARGET].decode("utf-8", "backslashreplace")
    if isinstance(found, Refusal):
        return _refused(found, data, line, dialect)
    if not dialect.bare_lf and _BARE_LF.search(data, 0, found.end - (dialect.name == "lighttpd")):
        return BadRequest(400, line)
    status = refused_with(found.head, dialect)
    return BadRequest(status, line, found.head, whole_line=True) if status else found


def _without_version(line: bytes, dialect: Dialect) -> Parsed | BadRequest | None:
    """Return the request that a first line without a version is (HTTP/0.9); None: the server takes it for none."""
    if refuses_without_version(line, dialect):
        return BadRequest(400, line[:MAX_TARGET].decode("utf-8", "backslashreplace"), bare=True)
    target = simple_target(line, dialect)
    if target is None:
        return None
    if len(target) > MAX_TARGET:
        return BadRequest(414, line[:MAX_TARGET].decode("utf-8", "backslashreplace"))
    return Parsed(Head("GET", target, "HTTP/0.9", ()), len(line) + 1, line.removesuffix(b"\r"))


def _refused(found: Refusal, data: bytes, line: str, dialect: Dialect) -> BadRequest | None:
    """Return why bytes are no request; None where the server waits for an empty line before it says so."""
    if found.reason == "request-line" and dialect.waits and _is_text(data) and not _BLANK.search(data):
        return None
    whole = found.reason == "field" or _VERSIONED.match(found.line) is not None
    if dialect.name == "nginx" and _LATER_VERSION.match(found.line):
        return BadRequest(505, line, whole_line=whole)
    too_many = found.reason == "field" and dialect.name == "apache" and data.count(b"\n") > dialect.rules.fields
    return BadRequest(TOO_MANY_FIELDS if too_many else _STATUS[found.reason], line, whole_line=whole)


def refused_with(head: Head, dialect: Dialect = USUAL) -> int:
    """Return the status for what every server refuses, else 0: RFC 9112 §2.3, §3.2 (Host), §6.1, §6.3 (lengths)."""
    newer = dialect.any_version and head.version >= "HTTP/2" and head.target != "*"
    if not head.version.startswith("HTTP/1.") and not newer:
        return 505 if not head.version.startswith("HTTP/0.") and head.target.startswith("/") else 400
    host = next(filter(None, head.all("host")), head.get("host"))
    chunked_too_early = head.version == "HTTP/1.0" and head.get("transfer-encoding") is not None
    good = (
        has_hosts(dialect, head)
        and (host is None or takes_host(dialect, host) or (dialect.name == "apache" and ABSOLUTE.match(head.target)))
        and len([length for length in head.all("content-length") if length or dialect.name != "lighttpd"]) <= 1
        and (not chunked_too_early or dialect.name == "apache")
        and takes_fields(dialect, head)
        and (dialect.name == "lighttpd" or not has_bad_escape(head.target))
        and takes_target(dialect, head)
        and not any(len(name) > MAX_NAME or "\0" in value or "\r" in value for name, value in head.headers)
    )
    return 0 if good else 400


def ended_within(data: bytes, dialect: Dialect) -> BadRequest | None:
    """Return what a head is to which no more will come, if the server answers it: Apache, after the first line."""
    line, newline, _ = data.partition(b"\n")
    if dialect.name != "apache" or not newline or not line.strip():
        return None
    return BadRequest(400, line.removesuffix(b"\r")[:MAX_TARGET].decode("utf-8", "backslashreplace"))


def _is_text(data: bytes) -> bool:
    """Return whether it may become a request: it is short, and begins like one."""
    return len(data) < MAX_TARGET and 0x20 < data[0] < 0x7F  # the bounds of printable ASCII


def has_bad_escape(target: str) -> bool:
    """Return whether a % has no two hexadecimal digits after it."""
    return _BAD_ESCAPE.search(target) is not None


class Body:
    """Reads one request body (RFC 9112 §6) from a buffer: call `take` until it is `done`."""

    def __init__(self, head: Head, limit_bytes: int, *, flavour: str = "own") -> None:
        """Read at most `limit_bytes`, as the server of that flavour does.

        For Apache chunks go before a length, and before what they are coded by; lighttpd leaves empty fields out.
        """
        self._strict = flavour == "apache"
        """Whether the lines of chunks end by CR LF, and those of trailers are fields."""
        self._bare_size = flavour == "nginx"
        """Whether nothing may stand before a chunk's size."""
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
        codings = [coding for coding in head.all("transfer-encoding") if coding or flavour != "lighttpd"]
        if flavour == "lighttpd":  # which looks at each field by itself
            codings = list(dict.fromkeys(coding.lower() for coding in codings))
        coding = ", ".join(codings).lower()
        length = next((one for one in head.all("content-length") if one or flavour != "lighttpd"), None)
        if length is None and flavour == "lighttpd":
            length = head.get("content-length")
        if codings:
            if flavour == "apache":
                coding, length = coding.rpartition(",")[2].strip(), None
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
        line = bytes(buffer[start:end])
        if self._strict and not line.endswith(b"\r"):
            self._refuse(400)
            return start
        self._line(line.rstrip() if self._bare_size else line.strip())
        return end + 1

    def _line_end(self, buffer: bytearray, start: int) -> int:
        ending = bytes(buffer[start : start + 2])
        if ending in (b"", b"\r"):
            return start
        if not ending.startswith(b"\r\n" if self._strict else (b"\r\n", b"\n")):
            self._refuse(400)
            return start
        self._ending = False
        return start + (2 if ending == b"\r\n" else 1)

    def _line(self, line: bytes) -> None:
        """Take the size of a chunk, or a line of the trailer section, which an empty line ends."""
        if self._trailing:
            self.done = not line
            if self._strict and line and b":" not in line:
                self._refuse(BAD_TRAILER)
            return
        size = line.partition(b";")[0].rstrip()
        if not _CHUNK_SIZE.fullmatch(size):
            self._refuse(413 if _LONG_SIZE.fullmatch(size) else 400)
        elif len(self.data) + int(size, 16) > self._limit:
            self._refuse(413)
        else:
            self._left = int(size, 16)
            self._trailing = self._left == 0
