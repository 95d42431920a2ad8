# SPDX-License-Identifier: MIT
"""What Perl's operators of two values return (perlop(1))."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from decnet_decoys.shell.perl.values import MAX_TEXT, Value, integer, number, text

if TYPE_CHECKING:
    from decnet_decoys.shell.perl.evaluator import Evaluator

_WORD = (1 << 64) - 1
_ON_BITS = {"&": int.__and__, "|": int.__or__, "^": int.__xor__}


def binary(perl: Evaluator, operator: str, one: Value, other: Value) -> Value:
    """Return what an operator makes of two values; raises DiedError."""
    if operator == ".":
        return text(one) + text(other)
    if operator == "x":
        whole = text(one)
        return whole * max(0, min(integer(other), MAX_TEXT // max(1, len(whole)) + 1))
    if operator in _TEXTS:
        return _TEXTS[operator](text(one), text(other))
    if operator in ("&", "|", "^") and isinstance(one, str) and isinstance(other, str):
        return _of_characters(operator, one, other)
    if operator in ("/", "%") and not (number(other) if operator == "/" else integer(other)):
        raise perl.died("Illegal division by zero" if operator == "/" else "Illegal modulus zero")
    try:
        return _bounded(_NUMBERS[operator](number(one), number(other)))
    except (ArithmeticError, ValueError):
        return math.inf


def _of_characters(operator: str, one: str, other: str) -> str:
    """Return what a bitwise operator makes of the characters of two texts."""
    size = min(len(one), len(other)) if operator == "&" else max(len(one), len(other))
    mine, others = (int.from_bytes(_low_bytes(text, size), "little") for text in (one, other))
    return _ON_BITS[operator](mine, others).to_bytes(size, "little").decode("latin-1")


def _low_bytes(text: str, size: int) -> bytes:
    """Return the low byte of each of the first `size` characters: a text is one number, not 65,536 small ones."""
    return text[:size].encode("utf-32-le", "surrogatepass")[::4]


def _bounded(value: int | float | str) -> int | float | str:
    return float(value) if isinstance(value, int) and abs(value) > _WORD else value


def _truth(holds: bool) -> int | str:
    return 1 if holds else ""


def _compared(one: str | float, other: str | float) -> int:
    return (one > other) - (one < other)  # type: ignore[operator]


def _quotient(a: int | float, b: int | float) -> int | float:
    if isinstance(a, int) and isinstance(b, int) and a % b == 0:
        return a // b
    return a / b


def _power(a: int | float, b: int | float) -> int | float:
    if isinstance(a, int) and isinstance(b, int) and 0 <= b < 64 and abs(a) < 1 << 32:
        return int(a**b)
    found = float(a) ** b
    return math.nan if isinstance(found, complex) else float(found)


_TEXTS: dict[str, Callable[[str, str], Value]] = {
    "eq": lambda a, b: _truth(a == b), "ne": lambda a, b: _truth(a != b), "lt": lambda a, b: _truth(a < b),
    "gt": lambda a, b: _truth(a > b), "le": lambda a, b: _truth(a <= b), "ge": lambda a, b: _truth(a >= b),
    "cmp": _compared,
}  # fmt: skip
_NUMBERS: dict[str, Callable[[int | float, int | float], int | float | str]] = {
    "+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b, "/": _quotient, "**": _power,
    "%": lambda a, b: integer(a) % integer(b), "==": lambda a, b: _truth(a == b), "!=": lambda a, b: _truth(a != b),
    "<": lambda a, b: _truth(a < b), ">": lambda a, b: _truth(a > b), "<=": lambda a, b: _truth(a <= b),
    ">=": lambda a, b: _truth(a >= b), "<=>": _compared, "&": lambda a, b: (integer(a) & integer(b)) & _WORD,
    "|": lambda a, b: (integer(a) | integer(b)) & _WORD, "^": lambda a, b: (integer(a) ^ integer(b)) & _WORD,
    "<<": lambda a, b: (integer(a) << min(64, max(0, integer(b)))) & _WORD,
    ">>": lambda a, b: (integer(a) & _WORD) >> min(64, max(0, integer(b))),
    "xor": lambda a, b: _truth(bool(a) != bool(b)),
}  # fmt: skip
