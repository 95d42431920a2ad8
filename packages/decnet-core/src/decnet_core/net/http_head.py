# SPDX-License-Identifier: MIT
"""Heads of HTTP/1.x requests (RFC 9112 §2 to §5) from an attacker's bytes: bounded, in linear time, never raising.

Not h11: a decoy wants the request as it was sent (order and case of the fields, odd targets), and what is no request
is evidence too. What is common to all servers is here; what one server refuses and another does not is in the `Rules`
and in what the caller does with the head.
"""

import re
import sys
from collections.abc import Callable
from typing import Literal, NamedTuple

Reason = Literal["request-line", "target-too-long", "head-too-long", "field"]

TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]"
"""A character of a method or field name (RFC 9110 §5.6.2)."""

_NAME = re.compile(TOKEN + rb"+")
_FOLD = re.compile(rb"(?<=[^\r\n])\r?\n[ \t]+")
_END = re.compile(rb"\n\r?\n")
_LINE_REST = 64
"""Bytes of a request line besides its target."""


class Rules(NamedTuple):
    """The limits and the request line of one server."""

    line: re.Pattern[bytes]
    """The whole request line, with the groups method, target and version."""
    decode: Callable[[bytes], str]
    """Makes text of the target and of field values; it must accept any bytes."""
    head_bytes: int
    fields: int
    target_bytes: int = sys.maxsize
    field_bytes: int = sys.maxsize
    """Of one field line. Without limits of their own, target and fields have that of the head."""
    name: re.Pattern[bytes] = _NAME
    """A field's whole name."""
    folds: bool = False
    """Whether a field may go on in a line that begins with a space (RFC 9112 §5.2)."""
    begins: re.Pattern[bytes] = re.compile(rb"(?![^\x21-\x7e])")
    """What an unfinished request line matches from its beginning on; another is refused before its end has come."""
    blank: bytes = b" \t"
    """What may be around a field's value."""
    many_returns: bool = False
    """Whether a field may end by more than one CR."""


class Head(NamedTuple):
    """A request line and its fields in the order and case of the wire."""

    method: str
    target: str
    version: str
    headers: tuple[tuple[str, str], ...]

    def get(self, name: str) -> str | None:
        """Return the first field of that name, in whatever case."""
        return next(iter(self.all(name)), None)

    def all(self, name: str) -> list[str]:
        """Return every field of that name, in whatever case."""
        wanted = name.lower()
        return [value for key, value in self.headers if key.lower() == wanted]

    @property
    def keep_alive(self) -> bool:
        """Whether the connection is to stay open (RFC 9112 §9.3); like nginx, look for the words anywhere."""
        connection = (self.get("connection") or "").lower()
        return "close" not in connection and (self.version != "HTTP/1.0" or "keep-alive" in connection)

    @property
    def has_one_host(self) -> bool:
        """Whether there is one Host field, or none in HTTP/1.0 (RFC 9112 §3.2)."""
        hosts = len(self.all("host"))
        return hosts == 1 or (hosts == 0 and self.version == "HTTP/1.0")


class Parsed(NamedTuple):
    """A head, where the body begins, and the first line as it was sent."""

    head: Head
    end: int
    line: bytes


class Refusal(NamedTuple):
    """Why the bytes are not a valid request, and their first line, as far as it has been received."""

    reason: Reason
    line: bytes


def parse_head(data: bytes | bytearray, rules: Rules, searched: int = 0) -> Parsed | Refusal | None:
    """Return the head at the beginning of `data`, why there is none, or None when more bytes are needed.

    Empty lines before the request are skipped (RFC 9112 §2.2). A caller that appends to `data` and calls again passes
    in `searched` how long it was before, so that a head sent byte by byte costs no more than one sent whole.
    """
    start = len(data) - len(data.lstrip(b"\r\n"))
    newline = data.find(b"\n", start)
    line = bytes(data[start : newline if newline >= 0 else start + rules.head_bytes]).removesuffix(b"\r")
    if newline < 0:
        return _unfinished(line, len(data), rules)
    words = _request_line(line, rules)
    if isinstance(words, Refusal):
        return words
    end = _END.search(data, max(newline, searched - 2))
    if (end.end() if end else len(data)) > rules.head_bytes:
        return Refusal("head-too-long", line)
    if end is None:
        return None
    fields = _fields(bytes(data[newline + 1 : end.start()]), rules)
    if not isinstance(fields, tuple):
        return Refusal(fields, line)
    method, version = words["method"].decode("ascii"), words["version"].decode("ascii")
    return Parsed(Head(method, rules.decode(words["target"]), version, fields), end.end(), line)


def _request_line(line: bytes, rules: Rules) -> re.Match[bytes] | Refusal:
    words = rules.line.fullmatch(line)
    if words is None:
        return Refusal("request-line", line)
    return Refusal("target-too-long", line) if len(words["target"]) > rules.target_bytes else words


def _unfinished(line: bytes, received: int, rules: Rules) -> Refusal | None:
    """Judge a request line without its end. Binary protocols (TLS, RDP, SMB) send no line feed, so do not wait."""
    if rules.begins.match(line) is None:
        return Refusal("request-line", line)
    if len(line) > rules.target_bytes + _LINE_REST:
        return Refusal("target-too-long", line)
    if received > rules.head_bytes:
        return Refusal("target-too-long" if line else "head-too-long", line)
    return None


def _fields(data: bytes, rules: Rules) -> tuple[tuple[str, str], ...] | Reason:
    if rules.folds:
        data = _FOLD.sub(b" ", data)
    lines = data.split(b"\n") if data else []
    if any(len(line) > rules.field_bytes for line in lines):
        return "head-too-long"
    if len(lines) > rules.fields:
        return "field"
    fields = []
    for line in lines:
        name, colon, value = (line.rstrip(b"\r") if rules.many_returns else line.removesuffix(b"\r")).partition(b":")
        if not colon or rules.name.fullmatch(name) is None:
            return "field"
        fields.append((name.decode("latin-1"), rules.decode(value.strip(rules.blank))))
    return tuple(fields)
