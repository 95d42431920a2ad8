# SPDX-License-Identifier: MIT
"""The file that SAVE writes (RDB, version 10), as far as values are kept here; what is read may be anybody's bytes.

By github.com/redis/redis, rdb.h and rdb.c: strings are not compressed, and lists, hashes and sets have their plain
forms, which the real server reads as well.
"""

import struct
from collections.abc import Generator, Mapping, Sequence
from itertools import pairwise

from decnet_decoys.redis.keyspace import MAX_BYTES, Full, Keyspace, Scores, Value
from decnet_decoys.redis.persistence import stream_form
from decnet_decoys.redis.persistence.parts import BrokenError, Reader, length, string
from decnet_decoys.redis.types.stream import Stream

VERSION = 10
_MAGIC = b"REDIS%04d" % VERSION
_AUX, _RESIZE, _EXPIRES_MS, _EXPIRES, _DATABASE, _END = 0xFA, 0xFB, 0xFC, 0xFD, 0xFE, 0xFF
_STRING, _LIST, _SET, _HASH, _SCORES = 0, 1, 2, 4, 5
_PIECE = 4096
"""Bytes whose checksum is made in one go: below a millisecond."""
_LATEST = (1 << 63) - 1
"""Milliseconds; that of a file that was read may be later."""
_MOST_PARTS = MAX_BYTES // 64
"""Of one value, as a database has room for."""


def _table() -> tuple[int, ...]:
    found = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = value >> 1 ^ (0x95AC9329AC4BC9B5 if value & 1 else 0)
        found.append(value)
    return tuple(found)


_CRC = _table()
"""Of the polynomial of Jones, reflected (crc64.c)."""


def checksum(data: bytes, value: int = 0) -> int:
    """Return the CRC-64 of a payload, or of what follows one whose checksum is `value`."""
    for byte in data:
        value = _CRC[(value ^ byte) & 0xFF] ^ value >> 8
    return value


def value(one: Value) -> tuple[int, bytes]:
    """Return the type of a value, and the value."""
    if isinstance(one, Stream):
        return stream_form.TYPE, stream_form.written(one)
    if isinstance(one, bytes):
        return _STRING, string(one)
    if isinstance(one, Scores):
        parts = (string(name) + struct.pack("<d", score) for name, score in one.items())
        return _SCORES, length(len(one)) + b"".join(parts)
    if isinstance(one, dict):
        flat: list[bytes] = [part for pair in one.items() for part in pair]  # type: ignore[misc]  # no sorted set
        return _HASH, length(len(one)) + b"".join(map(string, flat))
    kind = _LIST if isinstance(one, list) else _SET
    return kind, length(len(one)) + b"".join(map(string, one))


def written(
    databases: Sequence[Keyspace], aux: Mapping[str, str], most: int, *, checked: bool = True
) -> Generator[None, None, bytes]:
    """Make the file, with a pause after each piece; keys for which there is no room in `most` bytes are left out.

    Unless it is `checked` it has no checksum, which takes ten times as long as the rest.
    """
    parts = [_MAGIC, *(bytes((_AUX,)) + string(key.encode()) + string(each.encode()) for key, each in aux.items())]
    left = most - sum(map(len, parts)) - 32 * len(databases)
    for number, database in enumerate(databases):
        if not len(database):
            continue
        parts.append(bytes((_DATABASE, number, _RESIZE)) + length(len(database)) + length(database.expiring))
        for key, one in list(database.items()):
            least = one.size // 16 if isinstance(one, Stream) else len(one)  # each part takes a byte at least
            if len(key) + least > left:
                continue
            kind, body = value(one)
            until = database.expires_at(key)
            expiry = (
                b""
                if until is None
                else bytes((_EXPIRES_MS,)) + struct.pack("<Q", max(0, min(int(until * 1000), _LATEST)))
            )
            made = expiry + bytes((kind,)) + string(key) + body
            if len(made) <= left:
                left -= len(made)
                parts.append(made)
            yield
    data = b"".join((*parts, bytes((_END,))))
    crc = 0
    for start, end in () if not checked else pairwise((*range(0, len(data), _PIECE), len(data))):
        crc = checksum(data[start:end], crc)
        yield
    return data + struct.pack("<Q", crc)


def _value(reader: Reader, kind: int) -> Value:
    if kind == _STRING:
        return reader.string()
    if kind == _SCORES:
        return _scores(reader)
    if kind not in (_LIST, _SET, _HASH):
        raise BrokenError
    count = reader.length() * (2 if kind == _HASH else 1)
    if count > _MOST_PARTS:
        raise BrokenError
    parts = [reader.string() for _ in range(count)]
    if kind == _HASH:
        return dict(zip(parts[::2], parts[1::2], strict=True))
    return parts if kind == _LIST else frozenset(parts)


def _scores(reader: Reader) -> Scores:
    count = reader.length()
    if count > _MOST_PARTS:
        raise BrokenError
    found = Scores()
    for _ in range(count):
        name = reader.string()
        (score,) = struct.unpack("<d", reader.take(8))
        if score != score:  # noqa: PLR0124  # no number
            raise BrokenError
        found[name] = score
    return found


def read(data: bytes, databases: Sequence[Keyspace]) -> Generator[None, None, None]:
    """Put what a file has into databases, with a pause after each key and in streams.

    What is no such file ends it. Never raises.
    """
    reader = Reader(data)
    try:
        if reader.take(9)[:5] != _MAGIC[:5]:
            return
        yield from _keys(reader, databases)
    except (BrokenError, Full):
        return


def _keys(reader: Reader, databases: Sequence[Keyspace]) -> Generator[None, None, None]:
    database, until = databases[0], None
    while (kind := reader.take(1)[0]) != _END:
        if kind == _AUX:
            reader.string()
            reader.string()
        elif kind == _RESIZE:
            reader.length()
            reader.length()
        elif kind == _DATABASE:
            number = reader.length()
            if number >= len(databases):
                raise BrokenError
            database = databases[number]
        elif kind == _EXPIRES_MS:
            until = int.from_bytes(reader.take(8), "little") / 1000
        elif kind == _EXPIRES:
            until = float(int.from_bytes(reader.take(4), "little"))
        else:
            key = reader.string()
            one = (yield from stream_form.read(reader)) if kind == stream_form.TYPE else _value(reader, kind)
            database.put(key, one, until)
            until = None
            yield
