# SPDX-License-Identifier: MIT
"""The fields of a Struct as a table: type and limits in words, default, and the sentence that stands below each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from uuid import UUID

import msgspec

from decnet_core.setup.field_docs import field_docs

_WORDS: dict[object, str] = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    UUID: "UUID (RFC 9562)",
    bytes: "bytes",
}


def fields(shape: type[msgspec.Struct]) -> Iterator[str]:
    """Yield the table of all fields."""
    known, said = msgspec.structs.fields(shape), field_docs(shape)
    if not known:
        yield "No fields."
        return
    yield "| field | type | default | meaning |\n|---|---|---|---|"
    for field in known:
        cells = (f"`{field.encode_name}`", type_in_words(field.type), _default(field), said.get(field.name, ""))
        yield f"| {' | '.join(map(_cell, cells))} |"


def type_in_words(annotation: Any) -> str:  # noqa: PLR0911  # a case each
    """Return what a value may be, as TOML and JSON call it; that it may be absent is said by its default."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        limits = [_limits(each) for each in arguments[1:] if isinstance(each, msgspec.Meta)]
        return ", ".join([type_in_words(arguments[0]), *filter(None, limits)])
    if origin is Literal:
        return one_of(f"`{each}`" for each in arguments)
    if origin in (Union, UnionType):
        return one_of(dict.fromkeys(type_in_words(each) for each in arguments if each is not NoneType))
    if origin is tuple and arguments[-1] is Ellipsis:
        return f"list of {_several(type_in_words(arguments[0]))}"
    if origin is tuple:
        return f"[{', '.join(map(type_in_words, arguments))}]"
    if origin is dict:
        return f"table of {_several(type_in_words(arguments[1]))}"
    return _WORDS.get(annotation, "table")


def _several(words: str) -> str:
    word, comma, limits = words.partition(",")
    return f"{word}s{comma}{limits}" if word.isalpha() else words


def one_of(words: Iterable[str]) -> str:
    """Return `a, b or c`."""
    *others, last = words
    return f"{', '.join(others)} or {last}" if others else last


def listed(names: Iterable[str], *, nobody: str = "nobody") -> str:
    """Return names as code, separated by commas."""
    return ", ".join(f"`{name}`" for name in names) or nobody


def first_line(shape: type) -> str:
    """Return the first line of its docstring."""
    return (shape.__doc__ or "").strip().splitlines()[0]


def _cell(text: str) -> str:
    """Return text that neither ends a cell nor is taken for HTML; in code the latter stands for itself."""
    parts = text.replace("|", "\\|").split("`")
    return "`".join(part if at % 2 else part.replace("<", "&lt;") for at, part in enumerate(parts))


def _limits(meta: msgspec.Meta) -> str:
    if meta.pattern is not None:
        return f"as the pattern `{meta.pattern}`"
    low, high, unit = (
        (meta.min_length, meta.max_length, " characters")
        if meta.min_length is not None or meta.max_length is not None
        else (meta.ge, meta.le, "")
    )
    above = f"above {meta.gt:,}" if meta.gt is not None else ""
    upto = f"up to {high:,}{unit}" if high is not None else ""
    if low is not None and high is not None:
        return f"{low:,} to {high:,}{unit}"
    return f"at least {low:,}{unit}" if low is not None else ", ".join(filter(None, (above, upto)))


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return "required"
    value = field.default_factory() if field.default is msgspec.NODEFAULT else field.default
    if value is None:
        return "absent"
    return "see below" if isinstance(value, msgspec.Struct) else f"`{json.dumps(value)}`"
