# SPDX-License-Identifier: MIT
"""Rows and index entries as SQLite stores them (sqlite.org/fileformat2, section 2), and their order.

A record begins with the types of its values, and thousands of records begin alike: what such a head means is worked out
once and kept, so that `struct` reads all values in one call. Read one by one, an index page took 2 ms.
"""

import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache, partial
from operator import lt
from typing import Any, Final, NamedTuple

from decnet_models.sqlite_pages.errors import DamagedPageError
from decnet_models.sqlite_pages.node import varint

Value = int | float | str | bytes | None

_NO_RECORD: Final = (IndexError, UnicodeDecodeError, struct.error)
_KEPT_LAYOUTS: Final = 4096
_BLOB: Final = 12
_NUMBER: Final = partial(int.from_bytes, byteorder="big", signed=True)
_RANKS: Final = {type(None): 0, int: 1, float: 1, str: 2, bytes: 3}
"""How values of different types sort."""


class _Field(NamedTuple):
    """How a value is stored."""

    code: str
    """Of `struct`."""
    convert: Callable[[bytes], Value] | None = None
    """What `struct` cannot do."""


class _Layout(NamedTuple):
    """What all records with the same head have in common."""

    struct: struct.Struct
    converted: tuple[tuple[int, Callable[[bytes], Value]], ...]
    """Place and conversion of those values that `struct` returns as bytes."""


_FIELDS: Final = (
    _Field("0s", lambda _: None),
    _Field("b"),
    _Field("h"),
    _Field("3s", _NUMBER),
    _Field("i"),
    _Field("6s", _NUMBER),
    _Field("q"),
    _Field("d"),
    _Field("0s", lambda _: 0),
    _Field("0s", lambda _: 1),
)
"""By the number of their type; those after these are text and bytes."""


def decode(record: bytes) -> tuple[Value, ...]:
    """Return the record's values; raises DamagedPageError."""
    try:
        layout = _layout(_head(record))
        values: list[Value] = list(layout.struct.unpack(record))
        for place, convert in layout.converted:
            values[place] = convert(values[place])  # type: ignore[arg-type]  # `struct` returns bytes for these
    except _NO_RECORD:
        raise DamagedPageError("a record is not one") from None
    return tuple(values)


def decode_all(records: Sequence[bytes]) -> list[tuple[Value, ...]]:
    """Return the values of each record, those with the same head in one go; raises DamagedPageError."""
    try:
        heads = [record[: record[0]] if record[0] < 0x80 else _head(record) for record in records]
        if len(set(heads)) == 1:
            return list(_decode_alike(_layout(heads[0]), records))
        alike: dict[bytes, list[bytes]] = {head: [] for head in heads}
        for head, record in zip(heads, records, strict=True):
            alike[head].append(record)
        decoded = {head: _decode_alike(_layout(head), of_head) for head, of_head in alike.items()}
    except _NO_RECORD:
        raise DamagedPageError("a record is not one") from None
    return [next(decoded[head]) for head in heads]


def _decode_alike(layout: _Layout, records: Sequence[bytes]) -> Iterator[tuple[Value, ...]]:
    if {*map(len, records)} != {layout.struct.size}:
        raise DamagedPageError("a record's length is not that of its values")
    rows = layout.struct.iter_unpack(b"".join(records))
    if not layout.converted:
        return rows
    columns = list(zip(*rows, strict=True))
    for place, convert in layout.converted:
        columns[place] = tuple(map(convert, columns[place]))
    return zip(*columns, strict=True)


def _head(record: bytes) -> bytes:
    length = record[0]
    return record[: length if length < 0x80 else varint(record, 0)[0]]


def ascending(keys: Sequence[Any]) -> bool:
    """Return whether each key of an index (the values of a record), or row number, is greater than the one before.

    In SQLite's order of values: NULL, numbers, text, bytes. Python compares them alike where it compares them at all:
    text by code points, as its bytes in UTF-8 compare.
    """
    try:
        return all(map(lt, keys, keys[1:]))
    except TypeError:  # values of different types
        ordered = [order(key) for key in keys]
        return all(map(lt, ordered, ordered[1:]))


def order(values: Iterable[Value]) -> tuple[tuple[int, Value], ...]:
    """Return what sorts as SQLite sorts the values of an index."""
    return tuple((_RANKS[type(value)], value) for value in values)


@lru_cache(_KEPT_LAYOUTS)
def _layout(head: bytes) -> _Layout:
    """Return how records with that head are read; raises DamagedPageError, IndexError or struct.error."""
    header, at = varint(head, 0)
    fields: list[_Field] = []
    while at < len(head):
        kind, at = varint(head, at)
        fields.append(_field(kind))
    if at != header:
        raise DamagedPageError("a record's header is longer than the record")
    return _Layout(
        struct.Struct(f">{header}x" + "".join(field.code for field in fields)),
        tuple((place, field.convert) for place, field in enumerate(fields) if field.convert is not None),
    )


def _field(kind: int) -> _Field:
    if kind >= _BLOB:
        code = f"{(kind - _BLOB) // 2}s"
        return _Field(code, bytes.decode) if kind & 1 else _Field(code)
    if kind >= len(_FIELDS):
        raise DamagedPageError("a record has a value of no type")
    return _FIELDS[kind]
