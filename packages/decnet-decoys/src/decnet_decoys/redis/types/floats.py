# SPDX-License-Identifier: MIT
"""Floating-point numbers of keys and of fields of hashes, which INCRBYFLOAT and HINCRBYFLOAT add to alike.

Redis adds in the `long double` of x86, of 64 significant bits, and shows 17 decimal places, where its rounding is seen.
"""

from decimal import Context, Decimal, InvalidOperation

from decnet_decoys.redis.keys import NOT_A_FLOAT
from decnet_decoys.redis.protocol import Error
from decnet_decoys.redis.types.sorted_sets import score

LONGEST = 5 << 10
"""Bytes; a longer text is no number for Redis (MAX_LONG_DOUBLE_CHARS)."""
_BITS = 64
_EXACT = Context(prec=400)
"""Digits for the largest number, of 309, and its decimal places."""
_PLACES = Decimal("1e-17")


def added(before: bytes, amount: bytes, not_a_float: Error) -> bytes | Error:
    """Return the sum as Redis shows it, or why there is none; `not_a_float` is said of what was there before."""
    change, value = _number(amount), _number(before)
    if value is None:
        return not_a_float
    if change is None:
        return NOT_A_FLOAT
    if not (value.is_finite() and change.is_finite()):
        return Error("ERR increment would produce NaN or Infinity")
    total = _rounded(_EXACT.add(value, change)).quantize(_PLACES, context=_EXACT)
    return f"{total:f}".rstrip("0").rstrip(".").encode() if total else b"0"


def _number(text: bytes) -> Decimal | None:
    """Return the number that text is, also in hexadecimal digits; None: it is none."""
    if text[:2].lower() == b"0x" and len(text) < 32:
        try:
            return _rounded(Decimal(int(text, 16)))
        except ValueError:
            return None
    number = score(text) if len(text) < LONGEST else None
    if number is None or number in (0, float("inf"), float("-inf")):  # an exponent may be far beyond a float's
        return None if number is None else Decimal(number)
    try:
        return _rounded(Decimal(text.decode()))
    except InvalidOperation:
        return Decimal(number)


def _rounded(number: Decimal) -> Decimal:
    """Return the `long double` that is nearest."""
    if not number:
        return number
    above, below = number.as_integer_ratio()
    shift = _BITS - (abs(above).bit_length() - below.bit_length())
    if _scaled(above, below, shift)[0].bit_length() > _BITS:
        shift -= 1
    whole, rest, divisor = _scaled(above, below, shift)
    if 2 * rest > divisor or (2 * rest == divisor and whole % 2):
        whole += 1
    power = Decimal(1 << abs(shift))
    return _EXACT.divide(Decimal(whole), power) if shift > 0 else _EXACT.multiply(Decimal(whole), power)


def _scaled(above: int, below: int, shift: int) -> tuple[int, int, int]:
    """Return a fraction times a power of two as a whole number, with the rest and by what that is divided."""
    divisor = below << max(-shift, 0)
    return *divmod(above << max(shift, 0), divisor), divisor
