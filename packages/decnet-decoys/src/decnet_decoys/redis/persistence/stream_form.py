# SPDX-License-Identifier: MIT
"""A stream as the RDB file has it since Redis 7.0: entries in listpacks, then its groups.

By github.com/redis/redis, rdb.c, t_stream.c and listpack.c. Entries that were deleted are left out, and numbers are
written as text, which the real server reads as well.
"""

import struct
import time
from collections.abc import Generator, Iterator

from decnet_decoys.redis.keyspace import MAX_BYTES
from decnet_decoys.redis.persistence.parts import BrokenError, Reader, length
from decnet_decoys.redis.types.stream import FIRST, LARGEST, Group, Id, Stream

TYPE = 19
_NODE_ENTRIES = 100
"""Of one listpack, as the real server has it (stream-node-max-entries)."""
_MOST = MAX_BYTES // 64
"""Entries, groups, consumers and others of a stream that is read, as a database has room for."""
_DELETED, _SAME_FIELDS = 1, 2
_END = 0xFF
_ID = struct.Struct(">QQ")
_HEADER = struct.Struct("<IH")
_UNKNOWN = LARGEST
"""How many entries a group was given, if that cannot be told."""
_NUMBERS = {0xF1: 2, 0xF2: 3, 0xF3: 4, 0xF4: 8}
"""Bytes of a number by what stands before it."""


def written(stream: Stream) -> bytes:
    """Return a stream without its type."""
    entries = list(stream.entries.items())
    nodes = [entries[at : at + _NODE_ENTRIES] for at in range(0, len(entries), _NODE_ENTRIES)]
    parts = [length(len(nodes))]
    for node in nodes:
        packed = _packed(node)
        parts += (length(_ID.size), _ID.pack(*node[0][0]), length(len(packed)), packed)
    parts.append(length(len(stream.entries)))
    for place in (stream.last, min(stream.entries, default=FIRST), stream.deleted):
        parts += map(length, place)
    parts += (length(stream.added), length(len(stream.groups)))
    for name, group in stream.groups.items():
        parts += (length(len(name)), name, *_group(group))
    return b"".join(parts)


def _group(group: Group) -> Iterator[bytes]:
    now = struct.pack("<Q", int(time.time() * 1000))
    read = _UNKNOWN if group.read is None else group.read
    yield from map(length, (*group.last, read, len(group.pending)))
    for place in sorted(group.pending):
        yield _ID.pack(*place) + now + length(1)
    names = dict.fromkeys((*group.consumers, *group.pending.values()))
    yield length(len(names))
    for name in names:
        own = sorted(place for place, consumer in group.pending.items() if consumer == name)
        yield length(len(name)) + name + now + length(len(own)) + b"".join(_ID.pack(*place) for place in own)


def _packed(node: list[tuple[Id, list[bytes]]]) -> bytes:
    """Return the listpack of some entries, of which those with the fields of the first one name only their values."""
    first, fields = node[0][0], node[0][1][::2]
    elements: list[int | bytes] = [len(node), 0, len(fields), *fields, 0]
    for place, pairs in node:
        same = pairs[::2] == fields
        told = pairs[1::2] if same else [len(pairs) // 2, *pairs]
        apart = (place.milliseconds - first.milliseconds, place.number - first.number)
        elements += (_SAME_FIELDS if same else 0, *apart, *told, 3 + len(told))
    made = b"".join(map(_element, elements))
    size = _HEADER.size + len(made) + 1
    return _HEADER.pack(size, min(len(elements), 0xFFFF)) + made + bytes((_END,))


def _element(one: int | bytes) -> bytes:
    if isinstance(one, int):
        made = bytes((one,)) if 0 <= one < 128 else b"\xf4" + struct.pack("<q", _signed(one))
    elif len(one) < 1 << 6:
        made = bytes((0x80 | len(one),)) + one
    elif len(one) < 1 << 12:
        made = bytes((0xE0 | len(one) >> 8, len(one) & 0xFF)) + one
    else:
        made = b"\xf0" + struct.pack("<I", len(one)) + one
    return made + _back(len(made))


def _signed(number: int) -> int:
    """Return what the 64 bits of a number stand for with a sign, as differences of IDs are written."""
    return (number + (1 << 63)) % (1 << 64) - (1 << 63)


def _back(size: int) -> bytes:
    """Return how far it is back to the begin of an element: seven bits to a byte, the highest first."""
    digits = [size & 127]
    while size := size >> 7:
        digits.append(size & 127)
    return bytes((digits[-1], *(one | 128 for one in digits[-2::-1])))


def read(reader: Reader) -> Generator[None, None, Stream]:
    """Return a stream, with a pause after some entries; raises BrokenError."""
    stream = Stream()
    for _ in range(_count(reader)):
        if reader.length() != _ID.size:
            raise BrokenError
        first = _id(reader)
        size = reader.length()
        yield from _unpack(_Listpack(reader.take(size)), first, stream)
        yield
    if reader.length() != len(stream.entries):
        raise BrokenError
    stream.last = _lengths(reader)
    _lengths(reader)  # the first entry's
    stream.deleted = _lengths(reader)
    stream.added = reader.length()
    if stream.entries and stream.last < max(stream.entries):
        raise BrokenError
    for _ in range(_count(reader)):
        name = reader.take(reader.length())
        stream.groups[name] = _read_group(reader)
        yield
    return stream


def _count(reader: Reader) -> int:
    found = reader.length()
    if found > _MOST:
        raise BrokenError
    return found


def _id(reader: Reader) -> Id:
    return Id(*_ID.unpack(reader.take(_ID.size)))


def _lengths(reader: Reader) -> Id:
    return Id(reader.length(), reader.length())


def _read_group(reader: Reader) -> Group:
    last, read = _lengths(reader), reader.length()
    group = Group(last, None if read == _UNKNOWN else read, {}, {})
    for _ in range(_count(reader)):
        _id(reader)
        reader.take(8)
        reader.length()
    for _ in range(_count(reader)):
        name = reader.take(reader.length())
        reader.take(8)
        group.consumers[name] = None
        group.pending |= {_id(reader): name for _ in range(_count(reader))}
    return group


def _unpack(pack: "_Listpack", first: Id, stream: Stream) -> Generator[None, None, None]:
    """Add the entries of a listpack to a stream, in their order, with a pause after some."""
    count, gone, fields = pack.number(), pack.number(), [pack.text() for _ in range(pack.count())]
    pack.number()
    for number in range(1, 1 + min(_MOST, max(0, count) + max(0, gone))):
        flags = pack.number()
        place = Id(*((one + pack.number()) & LARGEST for one in first))
        if flags & _SAME_FIELDS:
            pairs = [part for name in fields for part in (name, pack.text())]
        else:
            pairs = [pack.text() for _ in range(2 * pack.count())]
        pack.number()
        if stream.entries and place <= stream.last:
            raise BrokenError
        stream.last = place
        if not flags & _DELETED:
            stream.entries[place] = pairs
        if not number % _NODE_ENTRIES:
            yield


class _Listpack:
    def __init__(self, data: bytes) -> None:
        self._reader = Reader(data)
        self._reader.take(_HEADER.size)

    def count(self) -> int:
        found = self.number()
        if not 0 <= found <= _MOST:
            raise BrokenError
        return found

    def number(self) -> int:
        found = self._next()
        if isinstance(found, int):
            return found
        if len(found) > 20 or not found.removeprefix(b"-").isdigit():
            raise BrokenError
        return int(found)

    def text(self) -> bytes:
        found = self._next()
        return found if isinstance(found, bytes) else b"%d" % found

    def _next(self) -> int | bytes:
        """Return the next element, and step over what leads back to its begin."""
        first = self._reader.take(1)[0]
        found, size = self._told(first)
        self._reader.take(len(_back(size)))
        return found

    def _told(self, first: int) -> tuple[int | bytes, int]:
        """Return an element and how many bytes it takes."""
        take = self._reader.take
        if first < 0x80:
            return first, 1
        if first < 0xC0:
            return take(first & 0x3F), 1 + (first & 0x3F)
        if first < 0xE0:
            number = (first & 0x1F) << 8 | take(1)[0]
            return number - (1 << 13) if number >= 1 << 12 else number, 2
        if first < 0xF0:
            size = (first & 0x0F) << 8 | take(1)[0]
            return take(size), 2 + size
        if first == 0xF0:
            size = int.from_bytes(take(4), "little")
            return take(size), 5 + size
        if first not in _NUMBERS:
            raise BrokenError
        return int.from_bytes(take(_NUMBERS[first]), "little", signed=True), 1 + _NUMBERS[first]
