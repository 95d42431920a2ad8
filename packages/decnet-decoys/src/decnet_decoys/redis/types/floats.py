# SPDX-License-Identifier: MIT
"""Floating-point numbers of keys and of fields of hashes, which INCRBYFLOAT and HINCRBYFLOAT add to alike."""

import math
from decimal import Decimal

from decnet_decoys.redis.keys import NOT_A_FLOAT
from decnet_decoys.redis.protocol import Error
from decnet_decoys.redis.types.sorted_sets import score

_PLACES = Decimal("1e-17")
"""Redis shows no more decimal places."""


def added(before: bytes, amount: bytes, not_a_float: Error) -> bytes | Error:
    """Return the sum as Redis shows it, or why there is none; `not_a_float` is said of what was there before."""
    change, value = _number(amount), _number(before)
    if value is None:
        return not_a_float
    if change is None:
        return NOT_A_FLOAT
    total = value + change
    if not math.isfinite(total):
        return Error("ERR increment would produce NaN or Infinity")
    if abs(total) >= 1e17:
        return f"{total:.0f}".encode()
    exact = Decimal(repr(total)).quantize(_PLACES)
    return f"{exact:f}".rstrip("0").rstrip(".").encode() if exact else b"0"


def _number(text: bytes) -> float | None:
    """Return the number that text is, also in hexadecimal digits; None: it is none."""
    if text[:2].lower() == b"0x" and len(text) < 32:
        try:
            return float(int(text, 16))
        except ValueError:
            return None
    return score(text)
