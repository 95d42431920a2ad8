# SPDX-License-Identifier: MIT
"""Rows and index entries as SQLite stores them (sqlite.org/fileformat2, section 2), and their order."""

import struct
from typing import Final

from decnet_models.sqlite_pages.errors import DamagedPageError
from decnet_models.sqlite_pages.node import varint

Value = int | float | str | bytes | None

_WIDTHS: Final = (0, 1, 2, 3, 4, 6, 8, 8, 0, 0)
_FLOAT: Final = 7
_ZERO: Final = 8
_ONE: Final = 9
_BLOB: Final = 12


def decode(record: bytes) -> tuple[Value, ...]:
    """Return the record's values; raises DamagedPageError."""
    try:
        header, at = varint(record, 0)
        if header > len(record):
            raise DamagedPageError("a record's header is longer than the record")
        values: list[Value] = []
        position = header
        while at < header:
            kind, at = varint(record, at)
            value, position = _value(record, kind, position)
            values.append(value)
    except (IndexError, UnicodeDecodeError, struct.error):
        raise DamagedPageError("a record is not one") from None
    if at != header or position != len(record):
        raise DamagedPageError("a record's length is not that of its values")
    return tuple(values)


def order(values: tuple[Value, ...]) -> tuple[tuple[int, object], ...]:
    """Return what sorts as SQLite sorts the values of an index: NULL, numbers, text, bytes."""
    return tuple(map(_rank, values))


def _rank(value: Value) -> tuple[int, object]:
    match value:
        case None:
            return 0, 0
        case int() | float():
            return 1, value
        case str():
            return 2, value.encode()
    return 3, value


def _value(record: bytes, kind: int, at: int) -> tuple[Value, int]:
    if kind >= _BLOB:
        end = at + (kind - 12) // 2
        if end > len(record):
            raise DamagedPageError("a record ends within a value")
        content = record[at:end]
        return content.decode() if kind & 1 else content, end
    if kind > _ONE:
        raise DamagedPageError("a record has a value of no type")
    end = at + _WIDTHS[kind]
    if end > len(record):
        raise DamagedPageError("a record ends within a value")
    if kind == 0:
        return None, end
    if kind == _FLOAT:
        return struct.unpack(">d", record[at:end])[0], end
    if kind >= _ZERO:
        return kind - _ZERO, end
    return int.from_bytes(record[at:end], "big", signed=True), end
