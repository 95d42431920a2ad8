# SPDX-License-Identifier: MIT
"""The fields that a rule can name, of payloads and of the envelope, and how to read them from an event.

A text, a number or a flag is one value; `headers`, `ports`, `detail` and `structured` have many, and a rule matches
when one of them does. `headers.referer`, `detail.path` and `structured.origin.ip` name one of many.
"""

import types
from collections.abc import Callable, Iterable
from functools import cache, partial
from typing import Annotated, Any, Literal, TypeAlias, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec

from decnet_core.events.catalogue import Payload
from decnet_core.events.envelope import ENVELOPE_FIELDS, Event

Shape: TypeAlias = Literal["text", "number", "flag"]
Values: TypeAlias = tuple[Any, ...]

_PAIRS, _NUMBERS, _TEXTS, _TABLE, _TABLES = "pairs", "numbers", "texts", "table", "tables"
_PLAIN: dict[object, str] = {str: "text", UUID: "text", int: "number", float: "number", bool: "flag"}
_MANY: dict[object, str] = {
    tuple[tuple[str, str], ...]: _PAIRS,
    tuple[int, ...]: _NUMBERS,
    tuple[str, ...]: _TEXTS,
    dict[str, str]: _TABLE,
    dict[str, dict[str, str]]: _TABLES,
}


class Field(msgspec.Struct, frozen=True):
    """A field that a rule names: its type and how its values are read; no value when it is absent."""

    name: str
    shape: Shape
    read: Callable[[Event], Values]
    reads: tuple[str, ...] = ()

    @property
    def attributes(self) -> tuple[str, ...]:
        """The attributes of the envelope, or else of the payload, that are read."""
        return self.reads or (self.name.partition(".")[0],)


def field_of(name: str, kinds: Iterable[type[Payload]]) -> Field | None:
    """Return field `name` of events of `kinds`, None when none of them has it."""
    if name in ENVELOPE_FIELDS:
        return Field(name, _shape(_shapes(Event)[name]), partial(_read_envelope, name))
    top, _, rest = name.partition(".")
    for kind in kinds:
        form = _shapes(kind).get(top)
        if form is not None and (reader := _reader(form, top, rest)) is not None:
            return Field(name, _shape(form), reader)
    return None


def names_of(kinds: Iterable[type[Payload]]) -> list[str]:
    """Return the fields that a rule on `kinds` can name."""
    names = set(ENVELOPE_FIELDS)
    for kind in kinds:
        names.update(_shapes(kind))
    return sorted(names)


def is_hashable(name: str, kind: type[Payload]) -> bool:
    """Return whether attribute `name` of payloads of `kind` can be part of a key."""
    return _shapes(kind).get(name) not in {None, _TABLE, _TABLES}


def texts_of(payload: Payload) -> list[str]:
    """Return every text of a payload, for keyword searches."""
    texts: list[str] = []
    for name in payload.__struct_fields__:
        _collect(getattr(payload, name), texts)
    return texts


@cache
def _shapes(struct: type[Any]) -> dict[str, str]:
    hints = get_type_hints(struct)
    forms = {name: _form(hints[name]) for name in struct.__struct_fields__}
    return {name: form for name, form in forms.items() if form is not None}


def _form(annotation: Any) -> str | None:
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in (Union, types.UnionType):
        arms = [arm for arm in get_args(annotation) if arm is not types.NoneType]
        return _form(arms[0]) if len(arms) == 1 else None
    return _PLAIN.get(annotation) or _MANY.get(annotation)


def _shape(form: str) -> Shape:
    return {"number": "number", "flag": "flag", _NUMBERS: "number"}.get(form, "text")  # type: ignore[return-value]  # values are Shapes


def _reader(form: str, top: str, rest: str) -> Callable[[Event], Values] | None:
    if not rest:
        return partial(_READ_ALL.get(form, _read_plain), top)
    if form == _PAIRS:
        return partial(_read_header, top, rest.lower())
    if form == _TABLE:
        return partial(_read_entry, top, rest)
    if form == _TABLES and "." in rest:
        return partial(_read_parameter, top, *_split(rest))
    return None


def _split(rest: str) -> tuple[str, str]:
    element, _, parameter = rest.partition(".")
    return element, parameter


def _read_envelope(name: str, event: Event) -> Values:
    value = getattr(event, name)
    if value is None:
        return ()
    return (str(value),) if isinstance(value, UUID) else (value,)


def _read_plain(name: str, event: Event) -> Values:
    value = getattr(event.payload, name, None)
    return () if value is None else (value,)


def _read_each(name: str, event: Event) -> Values:
    return tuple(getattr(event.payload, name, ()))


def _read_pairs(name: str, event: Event) -> Values:
    return tuple(f"{key}: {value}" for key, value in getattr(event.payload, name, ()))


def _read_header(name: str, header: str, event: Event) -> Values:
    return tuple(value for key, value in getattr(event.payload, name, ()) if key.lower() == header)


def _read_table(name: str, event: Event) -> Values:
    return tuple(f"{key}={value}" for key, value in getattr(event.payload, name, {}).items())


def _read_entry(name: str, entry: str, event: Event) -> Values:
    table = getattr(event.payload, name, {})
    return (table[entry],) if entry in table else ()


def _read_tables(name: str, event: Event) -> Values:
    tables = getattr(event.payload, name, {})
    return tuple(f"{one}.{key}={value}" for one, table in tables.items() for key, value in table.items())


def _read_parameter(name: str, element: str, parameter: str, event: Event) -> Values:
    table = getattr(event.payload, name, {}).get(element, {})
    return (table[parameter],) if parameter in table else ()


_READ_ALL: dict[str, Callable[[str, Event], Values]] = {
    _PAIRS: _read_pairs,
    _NUMBERS: _read_each,
    _TEXTS: _read_each,
    _TABLE: _read_table,
    _TABLES: _read_tables,
}


def _collect(value: Any, texts: list[str]) -> None:
    if isinstance(value, str):
        texts.append(value)
    elif isinstance(value, tuple):
        for one in value:
            _collect(one, texts)
    elif isinstance(value, dict):
        for key, one in value.items():
            texts.append(key)
            _collect(one, texts)
