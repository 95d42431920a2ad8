# SPDX-License-Identifier: MIT
"""awk's printf (POSIX.1-2017, awk, Output Statements)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from decnet_decoys.shell.awk.values import MAX_TEXT, Value, integer, number, text

MAX_WIDTH = 1000
_PIECE = re.compile(r"%(?:(%)|([-+ #0]*)(\*|\d{1,6})?(?:\.(\*|\d{0,6}))?[hlL]*([a-zA-Z]))|[^%]+|%")


def formatted(layout: str, values: Sequence[Value]) -> str:
    """Return the layout filled in; what there is no value for counts as empty."""
    rest, found, size = list(values)[::-1], [], 0
    for match in _PIECE.finditer(layout[:MAX_TEXT]):
        piece = _converted(match, rest) if match[5] else "%" if match[1] else match[0]
        found.append(piece)
        size += len(piece)
        if size > MAX_TEXT:
            break
    return "".join(found)


def wanted(layout: str) -> int:
    """Return how many values a layout takes."""
    pieces = _PIECE.finditer(layout[:MAX_TEXT])
    return sum(1 + (match[3] == "*") + (match[4] == "*") for match in pieces if match[5])


def _converted(match: re.Match[str], rest: list[Value]) -> str:
    _, flags, width, precision, letter = match.groups()

    def taken() -> Value:
        return rest.pop() if rest else ""

    shown_width = max(-MAX_WIDTH, min(integer(taken()) if width == "*" else int(width or 0), MAX_WIDTH))
    shown_precision = "" if precision is None else f".{_precision(precision, rest)}"
    spec = "%" + flags + (str(shown_width) if shown_width else "") + shown_precision
    value = taken()
    if letter == "c":
        return (spec + "s") % (text(value)[:1] if isinstance(value, str) else chr(integer(value) % 0x110000))
    if letter == "s":
        return (spec + "s") % text(value)
    return _numeric(spec, letter, number(value))


def _precision(precision: str, rest: list[Value]) -> int:
    asked = integer(rest.pop() if rest else "") if precision == "*" else int(precision or 0)
    return max(0, min(asked, MAX_WIDTH))


def _numeric(spec: str, letter: str, value: float) -> str:
    try:
        if letter in "diouxX":
            return (spec + ("d" if letter in "iu" else letter)) % int(value)
        if letter in "eEfFgG":
            return (spec + letter) % value
    except (OverflowError, ValueError):
        return "inf"
    return spec + letter
