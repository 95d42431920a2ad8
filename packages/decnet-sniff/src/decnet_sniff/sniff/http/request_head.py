# SPDX-License-Identifier: MIT
"""The head of the first HTTP/1 request of a connection (RFC 9112 §2 to §5), parsed as leniently as servers do.

Clients differ in which fields they send, in which order and spelling; the values are mostly chance.
"""

import re
from typing import NamedTuple

from decnet_sniff.protocols import digests
from decnet_sniff.protocols.verdict import NEED_MORE, NOTHING, Verdict

MAX_HEAD = 16384
"""Bytes; of a longer head only the fields that begin in the first 16 KiB are parsed."""
MAX_FIELDS = 100
MAX_METHOD = 32
MAX_EMPTY = 8
"""Bytes of empty lines before the request (RFC 9112 §2.2)."""

_METHOD = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VERSION = re.compile(rb"HTTP/1\.[0-9]")
_END = re.compile(rb"\n\r?\n")


class Head(NamedTuple):
    """One request head; `names` are the field names in wire order and spelling, with repetitions."""

    method: bytes
    target: bytes
    version: bytes
    names: tuple[bytes, ...]
    user_agent: bytes | None
    """None without such a field; empty if it has no value."""
    host: bytes | None


def recognise(data: bytes) -> Head | Verdict:
    """Return the request head at the beginning of `data`, one direction of a TCP flow."""
    first = data[:MAX_EMPTY]
    data = data[len(first) - len(first.lstrip(b"\r\n")) :]
    if not _may_be_request(data):
        return NOTHING
    behind = data.find(b"\n", 0, MAX_HEAD) + 1
    if not behind:
        return NOTHING if len(data) >= MAX_HEAD else NEED_MORE
    line = _request_line(data[:behind])
    if line is None:
        return NOTHING
    end = _END.search(data, behind - 1, MAX_HEAD)
    if end is None and len(data) < MAX_HEAD:
        return NEED_MORE
    return _head(line, data[behind : end.start() if end else MAX_HEAD])


def _may_be_request(data: bytes) -> bool:
    """Return whether `data` begins with a method, or may once it is longer."""
    method = _METHOD.match(data, 0, MAX_METHOD + 1)
    length = method.end() if method else 0
    if length == len(data):
        return length <= MAX_METHOD
    return 0 < length <= MAX_METHOD and data[length : length + 1] == b" "


def _request_line(line: bytes) -> tuple[bytes, bytes, bytes] | None:
    """Return method, target and version; a target may contain spaces, as in many exploits."""
    method, _, rest = line.rstrip(b" \t\r\n").partition(b" ")
    target, _, version = rest.rpartition(b" ")
    target = target.strip(b" ")
    return (method, target, version) if target and _VERSION.fullmatch(version) else None


def _head(line: tuple[bytes, bytes, bytes], fields: bytes) -> Head:
    names: list[bytes] = []
    wanted: dict[bytes, bytes] = {}
    for field in fields.split(b"\n", MAX_FIELDS)[:MAX_FIELDS]:
        if field[:1] in (b" ", b"\t"):
            continue  # a folded line (obs-fold) belongs to the field before it
        name, colon, value = field.partition(b":")
        if not colon:
            continue
        names.append(name)
        lower = name.strip().lower()
        if lower in (b"user-agent", b"host"):
            wanted.setdefault(lower, value.strip())
    method, target, version = line
    return Head(method, target, version, tuple(names), wanted.get(b"user-agent"), wanted.get(b"host"))


def order_hash(names: tuple[bytes, ...]) -> str:
    """Return 32 hexadecimal digits for field names in order and spelling: SHA-256, truncated, of `name,name,...`."""
    return digests.sha256(b",".join(names))[:32]
