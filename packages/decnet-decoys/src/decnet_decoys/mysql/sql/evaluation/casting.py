# SPDX-License-Identifier: MIT
"""CAST and CONVERT."""

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from decnet_decoys.mysql.functions.moments import clock_text, moment, time_of
from decnet_decoys.mysql.sql.values import Value, number, raw, text


def cast(given: Value, kind: str) -> Value:
    """Return a value as another kind, such as signed, or datetime(3)."""
    if given is None:
        return None
    kind, _, digits = kind.rstrip(")").partition("(")
    if kind in ("signed", "unsigned", "int", "integer"):
        found = int(number(given))
        return found & (1 << 64) - 1 if kind == "unsigned" else found
    if kind in ("decimal", "double", "float"):
        return _cast_exactly(number(given), digits) if kind == "decimal" else number(given)
    if kind in ("date", "datetime", "time"):
        return _cast_in_time(given, kind, min(6, int(digits)) if digits.isdecimal() else 0)
    size = int(digits) if digits.isdecimal() else None
    return raw(given)[:size] if kind == "binary" else text(given)[:size]


def _cast_exactly(given: int | float | Decimal, digits: str) -> Value:
    """Return a number with as many digits behind the point as DECIMAL(10, 2) names."""
    places = digits.partition(",")[2]
    exact = Decimal(str(given))
    try:
        return exact.quantize(Decimal(1).scaleb(-min(30, int(places or 0))), ROUND_HALF_UP)
    except InvalidOperation:
        return exact


def _cast_in_time(given: Value, kind: str, places: int) -> Value:
    if kind == "time":
        clock = time_of(given)
        return None if clock is None else clock_text(clock[0], places)
    at = moment(given, whole=False)
    if at is None:
        return None
    return at.date if kind == "date" else at._replace(places=places).shown
