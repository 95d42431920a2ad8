# SPDX-License-Identifier: MIT
"""Heads of requests, parsed strictly: whatever two programs might understand differently is refused (RFC 9112).

Unlike a decoy, which wants to see what an attacker sends, this server is there for browsers and programs, all of which
send what is accepted here. Refused are: line feeds without carriage returns, folded lines, spaces before a colon, a
length beside an encoding, a list or a sign in a length, any encoding but `chunked`, targets other than a path, and dot
segments in it.
"""

from __future__ import annotations

import re
from typing import Literal

import msgspec

MAX_HEAD_BYTES = 16_384
MAX_FIELDS = 100

_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]"
_HEAD = re.compile(
    rb"(?P<method>[A-Z]{1,16}) (?P<target>/[!-~]*) HTTP/1\.(?P<minor>[01])\r\n"
    rb"(?P<fields>(?:" + _TOKEN + rb"+:[\t\x20-\x7e\x80-\xff]*\r\n)*)\r\n"
)
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
_LENGTH = re.compile(r"[0-9]{1,15}")
_DOTS = re.compile(r"/(?:\.|%2e){1,2}(?:/|$)|\\|%5c|%00|//|#", re.IGNORECASE)
"""In a path: what servers and proxies resolve differently."""

HOP_BY_HOP = frozenset(
    ("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer",
     "transfer-encoding", "upgrade")
)  # fmt: skip
"""Fields for the next hop alone (RFC 9110 §7.6.1), and what old clients and servers take for such."""

Fields = tuple[tuple[str, str], ...]
"""Names in lower case, values without outer white space, bytes as Latin-1."""


class Refused(msgspec.Struct, frozen=True):
    """Why bytes are no request for this server."""

    status: Literal[400, 405, 413, 431, 501]
    detail: str


class Request(msgspec.Struct, frozen=True):
    """The head of a request."""

    method: str
    target: str
    minor: int
    """Of the version: HTTP/1.0 or HTTP/1.1."""
    fields: Fields
    length: int | None
    """Of the body in bytes; None when it comes in chunks."""

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def has_body(self) -> bool:
        return self.length != 0

    def get(self, name: str) -> str | None:
        """Return the first field of that name, which is in lower case."""
        return next((value for key, value in self.fields if key == name), None)

    def all(self, name: str) -> list[str]:
        """Return every field of that name, which is in lower case."""
        return [value for key, value in self.fields if key == name]

    @property
    def keep_alive(self) -> bool:
        """Whether the client would send another request (RFC 9112 §9.3)."""
        options = words(self.all("connection"))
        return "close" not in options and (self.minor == 1 or "keep-alive" in options)


def parse(head: bytes) -> Request | Refused:
    """Return the request that `head` is, up to and including its empty line."""
    found = _HEAD.fullmatch(head)
    if found is None:
        return Refused(400, "The request line or a header field is malformed.")
    method, target = found["method"].decode("ascii"), found["target"].decode("ascii")
    if method not in _METHODS:
        return Refused(405, "The method is none of this server's.")
    if _DOTS.search(target.partition("?")[0]):
        return Refused(400, "The path has dot segments, empty segments, backslashes or a zero byte.")
    lines = found["fields"].decode("latin-1").split("\r\n")[:-1]
    if len(lines) > MAX_FIELDS:
        return Refused(431, f"There are more than {MAX_FIELDS} header fields.")
    fields = tuple(_field(line) for line in lines)
    if sum(name == "host" for name, _ in fields) != 1:
        return Refused(400, "There must be one Host field.")
    length = _body_length(fields, int(found["minor"]))
    return length if isinstance(length, Refused) else Request(method, target, int(found["minor"]), fields, length)


def words(values: list[str]) -> list[str]:
    """Return the members of comma-separated fields, in lower case."""
    return [word.strip(" \t").lower() for value in values for word in value.split(",")]


def passed_on(fields: Fields, *, without: frozenset[str] = frozenset()) -> list[tuple[str, str]]:
    """Return the fields for the other side: none for this hop, or named by Connection, and none of `without`."""
    named = set(words([value for name, value in fields if name == "connection"]))
    dropped = HOP_BY_HOP | named | without
    return [(name, value) for name, value in fields if name not in dropped]


def _field(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.lower(), value.strip(" \t")


def _body_length(fields: Fields, minor: int) -> int | Refused | None:
    encodings = [value for name, value in fields if name == "transfer-encoding"]
    lengths = [value for name, value in fields if name == "content-length"]
    if encodings:
        if lengths or minor == 0:
            return Refused(400, "Transfer-Encoding beside Content-Length, or in HTTP/1.0, is ambiguous.")
        if encodings != ["chunked"]:
            return Refused(501, "The only transfer encoding is chunked.")
        return None
    if not lengths:
        return 0
    if len(lengths) > 1 or not _LENGTH.fullmatch(lengths[0]):
        return Refused(400, "Content-Length must be one number.")
    return int(lengths[0])
