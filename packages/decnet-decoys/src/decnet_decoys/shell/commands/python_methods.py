# SPDX-License-Identifier: MIT
"""Functions of Python, methods and formats of its texts, lists and mappings: as one-liners use them, bounded."""

import re
from collections.abc import Callable
from typing import Any

from decnet_decoys.errors import DecoysError

MAX_VALUE = 4096
"""Characters of a text, and bits of a number."""
MAX_ITEMS = 200
"""Of a list or mapping, none of whose values is another, so that no value is larger than it looks."""
MAX_CONVERSIONS = 50
MAX_PLACES = 400
PLAIN = (str, bytes, int, float, complex, type(None))

_CONVERSION = re.compile(r"%(?:[-+ #0]{0,5}\d{0,3}(?:\.\d{0,2})?[diouxXeEfFgGcrs]|%)")
_SPEC = re.compile(r"(?:[^{}]?[<>=^])?[-+ ]?#?0?\d{0,3}[,_]?(?:\.\d{1,2})?[bcdeEfFgGnosxX%]?")
_OF_TEXT = frozenset(
    ("upper", "lower", "strip", "lstrip", "rstrip", "split", "splitlines", "title", "join", "encode", "startswith",
     "endswith", "find", "count", "isdigit", "isalpha", "capitalize", "swapcase")
)  # fmt: skip
_OF_LIST = frozenset(("append", "sort", "reverse", "index", "count", "pop"))
_OF_MAPPING: dict[str, Callable[..., Any]] = {
    "get": dict.get, "keys": list, "values": lambda one: list(one.values()), "pop": dict.pop,
}  # fmt: skip
_CONVERSIONS: dict[str, Callable[[Any], str]] = {"r": repr, "s": str, "a": ascii}


class NotUnderstoodError(DecoysError, ValueError):
    """What is asked for is not played."""


def is_small(value: Any) -> bool:
    """Return whether a value is one that a program may have."""
    if isinstance(value, str | bytes):
        return len(value) <= MAX_VALUE
    if isinstance(value, int):
        return value.bit_length() <= MAX_VALUE
    if isinstance(value, dict):
        return is_small(list(value)) and is_small(list(value.values()))
    if isinstance(value, list | tuple):
        small = len(value) <= MAX_ITEMS and all(isinstance(one, PLAIN) for one in value)
        return small and sum(len(one) for one in value if isinstance(one, str | bytes)) <= MAX_VALUE
    return isinstance(value, PLAIN)


def _rounded(value: Any, digits: int | None = None) -> Any:
    """Return what `round` does; raises NotUnderstoodError for so many places that it would take long."""
    if digits is not None and abs(digits) > MAX_PLACES:
        raise NotUnderstoodError
    return round(value, digits)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "len": len, "str": str, "int": int, "chr": chr, "ord": ord, "hex": hex, "list": list, "sorted": sorted,
    "sum": sum, "abs": abs, "max": max, "min": min, "float": float, "bool": bool, "repr": repr, "bin": bin,
    "oct": oct, "tuple": tuple, "round": _rounded,
}  # fmt: skip


def percent(layout: str, values: Any) -> str:
    """Return `layout % values`; raises NotUnderstoodError where that may be large."""
    conversions = _CONVERSION.findall(layout)
    if "%" in _CONVERSION.sub("", layout) or len(conversions) > MAX_CONVERSIONS or isinstance(values, dict):
        raise NotUnderstoodError
    return str(layout % values)


def formatted(value: Any, spec: str, conversion: str) -> str:
    """Return a value as a formatted string has it; raises NotUnderstoodError where that may be large."""
    if not _SPEC.fullmatch(spec):
        raise NotUnderstoodError
    shown = _CONVERSIONS[conversion](value) if conversion else value
    return format(shown, spec)


def method(owner: Any, name: str, values: list[Any]) -> Any:
    """Return what a method of a text, list or mapping does; raises NotUnderstoodError for one that is not played."""
    if isinstance(owner, str) and name == "replace" and len(values) == 2:
        old, new = values
        if (owner.count(old) if old else len(owner) + 1) * len(new) > MAX_VALUE:
            raise NotUnderstoodError
        return owner.replace(old, new)
    known = (isinstance(owner, str) and name in _OF_TEXT) or (isinstance(owner, list) and name in _OF_LIST)
    if isinstance(owner, list) and name == "append" and (len(owner) >= MAX_ITEMS or not isinstance(values[0], PLAIN)):
        raise NotUnderstoodError
    if isinstance(owner, dict) and name in _OF_MAPPING:
        return _OF_MAPPING[name](owner, *values)
    if not known:
        raise NotUnderstoodError
    return getattr(owner, name)(*values)
