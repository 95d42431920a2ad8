# SPDX-License-Identifier: MIT
"""awk's values: a number, a text, or a text that looks like a number and compares as one (POSIX.1-2017, awk)."""

from __future__ import annotations

import math
import re

MAX_TEXT = 1 << 16
"""Characters of one value."""
_NUMBER = re.compile(r"[ \t\n\r]*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)")
_LAYOUT = re.compile(r"[^%]{0,64}%[-+ #0]*[0-9]{0,3}(?:\.[0-9]{0,3})?[dioxXeEfFgG][^%]{0,64}")
"""What CONVFMT and OFMT may be, so that no number becomes a long text."""
_LARGEST = float(1 << 53)
_SHORT = 64
"""Characters of a text that are read as a number."""


class NumericText(str):
    """A text from input that is taken for a number if it looks like one."""

    __slots__ = ()


Value = float | str


def number(value: Value) -> float:
    """Return what a value counts for: the number that a text begins with, 0 without one."""
    if isinstance(value, float):
        return value
    match = _NUMBER.match(value[:_SHORT])
    return float(match[1]) if match else 0.0


MAX_SHOWN = 1 << 31
"""Whole numbers from here on are printed as others are, as mawk does."""


def integer(value: Value) -> int:
    """Return a value's number without its fraction; one that is none, or too large, is the nearest that is kept."""
    found = number(value)
    return 0 if math.isnan(found) else int(max(-_LARGEST, min(found, _LARGEST)))


def text(value: Value, layout: str = "%.6g") -> str:
    if isinstance(value, str):
        return str(value)
    if math.isfinite(value) and value == int(value) and abs(value) < MAX_SHOWN:
        return str(int(value))
    if not math.isfinite(value):
        return ("-" if value < 0 or math.isnan(value) else "") + ("nan" if math.isnan(value) else "inf")
    return layout % value if _LAYOUT.fullmatch(layout) else f"{value:.6g}"


def is_true(value: Value) -> bool:
    if isinstance(value, NumericText) and looks_numeric(value):
        return number(value) != 0
    return bool(value)


def looks_numeric(value: str) -> bool:
    head = value[:_SHORT]
    match = _NUMBER.match(head)
    return match is not None and not value[match.end() :].strip()


def compared(left: Value, right: Value) -> int:
    """Return -1, 0 or 1: as numbers if both are, or look like some from input."""
    if _counts(left) and _counts(right):
        a, b = number(left), number(right)
        return (a > b) - (a < b)
    one, other = text(left), text(right)
    return (one > other) - (one < other)


def _counts(value: Value) -> bool:
    return isinstance(value, float) or (isinstance(value, NumericText) and (not value or looks_numeric(value)))
