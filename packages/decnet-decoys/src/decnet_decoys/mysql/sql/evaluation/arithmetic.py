# SPDX-License-Identifier: MIT
"""Operators of numbers, as MariaDB computes them."""

import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from decnet_decoys.mysql.sql.evaluation.scopes import StatementError
from decnet_decoys.mysql.sql.values import Value

_SMALLEST, _LARGEST = -200, 64
"""Decimal exponents of the numbers that are computed with."""


def _in_range(made: Value) -> bool:
    if isinstance(made, int):
        return -(1 << 63) <= made < 1 << 64
    if isinstance(made, Decimal):
        return _SMALLEST <= made.adjusted() <= _LARGEST
    return isinstance(made, float) and math.isfinite(made)


def _divided(left: Any, right: Any) -> Any:
    if isinstance(left, float):
        return left / right
    exact = Decimal(left) / Decimal(right)
    exponent = left.as_tuple().exponent if isinstance(left, Decimal) else 0
    places = 4 + (max(0, -exponent) if isinstance(exponent, int) else 0)
    return exact.quantize(Decimal(1).scaleb(-min(places, 30)))


def _remainder(left: Any, right: Any) -> Any:
    made = abs(left) % abs(right)
    return made if left >= 0 else -made


COMPUTED: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": _divided,
    "%": _remainder,
    "DIV": lambda left, right: int(Decimal(left) / Decimal(right)),
    "|": lambda left, right: int(left) | int(right),
    "&": lambda left, right: int(left) & int(right),
    "^": lambda left, right: int(left) ^ int(right),
    "<<": lambda left, right: int(left) << int(right) & (1 << 64) - 1 if 0 <= right < 64 else 0,
    ">>": lambda left, right: int(left) >> int(right) if 0 <= right < 64 else 0,
}
"""What each makes of two numbers, of which both are floats if one is."""


def computed(op: str, left: Any, right: Any, shown: str) -> Value:
    """Return what an operator makes of two numbers; raises StatementError if that is too large. `shown` names both."""
    try:
        made: Value = COMPUTED[op](left, right)
    except (ArithmeticError, ValueError):
        made = None
    if not _in_range(made):
        kind = {float: "DOUBLE", Decimal: "DECIMAL"}.get(type(left), "BIGINT")
        raise StatementError(1690, "22003", f"{kind} value is out of range in '{shown[:128]}'")
    return made
