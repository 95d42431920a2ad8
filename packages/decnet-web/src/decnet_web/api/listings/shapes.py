# SPDX-License-Identifier: MIT
"""Rows as the JSON that a model of answers describes, without a validation: they come from queries of ours.

A row is whatever has the model's fields as attributes (a Struct that a query returns, or the model itself), or a dict
of them. Making models of 100 rows and serialising these took longer than the queries. The model stays what the OpenAPI
document shows, and says itself which values are written otherwise (`PlainSerializer`, of the value alone); tests
compare both ways.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from operator import attrgetter
from types import UnionType
from typing import Annotated, Any, TypeAlias, Union, cast, get_args, get_origin

import msgspec
from pydantic import BaseModel, PlainSerializer
from pydantic.fields import FieldInfo

Change: TypeAlias = Callable[[Any], Any]
"""Returns a value as it is written; it is not asked for None."""


class Shape:
    """The fields of a model, and what to do with their values."""

    def __init__(self, model: type[BaseModel]) -> None:
        decorators = model.__pydantic_decorators__
        if decorators.field_serializers or decorators.model_serializers:
            raise TypeError(f"{model.__name__} serialises by methods, which rows do not have")
        computed = {name: field.return_type for name, field in model.model_computed_fields.items()}
        changes = {name: _of_field(field) for name, field in model.model_fields.items()}
        changes |= {name: _of_type(kind) for name, kind in computed.items()}
        self.columns = tuple(changes)
        self._values = _getter(self.columns)
        self._changed = [(name, one) for name, one in changes.items() if one is not None]

    def plain(self, row: Any) -> dict[str, Any]:
        """Return a row's values by column, as they are written."""
        if isinstance(row, dict):
            values = {name: row[name] for name in self.columns}
        else:
            values = dict(zip(self.columns, self._values(row), strict=True))
        for name, change in self._changed:
            if values[name] is not None:
                values[name] = change(values[name])
        return values

    def encode(self, rows: Iterable[Any]) -> bytes:
        """Return the rows as a JSON array; those that are JSON already (`msgspec.Raw`) are put in as they are."""
        return msgspec.json.encode([row if type(row) is msgspec.Raw else self.plain(row) for row in rows])

    def encode_one(self, row: Any) -> bytes:
        """Return a row as a JSON object."""
        return msgspec.json.encode(self.plain(row))


@cache
def shape_of(model: type[BaseModel]) -> Shape:
    """Return the shape of a model; raises TypeError for one that rows cannot have."""
    return Shape(model)


def _getter(columns: tuple[str, ...]) -> Callable[[Any], Iterable[Any]]:
    if len(columns) == 1:
        only = attrgetter(columns[0])
        return lambda row: (only(row),)
    return attrgetter(*columns)


def _of_field(field: FieldInfo) -> Change | None:
    return _serializer(field.metadata) or _of_type(field.annotation)


def _serializer(metadata: Iterable[Any]) -> Change | None:
    return next((cast("Change", one.func) for one in metadata if isinstance(one, PlainSerializer)), None)


def _of_type(kind: Any) -> Change | None:
    """Return what changes values of a type; None: they are written as they are."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _serializer(kind.__metadata__) or _of_type(arguments[0])
    if origin in (Union, UnionType):
        return next((one for one in map(_of_type, arguments) if one is not None), None)
    if origin in (list, tuple, dict):
        return _of_inner(_of_type(arguments[1 if origin is dict else 0]), mapping=origin is dict)
    return shape_of(kind).plain if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _of_inner(inner: Change | None, *, mapping: bool) -> Change | None:
    if inner is None:
        return None
    if mapping:
        return lambda values: {name: inner(value) for name, value in values.items()}
    return lambda values: [inner(value) for value in values]
