# SPDX-License-Identifier: MIT
"""Functions of numbers that have no operator of their own, and how numbers are written."""

from collections.abc import Sequence
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Final

from decnet_decoys.mysql.functions.function import Function
from decnet_decoys.mysql.sql.values import Value, number, text

_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_MOST_PLACES: Final = 30


def _remainder(given: Sequence[Value]) -> Value:
    one, two = map(number, given)
    if not two:
        return None
    if isinstance(one, int) and isinstance(two, int):
        return abs(one) % abs(two) * (1 if one >= 0 else -1)
    made = Decimal(str(one)) % Decimal(str(two))
    return float(made) if float in (type(one), type(two)) else made


def _cut(given: Sequence[Value]) -> Value:
    found, places = number(given[0]), max(-_MOST_PLACES, min(_MOST_PLACES, int(number(given[1]))))
    made = Decimal(str(found)).quantize(Decimal(1).scaleb(-places), ROUND_DOWN)
    return float(made) if isinstance(found, float) else int(made) if places <= 0 else made


def _written(given: Sequence[Value]) -> Value:
    """Return a number with commas between its thousands."""
    places = max(0, min(_MOST_PLACES, int(number(given[1]))))
    exact = Decimal(str(number(given[0]))).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return f"{exact:,f}"


def _converted(given: Sequence[Value]) -> Value:
    """Return a number of one base, from 2 to 36, in another one; its digits end where another character stands."""
    source, target = int(number(given[1])), int(number(given[2]))
    if not (2 <= abs(source) <= 36 and 2 <= abs(target) <= 36):
        return None
    words, value = text(given[0])[:128].strip().upper(), 0
    negative = words.startswith("-")
    for digit in words.removeprefix("-"):
        place = _DIGITS.find(digit)
        if not 0 <= place < abs(source):
            break
        value = min(value * abs(source) + place, (1 << 64) - 1)
    value = -value & (1 << 64) - 1 if negative else value
    minus = target < 0 and value >= 1 << 63
    return ("-" if minus else "") + _in_base((1 << 64) - value if minus else value, abs(target))


def _in_base(value: int, base: int) -> str:
    made = ""
    while value:
        value, digit = divmod(value, base)
        made = _DIGITS[digit] + made
    return made or "0"


FUNCTIONS: Final[dict[str, Function]] = {
    "mod": Function(2, 2, _remainder),
    "truncate": Function(2, 2, _cut),
    "format": Function(2, 3, _written),
    "conv": Function(3, 3, _converted),
    "oct": Function(1, 1, lambda given: _converted((given[0], 10, 8))),
}
