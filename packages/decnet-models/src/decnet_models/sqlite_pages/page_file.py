# SPDX-License-Identifier: MIT
"""The pages of a database file as committed, the write-ahead log included."""

import contextlib
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from decnet_models.sqlite_pages.errors import DamagedPageError
from decnet_models.sqlite_pages.wal import HEADER, read_log

MAGIC: Final = b"SQLite format 3\0"
UTF8: Final = 1
_DEFAULT_SIZE: Final = 4096
_KINDS: Final = b"\x02\x05\x0a\x0d"
_SAMPLE_PAGES: Final = 400
_PENDING_BYTE: Final = 0x40000000
"""The page with this byte holds locks and no data."""


class PageFile:
    """Reads pages by number, from 1. Attributes are of the header, or likely ones where that is damaged."""

    def __init__(self, file: Path) -> None:
        self._main = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
        self._log = -1
        self.damages: list[str] = []
        """What is wrong with the header or the log."""
        wal = file.with_name(f"{file.name}-wal")
        self._wal = wal
        self._log_header = _first_bytes(wal)
        log = read_log(wal)
        if log.damage:
            self.damages.append(f"write-ahead log: {log.damage}")
        with contextlib.suppress(OSError):
            self._log = os.open(wal, os.O_RDONLY | os.O_CLOEXEC)
        self._offsets = log.offsets
        length = os.fstat(self._main).st_size
        self.size: int = log.page_size if log.pages else 0
        header = self._header()
        stored = self._stored_size(header)
        self.size = self.size or stored or self._likely_size(length)
        present = max(length // self.size, max(self._offsets, default=0))
        self._read_header(header, stored, log.pages, present)

    def close(self) -> None:
        for descriptor in (self._main, self._log):
            if descriptor >= 0:
                os.close(descriptor)

    def same_log(self) -> bool:
        """Return whether the log is still the one that was read: it begins anew once it is in the file."""
        return not self._offsets or _first_bytes(self._wal) == self._log_header

    def page(self, number: int) -> bytes:
        """Return the page; raises DamagedPageError when the file ends before it."""
        offset = self._offsets.get(number)
        try:
            if offset is not None:
                content = os.pread(self._log, self.size, offset)
            else:
                content = os.pread(self._main, self.size, (number - 1) * self.size)
        except OSError as error:
            raise DamagedPageError(f"the disk cannot read it: {error.strerror}") from error
        if len(content) < self.size:
            raise DamagedPageError("the file ends before it")
        return content

    def numbers_without_content(self) -> Iterator[int]:
        """Yield the pages that belong to no b-tree by design: that of the locks, and the pointer maps."""
        locks = _PENDING_BYTE // self.size + 1
        if locks <= self.count:
            yield locks
        if self.auto_vacuum:
            yield from range(2, self.count + 1, self.usable // 5 + 1)

    def _header(self) -> bytes:
        offset = self._offsets.get(1)
        return os.pread(self._log, 100, offset) if offset is not None else os.pread(self._main, 100, 0)

    @staticmethod
    def _stored_size(header: bytes) -> int:
        if len(header) < 100 or not header.startswith(MAGIC):
            return 0
        size = 65536 if header[16:18] == b"\0\1" else int.from_bytes(header[16:18], "big")
        return size if 512 <= size <= 65536 and not size & (size - 1) else 0

    def _likely_size(self, length: int) -> int:
        """Return the smallest page size at whose multiples about as many b-tree pages begin as at any other's."""
        shares = {}
        for size in (512, 1024, 2048, 4096, 8192, 16384, 32768, 65536):
            starts = range(size, min(length, _SAMPLE_PAGES * size), size)
            found = sum(os.pread(self._main, 1, start) in _KINDS for start in starts)
            shares[size] = found / len(starts) if starts else 0
        most = max(shares.values())
        return next(size for size, share in shares.items() if share > 0.7 * most) if most else _DEFAULT_SIZE

    def _read_header(self, header: bytes, stored: int, logged: int, present: int) -> None:
        sound = stored == self.size
        reserved = header[20] if sound else 0
        (changes, pages, trunk, free), (valid_for,) = _numbers(header, 24, 4), _numbers(header, 92, 1)
        self.usable: int = self.size - reserved
        self.free_trunk: int = trunk if sound else 0
        self.free_pages: int | None = free if sound else None
        self.auto_vacuum: bool = sound and bool(_numbers(header, 52, 1)[0])
        self.count: int = logged or (pages if sound and pages and changes == valid_for else present)
        self.sound: bool = sound and _numbers(header, 56, 1)[0] == UTF8 and self.usable >= 480
        if not self.sound:
            self.damages.append("the header of the file is not that of a DECNET database")
            self.usable = self.size
        if self.count > present:
            self.damages.append(f"the file is truncated: {present} of its {self.count} pages are there")
            if self.count > 2 * present + 1000:  # a wrong number, rather
                self.count = present


def _first_bytes(wal: Path) -> bytes:
    try:
        with wal.open("rb") as stream:
            return stream.read(HEADER)
    except OSError:
        return b""


def _numbers(header: bytes, start: int, count: int) -> tuple[int, ...]:
    return struct.unpack(f">{count}I", header[start : start + 4 * count].ljust(4 * count, b"\0"))


@contextmanager
def opened(file: Path) -> Iterator[PageFile]:
    """Lend the pages of `file`; raises OSError."""
    pages = PageFile(file)
    try:
        yield pages
    finally:
        pages.close()
