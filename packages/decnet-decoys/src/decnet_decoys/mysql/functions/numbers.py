# SPDX-License-Identifier: MIT
"""Functions of numbers that have no operator of their own, and how numbers are written."""

import math
from collections.abc import Callable, Sequence
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Final

from decnet_decoys.mysql.functions.function import Function, Made
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


def _floating(compute: Callable[..., float]) -> Made:
    """Return what computes with numbers; NULL where that has no result."""

    def made(given: Sequence[Value]) -> Value:
        try:
            return compute(*(float(number(one)) for one in given))
        except (ValueError, ArithmeticError, TypeError):
            return None

    return made


def _logarithm(given: Sequence[Value]) -> Value:
    return _floating(math.log if len(given) == 1 else lambda base, one: math.log(one) / math.log(base))(given)


FUNCTIONS: Final[dict[str, Function]] = {
    **dict.fromkeys(("pow", "power"), Function(2, 2, _floating(math.pow))),
    "log": Function(1, 2, _logarithm),
    "log10": Function(1, 1, _floating(math.log10)),
    "log2": Function(1, 1, _floating(math.log2)),
    **{name: Function(1, 1, _floating(getattr(math, name))) for name in ("sin", "cos", "tan", "asin", "acos")},
    "atan": Function(1, 2, _floating(lambda one, two=1.0: math.atan2(one, two))),
    "atan2": Function(1, 2, _floating(lambda one, two=1.0: math.atan2(one, two))),
    "cot": Function(1, 1, _floating(lambda one: 1 / math.tan(one))),
    "degrees": Function(1, 1, _floating(math.degrees)),
    "radians": Function(1, 1, _floating(math.radians)),
    "bit_count": Function(1, 1, lambda given: (int(number(given[0])) & (1 << 64) - 1).bit_count()),
    "interval": Function(
        2, 64, lambda given: sum(number(one) <= number(given[0]) for one in given[1:] if one is not None)
    ),
    "mod": Function(2, 2, _remainder),
    "truncate": Function(2, 2, _cut),
    "format": Function(2, 3, _written),
    "conv": Function(3, 3, _converted),
    "oct": Function(1, 1, lambda given: _converted((given[0], 10, 8))),
}
