# SPDX-License-Identifier: MIT
"""Converts JSON values of foreign logs to the types of the catalogue's fields; None when that is impossible."""

import types
from collections.abc import Callable
from typing import Any, Union, get_args, get_origin

from decnet_core.text import bounded
from decnet_sniff.collect.formats.json_fields import MAX_DETAILS, count, port, shown

Coercion = Callable[[object], Any]

LONG_TEXTS = frozenset({"message", "command", "body"})
_LONG, _SHORT = 8192, 4096
_YES, _NO = frozenset({"true", "yes", "1"}), frozenset({"false", "no", "0"})
_MAX_ITEMS = 256


def coercion_of(annotation: Any, name: str) -> Coercion:
    """Return the converter to type `annotation` for the field `name`; raises TypeError for an unknown type."""
    if get_origin(annotation) in (Union, types.UnionType):
        (annotation,) = [each for each in get_args(annotation) if each is not type(None)]
    if annotation is str:
        limit = _LONG if name in LONG_TEXTS else _SHORT
        return lambda value: shown(value, limit)
    try:
        return _COERCIONS[annotation]
    except KeyError:
        raise TypeError(f"fields of type {annotation} cannot be mapped") from None


def integer(value: object) -> int | None:
    """Return a non-negative number below 2**63, also one written as text; a fraction is truncated."""
    return None if isinstance(value, bool) else count({"n": value}, "n")


def boolean(value: object) -> bool | None:
    """Return a boolean: JSON's own, 0 and 1, or yes, no, true, false as text."""
    word = str(value).lower() if isinstance(value, str | int) else ""
    return True if word in _YES else False if word in _NO else None


def numbers(value: object) -> tuple[int, ...] | None:
    """Return ports: a list, or a single one."""
    ports = [port(each) for each in (value if isinstance(value, list) else [value])[:_MAX_ITEMS]]
    return None if None in ports else tuple(each for each in ports if each is not None)


def texts(value: object) -> dict[str, str] | None:
    """Return an object's values as texts; a single value stands under `value`."""
    if not isinstance(value, dict):
        return {"value": shown(value, 1024)}
    chosen = [(key, each) for key, each in value.items() if each is not None][:MAX_DETAILS]
    return {bounded(str(key), 64).lower(): shown(each, 1024) for key, each in chosen}


def pairs(value: object) -> tuple[tuple[str, str], ...] | None:
    """Return headers: an object, or a list of pairs."""
    items = list(value.items()) if isinstance(value, dict) else value
    if not isinstance(items, list):
        return None
    if not all(isinstance(item, list | tuple) and len(item) == 2 for item in items):
        return None
    return tuple((shown(name, 256), shown(each)) for name, each in items[:_MAX_ITEMS])


def nested_texts(value: object) -> dict[str, dict[str, str]] | None:
    """Return an object of objects as texts."""
    if not isinstance(value, dict):
        return None
    return {bounded(str(key), 64): texts(each) or {} for key, each in list(value.items())[:MAX_DETAILS]}


_COERCIONS: dict[Any, Coercion] = {
    int: integer,
    bool: boolean,
    tuple[int, ...]: numbers,
    dict[str, str]: texts,
    tuple[tuple[str, str], ...]: pairs,
    dict[str, dict[str, str]]: nested_texts,
}
