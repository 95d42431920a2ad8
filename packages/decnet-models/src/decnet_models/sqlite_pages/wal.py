# SPDX-License-Identifier: MIT
"""The write-ahead log: which page versions in it are committed (sqlite.org/fileformat2, section 4).

As in SQLite's recovery, the log ends at the first frame whose salts or running checksum are wrong, and what follows the
last commit before that is not part of the database.
"""

import struct
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, NamedTuple

HEADER = 32
FRAME_HEADER = 24
_MAGIC = 0x377F0682
"""The lowest bit says that checksums are made of big-endian numbers."""


class Log(NamedTuple):
    """Committed pages and where their content is in the log; `damage` is empty unless frames had to be left out."""

    page_size: int = 0
    pages: int = 0
    """Of the whole database after the last commit; 0: nothing is committed in the log."""
    offsets: Mapping[int, int] = MappingProxyType({})
    damage: str = ""


def read_log(file: Path) -> Log:
    """Return what the log beside a database has committed; an empty one when there is no log."""
    try:
        stream = file.open("rb")
    except OSError:
        return Log()
    with stream:
        header = stream.read(HEADER)
        if not header:
            return Log()
        damage = _header_damage(header)
        return Log(damage=damage) if damage else _committed(stream, header)


def _header_damage(header: bytes) -> str:
    if len(header) < HEADER:
        return "its header is incomplete"
    magic, _, page_size, _ = struct.unpack(">4I", header[:16])
    if magic & ~1 != _MAGIC or not 512 <= page_size <= 65536 or page_size & (page_size - 1):
        return "its header is not one"
    right = _checksum((0, 0), header[:24], _order(magic)) == struct.unpack(">2I", header[24:32])
    return "" if right else "the checksum of its header is wrong"


def _committed(stream: BinaryIO, header: bytes) -> Log:
    magic, _, page_size, _ = struct.unpack(">4I", header[:16])
    checksum: tuple[int, ...] = struct.unpack(">2I", header[24:32])
    committed: dict[int, int] = {}
    pending: dict[int, int] = {}
    pages, number, length, damage = 0, 0, FRAME_HEADER + page_size, ""
    while len(frame := stream.read(length)) == length:
        checksum = _checksum(checksum, frame[:8], _order(magic))
        checksum = _checksum(checksum, memoryview(frame)[FRAME_HEADER:], _order(magic))
        same_log = frame[8:16] == header[16:24]
        if not same_log or checksum != struct.unpack(">2I", frame[16:24]):
            damage = f"frame {number + 1} and what follows are left out: a checksum is wrong" if same_log else ""
            break
        page, size_after = struct.unpack(">2I", frame[:8])
        pending[page] = HEADER + number * length + FRAME_HEADER
        number += 1
        if size_after:
            committed.update(pending)
            pending.clear()
            pages = size_after
    return Log(page_size, pages, committed, damage)


def _order(magic: int) -> str:
    return ">" if magic & 1 else "<"


def _checksum(start: tuple[int, ...], data: bytes | memoryview, order: str) -> tuple[int, int]:
    first, second = start
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    for index in range(0, len(words), 2):
        first = (first + words[index] + second) & 0xFFFFFFFF
        second = (second + words[index + 1] + first) & 0xFFFFFFFF
    return first, second
