# SPDX-License-Identifier: MIT
"""Values of SQL and how one kind becomes another: None, int, Decimal, float, str and bytes."""

import re
import sys
import unicodedata
from decimal import Decimal
from typing import Any, Final

from decnet_decoys.mysql.functions.moments import TIME, Temporal, moment, time_of
from decnet_decoys.mysql.sql.budget import sized, step

Value = None | int | float | str | bytes | Decimal
MOST: Final = 1 << 18
"""Bytes of a value that a function makes; of a longer one it makes NULL, as past max_allowed_packet."""
LARGEST: Final = sys.float_info.max
_NUMBER: Final = re.compile(r"\s*([+-]?(?:\d{1,40}(?:\.\d{0,40})?|\.\d{1,40})(?:[eE][+-]?\d{1,3})?)")


def shown(value: Value) -> str | bytes | None:
    """Return a value as a result shows it."""
    if isinstance(value, float):
        if abs(value) < 1e15 and value == int(value):
            return str(int(value))
        return repr(value).replace("e+", "e")
    if isinstance(value, int | Decimal):
        return f"{value:f}" if isinstance(value, Decimal) else str(int(value))
    return value


def text(value: Value) -> str:
    """Return a value, which is not None, as text."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    return str(shown(value))


def raw(value: Value) -> bytes:
    return value if isinstance(value, bytes) else text(value).encode("utf-8", "surrogateescape")


def number(value: Value) -> int | float | Decimal:
    """Return a value, which is not None, as a number: of text what it begins with."""
    if isinstance(value, int | float | Decimal):
        return value
    if isinstance(value, Temporal):
        return value.number
    found = _NUMBER.match(text(value)[:128])
    if found is None:
        return 0
    try:
        return int(found[1])
    except ValueError:
        return within(float(found[1]))


def within(value: float) -> float:
    """Return a number that is not infinite: the server's largest instead."""
    return max(-LARGEST, min(LARGEST, value))


def truth(value: Value) -> bool | None:
    return None if value is None else bool(number(value))


def folded(value: str) -> str:
    """Return text as a collation compares it: without case, accents and spaces at its end."""
    if value.isascii():
        return value.lower().rstrip(" ")
    step(len(value) // 4)
    plain = unicodedata.normalize("NFD", value)
    return "".join(one for one in plain if not unicodedata.combining(one)).lower().rstrip(" ")


def compared(left: Value, right: Value) -> int | None:
    """Return which is larger, negative for the right one; None if either is NULL."""
    if left is None or right is None:
        return None
    one: Any
    two: Any
    if isinstance(left, Temporal) or isinstance(right, Temporal):
        return _compared_in_time(left, right)
    if isinstance(left, bytes) and isinstance(right, bytes):
        one, two = left, right
    elif isinstance(left, str | bytes) and isinstance(right, str | bytes):
        sized(left)
        sized(right)
        one, two = folded(text(left)), folded(text(right))
    else:
        one, two = number(left), number(right)
        if isinstance(one, float) or isinstance(two, float):
            one, two = float(one), float(two)
    return int(one > two) - int(one < two)


def _compared_in_time(left: Value, right: Value) -> int | None:
    """Compare a date or time with what may be one; None if that is none."""
    kinds = {one.kind for one in (left, right) if isinstance(one, Temporal)}
    if kinds == {TIME}:
        one, two = time_of(left), time_of(right)
        return None if one is None or two is None else int(one[0] > two[0]) - int(one[0] < two[0])
    first, second = moment(left, whole=False), moment(right, whole=False)
    if first is None or second is None:
        return None
    return int(first[:7] > second[:7]) - int(first[:7] < second[:7])
