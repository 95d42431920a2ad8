# SPDX-License-Identifier: MIT
"""Makes structs of the API's JSON: fields are called the same, times there are RFC 3339 and here ns since the epoch."""

import re
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

from decnet.cli.errors import OperatorError

T = TypeVar("T")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z")


def struct_of(value: Any, shape: type[T]) -> T:
    """Return the struct that a value of the API's JSON stands for; raises OperatorError for another one."""
    try:
        return msgspec.convert(_plain(value, _type(shape)), shape, strict=False)
    except (msgspec.ValidationError, ValueError) as error:
        raise OperatorError(
            f"the master answers what this version cannot read: {error}; is it of another one?"
        ) from error


def structs_of(values: list[Any], shape: type[T]) -> list[T]:
    """Return the structs of a list."""
    return [struct_of(value, shape) for value in values]


def ns_of(text: str) -> int:
    """Return the time of an RFC 3339 text in UTC; raises ValueError."""
    found = _TIME.fullmatch(text)
    if found is None:
        raise ValueError(f"{text[:64]!r} is no time")
    passed = datetime.fromisoformat(f"{found[1]}+00:00") - _EPOCH
    return (passed.days * 86400 + passed.seconds) * 1_000_000_000 + int((found[2] or "0").ljust(9, "0"))


def text_of(ns: int) -> str:
    """Return a time as RFC 3339 in UTC."""
    seconds, fraction = divmod(ns, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{fraction:09d}Z"


def _type(shape: Any) -> inspect.Type:
    if shape not in _types:
        _types[shape] = inspect.type_info(shape)
    return _types[shape]


_types: dict[Any, inspect.Type] = {}


def _plain(value: Any, kind: inspect.Type) -> Any:
    """Return a value with numbers where `kind` has them and the API texts: times."""
    if isinstance(kind, inspect.Metadata):
        return _plain(value, kind.type)
    if isinstance(kind, inspect.UnionType):
        return _of_union(value, kind.types)
    if isinstance(value, str):
        return ns_of(value) if isinstance(kind, inspect.IntType) and _TIME.fullmatch(value) else value
    if isinstance(value, list):
        return _of_list(value, kind)
    return _of_map(value, kind) if isinstance(value, dict) else value


def _of_list(value: list[Any], kind: inspect.Type) -> list[Any]:
    if isinstance(kind, (inspect.ListType, inspect.VarTupleType)):
        return [_plain(one, kind.item_type) for one in value]
    if isinstance(kind, inspect.TupleType) and len(kind.item_types) == len(value):
        return [_plain(one, item) for one, item in zip(value, kind.item_types, strict=True)]
    return value


def _of_map(value: dict[str, Any], kind: inspect.Type) -> dict[str, Any]:
    if isinstance(kind, inspect.StructType):
        known = {field.encode_name: field.type for field in kind.fields}
        shown = {name: _plain(one, known[name]) for name, one in value.items() if name in known}
        return shown if kind.tag_field is None else {**shown, kind.tag_field: value.get(kind.tag_field)}
    if isinstance(kind, inspect.DictType):
        return {name: _plain(one, kind.value_type) for name, one in value.items()}
    return value


def _of_union(value: Any, types: tuple[inspect.Type, ...]) -> Any:
    if isinstance(value, str) and any(isinstance(one, inspect.StrType) for one in types):
        return value
    for one in types:
        if isinstance(one, inspect.StructType) and isinstance(value, dict) and not _is_tagged(value, one):
            continue
        changed = _plain(value, one)
        if changed is not value:
            return changed
    return value


def _is_tagged(value: dict[str, Any], kind: inspect.StructType) -> bool:
    """Return whether a value is of this struct, as far as its tag says."""
    return kind.tag_field is None or value.get(kind.tag_field) == kind.tag
