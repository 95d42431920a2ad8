# SPDX-License-Identifier: MIT
"""Lengths and strings as the RDB file has them, written and read; what is read may be anybody's bytes."""

import struct

from decnet_decoys.errors import DecoysError


def length(number: int) -> bytes:
    """Return a number of up to 64 bits."""
    if number < 1 << 6:
        return bytes((number,))
    if number < 1 << 14:
        return bytes((0x40 | number >> 8, number & 0xFF))
    return b"\x80" + struct.pack(">I", number) if number < 1 << 32 else b"\x81" + struct.pack(">Q", number)


def string(value: bytes) -> bytes:
    """Return a string, or the number that it stands for, as the file has it."""
    if len(value) <= 11 and (value.isdigit() or (value[:1] == b"-" and value[1:].isdigit())):
        number = int(value)
        if b"%d" % number == value:
            for code, form, bits in ((0xC0, "<b", 8), (0xC1, "<h", 16), (0xC2, "<i", 32)):
                if -(1 << bits - 1) <= number < 1 << bits - 1:
                    return bytes((code,)) + struct.pack(form, number)
    return length(len(value)) + value


class BrokenError(DecoysError):
    """The file is not what it should be."""


class Reader:
    """Reads a file from its beginning; raises BrokenError."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, size: int) -> bytes:
        """Return so many bytes."""
        piece = self._data[self._at : self._at + size]
        if len(piece) < size:
            raise BrokenError
        self._at += size
        return piece

    def length(self) -> int:
        first = self.take(1)[0]
        if first >> 6 == 0:
            return first
        if first >> 6 == 1:
            return (first & 0x3F) << 8 | self.take(1)[0]
        if first not in (0x80, 0x81):
            raise BrokenError
        return int.from_bytes(self.take(4 if first == 0x80 else 8))

    def string(self) -> bytes:
        first = self._data[self._at : self._at + 1]
        if first in (b"\xc0", b"\xc1", b"\xc2"):
            self._at += 1
            return b"%d" % int.from_bytes(self.take(1 << (first[0] & 3)), "little", signed=True)
        return self.take(self.length())
