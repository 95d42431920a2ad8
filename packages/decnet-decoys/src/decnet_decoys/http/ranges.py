# SPDX-License-Identifier: MIT
"""Which parts of a file each server sends for a Range field (RFC 9110 §14). Pure, bounded, never raising."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import NamedTuple

from decnet_decoys.errors import DecoysError

MOST_FIELD = 1000
"""Bytes of a field that is looked at; a longer one is taken for none."""
MOST_PARTS = 100
MOST_JOINED = 20
"""Parts that Apache joins with the one before (MaxRangeOverlaps, MaxRangeReversals)."""

_SPAN = re.compile(r"(?P<first>\d{0,19})\s*-\s*(?P<last>\d{0,19})")


class Span(NamedTuple):
    """The bytes from `begin` to `end`, both included."""

    begin: int
    end: int


class UnsatisfiableError(DecoysError):
    """No part of the file is asked for (416)."""


class IgnoredRangeError(DecoysError):
    """The field is to be ignored."""


def wanted(flavour: str, field: str | None, size: int) -> list[Span] | None:
    """Return the parts that the server sends; none: that it refuses; None: that it sends the whole file."""
    if field is None or len(field) > MOST_FIELD:
        return None
    unit, equals, rest = field.partition("=")
    if unit.lower() != "bytes" or not equals:
        return None
    try:
        return _RULES.get(flavour, _of_others)(rest, size)
    except UnsatisfiableError:
        return []
    except IgnoredRangeError:
        return None


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


def _of_nginx(text: str, size: int) -> list[Span]:
    """Refuse what is no part; ignore parts that together are longer than the file (range_filter_module.c)."""
    if size == 0:
        raise IgnoredRangeError
    try:
        spans = [span for part in text.split(",") if (span := _span(part.strip(), size)) is not None]
    except ValueError:
        raise UnsatisfiableError from None
    if not spans:
        raise UnsatisfiableError
    if sum(end - begin + 1 for begin, end in spans) > size or len(spans) > MOST_PARTS:
        raise IgnoredRangeError
    return spans


def _of_apache(text: str, size: int) -> list[Span]:
    """Ignore the field for one bad part, leave out parts beyond the file, join what overlaps (byterange_filter.c).

    Parts that together are longer than the file are ignored: CVE-2011-3192.
    """
    if size == 0 or " " in text:
        raise IgnoredRangeError
    spans: list[Span] = []
    beyond = False
    for part in text.split(","):
        try:
            span = _span(part.strip(), size)
        except ValueError:
            raise IgnoredRangeError from None
        if span is None:
            if part.strip().startswith("-"):
                raise IgnoredRangeError
            beyond = True
            continue
        spans.append(span)
    if not spans:
        raise UnsatisfiableError if beyond else IgnoredRangeError
    joined = _adjacent_joined(spans)
    too_many = len(joined) > MOST_PARTS or len(spans) - len(joined) > MOST_JOINED
    if too_many or sum(end - begin + 1 for begin, end in joined) > size:
        raise IgnoredRangeError
    return joined


def _adjacent_joined(spans: list[Span]) -> list[Span]:
    """Return the parts, each joined with the one before it that it overlaps or continues."""
    joined: list[Span] = []
    for begin, end in spans:
        near = joined and begin <= joined[-1].end + 1 and end >= joined[-1].begin - 1
        if near:
            joined[-1] = Span(min(begin, joined[-1].begin), max(end, joined[-1].end))
        else:
            joined.append(Span(begin, end))
    return joined


def _of_lighttpd(text: str, size: int) -> list[Span]:
    """Leave out what is no part, and join what is near (http_range.c): 1.4.69 joins within 80 bytes."""
    if size == 0:
        raise IgnoredRangeError
    spans = []
    for part in text.split(",")[:10]:
        try:
            span = _span(part.strip(), size)
        except ValueError:
            continue
        if span is not None:
            spans.append(span)
    if not spans:
        raise UnsatisfiableError
    return _joined(spans)


def _joined(spans: list[Span]) -> list[Span]:
    merged: list[Span] = []
    for begin, end in sorted(spans):
        if merged and begin <= merged[-1].end + 81:
            merged[-1] = Span(merged[-1].begin, max(end, merged[-1].end))
        else:
            merged.append(Span(begin, end))
    return merged


def _of_others(text: str, size: int) -> list[Span]:
    """Send one part, and the whole for several or for what is none."""
    try:
        span = _span(text, size)
    except ValueError:
        raise IgnoredRangeError from None
    if span is None:
        raise UnsatisfiableError
    return [span]


_RULES: dict[str, Callable[[str, int], list[Span]]] = {
    "nginx": _of_nginx,
    "apache": _of_apache,
    "lighttpd": _of_lighttpd,
}


def multipart(flavour: str, kind: str, body: bytes, spans: list[Span]) -> tuple[str, bytes]:
    """Return media type and body of several parts (multipart/byteranges), as nginx or Apache writes them."""
    boundary = f"{int.from_bytes(os.urandom(8)) % 10**20:020d}" if flavour == "nginx" else os.urandom(8).hex()
    names = ("Content-Type", "Content-Range") if flavour == "nginx" else ("Content-type", "Content-range")
    found = b""
    for begin, end in spans:
        fields = f"{names[0]}: {kind}\r\n{names[1]}: bytes {begin}-{end}/{len(body)}\r\n\r\n"
        found += f"\r\n--{boundary}\r\n{fields}".encode("latin-1", "replace") + body[begin : end + 1]
    return f"multipart/byteranges; boundary={boundary}", found + f"\r\n--{boundary}--\r\n".encode()
