# SPDX-License-Identifier: MIT
"""Python's operators: what each computes, what may be computed, and by which method a class answers it."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from datetime import date, timedelta, timezone
from typing import Any

from decnet_decoys.shell.python.values import MAX_BITS, MAX_ITEMS, MAX_TEXT, Function, Instance, RaisedError

BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod, ast.Pow: operator.pow, ast.LShift: operator.lshift,
    ast.RShift: operator.rshift, ast.BitAnd: operator.and_, ast.BitOr: operator.or_, ast.BitXor: operator.xor,
}  # fmt: skip
SIGNS = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "** or pow()",
    ast.LShift: "<<", ast.RShift: ">>", ast.BitAnd: "&", ast.BitOr: "|", ast.BitXor: "^",
}  # fmt: skip
COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt,
    ast.GtE: operator.ge, ast.In: lambda one, many: one in many, ast.NotIn: lambda one, many: one not in many,
    ast.Is: operator.is_, ast.IsNot: operator.is_not,
}  # fmt: skip
METHODS_OF_SIGNS: dict[type[ast.AST], str] = {
    ast.Add: "__add__", ast.Sub: "__sub__", ast.Mult: "__mul__", ast.Div: "__truediv__", ast.FloorDiv: "__floordiv__",
    ast.Mod: "__mod__", ast.Pow: "__pow__", ast.LShift: "__lshift__", ast.RShift: "__rshift__", ast.BitAnd: "__and__",
    ast.BitOr: "__or__", ast.BitXor: "__xor__", ast.Eq: "__eq__", ast.NotEq: "__ne__", ast.Lt: "__lt__",
    ast.LtE: "__le__", ast.Gt: "__gt__", ast.GtE: "__ge__",
}  # fmt: skip
"""By which method the class of the left value says what it comes to."""
COMPUTED = (str, bytes, int, float, complex, list, tuple, dict, set, frozenset, date, timedelta, timezone)


def special_method(name: str, owner: Any) -> Function | None:
    """Return the method of that name that the class of an object of the program has."""
    found = owner.kind.find(name) if name and isinstance(owner, Instance) else None
    return found if isinstance(found, Function) else None


def may_repeat(one: Any, times: Any) -> None:
    """Raise MemoryError of the program for a text or list that would be repeated too often."""
    most = MAX_TEXT if isinstance(one, str | bytes) else MAX_ITEMS
    repeated = isinstance(one, str | bytes | list | tuple) and isinstance(times, int)
    if repeated and len(one) * max(0, times) > most:
        raise RaisedError(MemoryError())


def may_compute(kind: type[ast.operator], left: int, right: int) -> None:
    """Raise MemoryError of the program for a number that would be too large."""
    bits = left.bit_length() + right.bit_length()
    if kind is ast.Pow and right > 0:
        bits = left.bit_length() * right if left not in (-1, 0, 1) else 1
    elif kind is ast.LShift:
        bits = left.bit_length() + max(0, right)
    elif kind is not ast.Mult:
        return
    if bits > 2 * MAX_BITS:
        raise RaisedError(MemoryError())
