# SPDX-License-Identifier: MIT
"""The binary form of values in MySQL's protocol: parameters of a prepared statement, and rows of its result. Sans-IO.

What a client sends may end anywhere or be of a kind that does not exist: then its arguments are wrong, no more.
"""

import contextlib
import re
import struct
from collections.abc import Mapping, Sequence
from typing import Final

from decnet_decoys.errors import DecoysError
from decnet_decoys.mysql.packets import Column, text_of
from decnet_decoys.mysql.sql.values import Value

_TINY, _SHORT, _LONG, _FLOAT, _DOUBLE, _NULL, _TIMESTAMP, _LONGLONG, _INT24 = 1, 2, 3, 4, 5, 6, 7, 8, 9
_DATE, _TIME, _DATETIME, _YEAR = 10, 11, 12, 13
_BLOBS: Final = (0xF9, 0xFA, 0xFB, 0xFC)
_WIDTHS: Final = {_TINY: 1, _SHORT: 2, _YEAR: 2, _LONG: 4, _INT24: 4, _LONGLONG: 8}
"""Bytes of integers, by their kind."""
_KINDS: Final = frozenset((*range(17), 0xF5, 0xF6, 0xF7, 0xF8, *_BLOBS, 0xFD, 0xFE, 0xFF))
_UNSIGNED: Final = 0x80


class WrongArgumentsError(DecoysError):
    """What a client executes a statement with is not what the statement takes."""


def kinds_of(data: bytes, count: int) -> tuple[int, ...]:
    """Return the kinds of parameters, each with 0x8000 if it is unsigned; raises WrongArgumentsError."""
    if len(data) < 2 * count or not _KINDS.issuperset(data[: 2 * count : 2]):
        raise WrongArgumentsError
    return struct.unpack_from(f"<{count}H", data)


def parameters(data: bytes, nulls: bytes, kinds: Sequence[int], long: Mapping[int, bytes]) -> list[Value]:
    """Return the values of parameters; `long` has those that were sent before. Raises WrongArgumentsError."""
    found: list[Value] = []
    at = 0
    for place, kind in enumerate(kinds):
        if place in long:
            found.append(long[place] if kind & 0xFF in _BLOBS else long[place].decode("utf-8", "surrogateescape"))
        elif nulls[place // 8] >> place % 8 & 1 or kind & 0xFF == _NULL:
            found.append(None)
        else:
            value, at = _value(data, at, kind)
            found.append(value)
    return found


def _value(data: bytes, at: int, kind: int) -> tuple[Value, int]:
    """Return a value and where the next one begins."""
    bare, signed = kind & 0xFF, not kind >> 8 & _UNSIGNED
    if bare in _WIDTHS:
        piece, end = _piece(data, at, _WIDTHS[bare])
        return int.from_bytes(piece, "little", signed=signed), end
    if bare in (_FLOAT, _DOUBLE):
        piece, end = _piece(data, at, 4 if bare == _FLOAT else 8)
        number = float(struct.unpack("<f" if bare == _FLOAT else "<d", piece)[0])
        if number - number != 0:  # neither NaN nor infinite is a number of SQL
            raise WrongArgumentsError
        return number, end
    size, start = _length(data, at)
    piece, end = _piece(data, start, size)
    if bare in (_DATE, _DATETIME, _TIMESTAMP):
        return _date(piece, bare), end
    if bare == _TIME:
        return _time(piece), end
    return (piece if bare in _BLOBS else piece.decode("utf-8", "surrogateescape")), end


def _piece(data: bytes, at: int, size: int) -> tuple[bytes, int]:
    piece = data[at : at + size]
    if len(piece) < size:
        raise WrongArgumentsError
    return piece, at + size


def _length(data: bytes, at: int) -> tuple[int, int]:
    """Return a length-encoded integer and where what follows begins."""
    first = _piece(data, at, 1)[0][0]
    width = {0xFC: 2, 0xFD: 3, 0xFE: 8}.get(first, 0)
    if first >= 0xFB and not width:
        raise WrongArgumentsError
    piece, end = _piece(data, at + 1, width)
    return (int.from_bytes(piece, "little") if width else first), end


def _date(piece: bytes, kind: int) -> str:
    whole = piece.ljust(11, b"\0")
    year, month, day, hour, minute, second, parts = struct.unpack("<HBBBBBI", whole[:11])
    date = f"{year:04}-{month:02}-{day:02}"
    if kind == _DATE:
        return date
    return f"{date} {hour:02}:{minute:02}:{second:02}" + (f".{parts:06}" if parts else "")


def _time(piece: bytes) -> str:
    whole = piece.ljust(12, b"\0")
    negative, days, hours, minutes, seconds, parts = struct.unpack("<BIBBBI", whole[:12])
    sign = "-" if negative else ""
    return f"{sign}{days * 24 + hours:02}:{minutes:02}:{seconds:02}" + (f".{parts:06}" if parts else "")


_SIZES: Final = {_TINY: 4, _SHORT: 6, _LONG: 11, _LONGLONG: 21, _INT24: 9, _FLOAT: 12, _DOUBLE: 23, _DATE: 10,
    _DATETIME: 19, _TIMESTAMP: 19, _TIME: 23}  # fmt: skip
"""Characters that a parameter of a kind may take, as MariaDB describes it in a result."""


def parameter_column(name: str, kind: int, value: Value) -> Column | None:
    """Return how a result describes a parameter that the client sent as of that kind; None for text."""
    bare, unsigned = kind & 0xFF, 0x20 if kind >> 8 & _UNSIGNED else 0
    if value is None:
        return Column(name, bare, 0, 0x80 | unsigned, 0, text=False)
    if bare not in _SIZES:
        return None
    decimals = 31 if bare in (_FLOAT, _DOUBLE) else 0
    return Column(name, bare, _SIZES[bare], 0x81 | unsigned, decimals, text=False)


def row(columns: Sequence[Column], values: Sequence[str | bytes | None]) -> bytes:
    """Return a row in its binary form, of values as a text result has them."""
    nulls = bytearray((len(columns) + 9) // 8)
    out = bytearray()
    for place, (column, value) in enumerate(zip(columns, values, strict=True)):
        if value is None:
            nulls[(place + 2) // 8] |= 1 << (place + 2) % 8
        else:
            out += _encoded(column.kind, value)
    return b"\0" + bytes(nulls) + bytes(out)


def _encoded(kind: int, value: str | bytes) -> bytes:
    if kind in _WIDTHS:
        width = _WIDTHS[kind]
        return (_integer(value) & (1 << 8 * width) - 1).to_bytes(width, "little")
    if kind in (_FLOAT, _DOUBLE):
        number = 0.0
        with contextlib.suppress(ValueError):
            number = float(value)
        try:
            return struct.pack("<f" if kind == _FLOAT else "<d", number)
        except OverflowError:
            return struct.pack("<f", 0.0)
    if kind in (_DATE, _DATETIME, _TIMESTAMP):
        return _encoded_date(value)
    if kind == _TIME:
        return _encoded_time(value)
    return text_of(value)


def _integer(value: str | bytes) -> int:
    try:
        return int(value[:32])
    except ValueError:
        return 0


_NUMBERS: Final = re.compile(r"\d{1,9}")


def _numbers(value: str | bytes) -> list[int]:
    words = value.decode("latin-1") if isinstance(value, bytes) else value
    return [int(one) for one in _NUMBERS.findall(words[:64])]


def _encoded_date(value: str | bytes) -> bytes:
    year, month, day, hour, minute, second, parts = (*_numbers(value), 0, 0, 0, 0, 0, 0, 0)[:7]
    date = struct.pack("<HBB", year & 0xFFFF, month & 0xFF, day & 0xFF)
    clock = bytes((hour & 0xFF, minute & 0xFF, second & 0xFF))
    made = date + clock + struct.pack("<I", parts) if parts else date + clock if any(clock) else date
    made = made if any(made) else b""
    return bytes((len(made),)) + made


def _encoded_time(value: str | bytes) -> bytes:
    hours, minutes, seconds, parts = (*_numbers(value), 0, 0, 0, 0)[:4]
    negative = value[:1] in ("-", b"-")
    made = struct.pack("<BIBBB", negative, hours // 24, hours % 24, minutes & 0xFF, seconds & 0xFF)
    if parts:
        made += struct.pack("<I", parts)
    made = made if any(made) else b""
    return bytes((len(made),)) + made
