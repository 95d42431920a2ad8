# SPDX-License-Identifier: MIT
"""Values of Lua: nil is None, a number a float, a string bytes; and what is asked of any value."""

from collections.abc import Callable
from typing import Any, TypeAlias

from decnet_decoys.errors import DecoysError

Value: TypeAlias = "bool | float | bytes | Table | Function | None"


class Table:
    """A table of Lua."""

    __slots__ = ("fixed", "items")

    def __init__(self, items: "dict[Any, Value] | None" = None, *, fixed: bool = False) -> None:
        self.items: dict[Any, Value] = items if items is not None else {}
        self.fixed = fixed
        """Whether scripts cannot change it."""

    def length(self) -> int:
        """Return up to which index there is something (the operator #)."""
        count = 0
        while float(count + 1) in self.items:
            count += 1
        return count

    @staticmethod
    def of(values: "list[Value]") -> "Table":
        """Return a table of values by their numbers from one."""
        return Table({float(at): one for at, one in enumerate(values, 1) if one is not None})


Function: TypeAlias = Callable[..., "Value | tuple[Value, ...]"]


class LuaError(DecoysError):
    """The script has failed; `value` is what error() was given, or a message with its line."""

    def __init__(self, value: "Value") -> None:
        super().__init__()
        self.value = value


def kind(value: Value) -> str:
    """Return the name of a value's type."""
    match value:
        case None:
            return "nil"
        case bool():
            return "boolean"
        case float():
            return "number"
        case bytes():
            return "string"
        case Table():
            return "table"
    return "function"


def is_false(value: "Value | tuple[Value, ...]") -> bool:
    """Return whether a value is none or false; zero is true, although Python holds it equal to False."""
    return value is None or value is False


def first(found: "Value | tuple[Value, ...]") -> Value:
    """Return what a function has returned where one value is wanted: of several the first, of none nil."""
    return (found[0] if found else None) if isinstance(found, tuple) else found


def shown(number: float) -> bytes:
    """Return a number as tostring() does."""
    if number != number:  # noqa: PLR0124  # not a number
        return b"-nan"
    if number in (float("inf"), float("-inf")):
        return b"inf" if number > 0 else b"-inf"
    return b"%.14g" % number


def word(value: bool | None) -> bytes:
    """Return nil, true or false as tostring() does."""
    return b"nil" if value is None else b"true" if value else b"false"


def got(value: Value) -> str:
    """Return what a function was given, as it says of a wrong argument."""
    return "no value" if value is None else kind(value)


def number_of(value: Value) -> float | None:
    """Return the number that a value is or reads as."""
    if isinstance(value, float):
        return value
    if not isinstance(value, bytes) or len(value) > 64 or b"_" in value:
        return None
    text = value.strip().lower()
    try:
        return float(int(text, 16)) if text[:2] == b"0x" else float(text)
    except (ValueError, OverflowError):
        return None
