# SPDX-License-Identifier: MIT
"""The form of netlink messages and their attributes (linux/netlink.h). Pure."""

import struct
from collections.abc import Iterator
from typing import NamedTuple

REQUEST, MULTI, ACK, EXCLUSIVE, CREATE, APPEND = 0x1, 0x2, 0x4, 0x200, 0x400, 0x800
REPLACE = 0x100
DUMP = 0x300
ERROR, DONE = 2, 3

_HEADER = struct.Struct("=IHHII")
_ATTRIBUTE = struct.Struct("=HH")
_NESTED, _TYPE_MASK = 0x8000, 0x3FFF
_CAPPED, _EXTENDED_ACK = 0x100, 0x200
_ERROR_TEXT = 1


class Message(NamedTuple):
    """One message; `body` is what follows its header."""

    kind: int
    flags: int
    sequence: int
    body: bytes

    def encoded(self) -> bytes:
        return _HEADER.pack(_HEADER.size + len(self.body), self.kind, self.flags, self.sequence, 0) + _padded(self.body)


class Reply(NamedTuple):
    """The kernel's answer to a request: 0 or an error number, and what it says about it."""

    number: int
    text: str


def messages(data: bytes) -> Iterator[Message]:
    """Yield the messages of a datagram; an incomplete one ends it."""
    offset = 0
    while offset + _HEADER.size <= len(data):
        length, kind, flags, sequence, _ = _HEADER.unpack_from(data, offset)
        if length < _HEADER.size or offset + length > len(data):
            return
        yield Message(kind, flags, sequence, data[offset + _HEADER.size : offset + length])
        offset += _aligned(length)


def reply(message: Message) -> Reply:
    """Return what a message of kind ERROR says; number 0 is an acknowledgement."""
    number = -struct.unpack_from("=i", message.body)[0]
    if not message.flags & _EXTENDED_ACK:
        return Reply(number, "")
    length = struct.unpack_from("=I", message.body, 4)[0]
    skipped = 4 + _HEADER.size + (0 if message.flags & _CAPPED else _aligned(length) - _HEADER.size)
    return Reply(number, text_of(attributes(message.body[skipped:]).get(_ERROR_TEXT, b"")))


def attribute(kind: int, value: bytes) -> bytes:
    return _ATTRIBUTE.pack(_ATTRIBUTE.size + len(value), kind) + _padded(value)


def nested(kind: int, *parts: bytes) -> bytes:
    return attribute(kind | _NESTED, b"".join(parts))


def text(kind: int, value: str) -> bytes:
    return attribute(kind, value.encode() + b"\0")


def number(kind: int, value: int) -> bytes:
    """Return an attribute of 32 bits in the host's byte order, as rtnetlink has them."""
    return attribute(kind, struct.pack("=I", value))


def attributes(data: bytes) -> dict[int, bytes]:
    """Return the attributes by kind; of a kind that is repeated the last one."""
    return dict(each_attribute(data))


def each_attribute(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield kind and value of each attribute; an incomplete one ends it."""
    offset = 0
    while offset + _ATTRIBUTE.size <= len(data):
        length, kind = _ATTRIBUTE.unpack_from(data, offset)
        if length < _ATTRIBUTE.size or offset + length > len(data):
            return
        yield kind & _TYPE_MASK, data[offset + _ATTRIBUTE.size : offset + length]
        offset += _aligned(length)


def text_of(value: bytes) -> str:
    return value.rstrip(b"\0").decode(errors="replace")


def number_of(value: bytes) -> int:
    """Return a number of 8, 16 or 32 bits in the host's byte order; 0 for an absent attribute."""
    return int.from_bytes(value, "little" if struct.pack("=H", 1)[0] else "big")


def _aligned(length: int) -> int:
    return (length + 3) & ~3


def _padded(value: bytes) -> bytes:
    return value + b"\0" * (-len(value) % 4)
