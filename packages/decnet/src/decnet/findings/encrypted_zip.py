# SPDX-License-Identifier: MIT
"""A zip with one file, encrypted by the traditional PKWARE method (APPNOTE.TXT 6.3.10, section 6.1), in pieces.

The encryption keeps a sample from scanners and double clicks; it is no secret (the password is `infected`, as analysts
expect). AES would be as good for that, but unzip(1), the file managers and Python's own `zipfile` cannot read it. The
cipher is one Python step for each byte, about 1 MB/s: so pieces are small, and who streams them lets others run.
"""

import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

PASSWORD = b"infected"

_CHUNK = 1 << 14
_HEADER_BYTES = 12
_LOCAL, _CENTRAL, _END = 0x04034B50, 0x02014B50, 0x06054B50
_VERSION = 20
_ENCRYPTED = 1
_DATE = (1 << 5) | 1
"""1980-01-01: the archive is the same whenever it is made."""
_LARGEST = 0xFFFFFFFF


class Member(msgspec.Struct, frozen=True):
    """The file that is put in."""

    path: Path
    name: str
    size: int
    crc: int


def member_of(path: Path, name: str) -> Member:
    """Read a file's size and CRC-32; `name` is what it is called in the zip."""
    crc = size = 0
    with path.open("rb") as stream:
        while piece := stream.read(1 << 20):
            crc, size = zlib.crc32(piece, crc), size + len(piece)
    if size + _HEADER_BYTES > _LARGEST:
        raise ValueError("a file of 4 GiB or more does not fit")
    return Member(path, name, size, crc)


def length(member: Member) -> int:
    """Return the length of the whole zip in bytes."""
    named = 2 * len(member.name.encode())
    return 30 + 46 + 22 + named + _HEADER_BYTES + member.size


def pieces(member: Member, password: bytes) -> Iterator[bytes]:
    """Yield the zip; the file must not have changed since `member_of`."""
    name, packed = member.name.encode(), member.size + _HEADER_BYTES
    common = (_VERSION, _ENCRYPTED, 0, 0, _DATE, member.crc, packed, member.size, len(name), 0)
    local = struct.pack("<IHHHHHIIIHH", _LOCAL, *common) + name
    yield local
    cipher = _Cipher(password)
    yield cipher.encrypt(os.urandom(_HEADER_BYTES - 1) + bytes([member.crc >> 24]))
    with member.path.open("rb") as stream:
        while piece := stream.read(_CHUNK):
            yield cipher.encrypt(piece)
    central = struct.pack("<IHHHHHHIIIHHHHHII", _CENTRAL, _VERSION, *common, 0, 0, 0, 0, 0) + name
    yield central
    at = len(local) + packed
    yield struct.pack("<IHHHHIIH", _END, 0, 0, 1, 1, len(central), at, 0)


def _remainder(byte: int) -> int:
    for _ in range(8):
        byte = (byte >> 1) ^ (0xEDB88320 if byte & 1 else 0)
    return byte


_TABLE = tuple(map(_remainder, range(256)))
"""CRC-32 of single bytes."""


class _Cipher:
    """The stream cipher of section 6.1.5: three keys that each byte changes."""

    def __init__(self, password: bytes) -> None:
        self._keys = (0x12345678, 0x23456789, 0x34567890)
        self.encrypt(password)

    def encrypt(self, plain: bytes) -> bytes:
        table, (one, two, three) = _TABLE, self._keys
        out = bytearray(len(plain))
        for place, byte in enumerate(plain):
            mixed = (three | 2) & 0xFFFF
            out[place] = byte ^ ((mixed * (mixed ^ 1)) >> 8 & 0xFF)
            one = (one >> 8) ^ table[(one ^ byte) & 0xFF]
            two = ((two + (one & 0xFF)) * 134775813 + 1) & 0xFFFFFFFF
            three = (three >> 8) ^ table[(three ^ (two >> 24)) & 0xFF]
        self._keys = (one, two, three)
        return bytes(out)
