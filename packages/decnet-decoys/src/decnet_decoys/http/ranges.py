# SPDX-License-Identifier: MIT
"""Which parts of a file each server sends for a Range field (RFC 9110 §14). Pure, bounded, never raising."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from itertools import combinations
from typing import NamedTuple

MOST_FIELD = 1000
"""Bytes of a field that is looked at; a longer one is taken for none."""
MOST_PARTS = 100
MOST_JOINED = 20
"""Parts that Apache joins with the one before (MaxRangeOverlaps, MaxRangeReversals)."""

_APART = 80
"""Bytes between two parts up to which lighttpd joins them."""
_BOUNDARY_OF_LIGHTTPD = "fkj49sn38dcn3"
_SPAN = re.compile(r"(?P<first>\d{0,19})\s*-\s*(?P<last>\d{0,19})")


class Span(NamedTuple):
    """The bytes from `begin` to `end`, both included."""

    begin: int
    end: int


def wanted(flavour: str, field: str | None, size: int) -> list[Span] | None:
    """Return the parts that the server sends; none: that it refuses; None: that it sends the whole file."""
    if field is None or len(field) > MOST_FIELD:
        return None
    unit, equals, rest = field.partition("=")
    if unit.lower() != "bytes" or not equals:
        return None
    return _RULES.get(flavour, _of_others)(rest, size)


def _span(text: str, size: int) -> Span | None:
    """Return what one part is; None if it is beyond the file. Raises ValueError for what is no part."""
    found = _SPAN.fullmatch(text)
    if found is None or not (found["first"] or found["last"]):
        raise ValueError(text)
    if not found["first"]:
        return Span(max(0, size - int(found["last"])), size - 1) if int(found["last"]) else None
    begin, end = int(found["first"]), int(found["last"]) if found["last"] else size - 1
    if found["last"] and end < begin:
        raise ValueError(text)
    return Span(begin, min(end, size - 1)) if begin < size else None


def _of_nginx(text: str, size: int) -> list[Span] | None:
    """Refuse what is no part; ignore parts that together are longer than the file (range_filter_module.c)."""
    if size == 0 or not text:
        return None
    try:
        spans = [span for part in text.split(",") if (span := _span(part.strip(), size)) is not None]
    except ValueError:
        return []
    too_much = sum(end - begin + 1 for begin, end in spans) > size or len(spans) > MOST_PARTS
    return None if too_much else spans


def _of_apache(text: str, size: int) -> list[Span] | None:
    """Ignore the field for one bad part, leave out parts beyond the file, join what overlaps (byterange_filter.c).

    Parts that together are longer than the file are ignored: CVE-2011-3192.
    """
    if size == 0 or " " in text:
        return None
    spans: list[Span] = []
    beyond = False
    for part in text.removesuffix(",").split(","):
        try:
            span = _span(part.strip(), size)
        except ValueError:
            return None
        if span is None:
            if part.strip().startswith("-"):
                return None
            beyond = True
            continue
        spans.append(span)
    if not spans:
        return [] if beyond else None
    joined = _joined(spans)
    too_many = len(joined) > MOST_PARTS or len(spans) - len(joined) > MOST_JOINED
    return None if too_many or sum(end - begin + 1 for begin, end in joined) > size else joined


def _joined(spans: Iterable[Span]) -> list[Span]:
    """Return the parts, each joined with the one before it if no bytes are between them."""
    joined: list[Span] = []
    for begin, end in spans:
        if joined and begin <= joined[-1].end + 1 and end >= joined[-1].begin - 1:
            joined[-1] = _together(joined[-1], Span(begin, end))
        else:
            joined.append(Span(begin, end))
    return joined


def _together(one: Span, other: Span) -> Span:
    return Span(min(one.begin, other.begin), max(one.end, other.end))


def _of_lighttpd(text: str, size: int) -> list[Span] | None:
    """Leave out what is no part, and join what is near (http_range.c): 1.4.69 joins within 80 bytes.

    A part is joined with any one before it, not with its neighbour alone, and the parts stay in their order.
    """
    if size == 0:
        return None
    spans = []
    for part in text.split(",")[:10]:
        try:
            span = _span(part.strip().removeprefix("+"), size)
        except ValueError:
            continue
        if span is not None:
            spans.append(span)
    while (pair := _near(spans)) is not None:
        at, later = pair
        spans[at] = _together(spans[at], spans.pop(later))
    return spans


def _near(spans: list[Span]) -> tuple[int, int] | None:
    """Return which two parts are to be joined, by their numbers."""
    for at, later in combinations(range(len(spans)), 2):
        first, last = sorted((spans[at], spans[later]))
        if last.begin <= first.end + _APART:
            return at, later
    return None


def _of_others(text: str, size: int) -> list[Span] | None:
    """Send one part, and the whole for several or for what is none."""
    try:
        span = _span(text, size)
    except ValueError:
        return None
    return [] if span is None else [span]


_RULES: dict[str, Callable[[str, int], list[Span] | None]] = {
    "nginx": _of_nginx,
    "apache": _of_apache,
    "lighttpd": _of_lighttpd,
}


def multipart(flavour: str, kind: str, body: bytes, spans: list[Span]) -> tuple[str, bytes]:
    """Return media type and body of several parts (multipart/byteranges), as each server writes them."""
    boundary = _boundary(flavour)
    names = ("Content-type", "Content-range") if flavour == "apache" else ("Content-Type", "Content-Range")
    found = b""
    for begin, end in spans:
        fields = f"{names[0]}: {kind}\r\n{names[1]}: bytes {begin}-{end}/{len(body)}\r\n\r\n"
        found += f"\r\n--{boundary}\r\n{fields}".encode("latin-1", "replace") + body[begin : end + 1]
    if flavour == "lighttpd":
        found = found.removeprefix(b"\r\n")
    return f"multipart/byteranges; boundary={boundary}", found + f"\r\n--{boundary}--\r\n".encode()


def _boundary(flavour: str) -> str:
    """Return what stands between two parts: lighttpd's is the same each time."""
    if flavour == "lighttpd":
        return _BOUNDARY_OF_LIGHTTPD
    return f"{int.from_bytes(os.urandom(8)) % 10**20:020d}" if flavour == "nginx" else os.urandom(8).hex()
