# SPDX-License-Identifier: MIT
"""Reads one growing file: whole lines from an offset, in bounded memory, with detection of truncation.

The file stays open, so renaming or deleting it loses nothing.
"""

import enum
import os

import msgspec

from decnet_sniff.collect.files.positions import FilePosition, fingerprint, head_of, is_same_file, tail_of

MAX_LINE_BYTES = 1 << 20
_WINDOW = 64 * 1024
_CLOCK_NS = 2_000_000_000
_SCAN_BYTES = 32 << 20
"""How much of an endless line one read skips at most."""


class Line(msgspec.Struct, frozen=True):
    """One line without its line feed, and its offset; of an overlong one (by `size`) only the first bytes."""

    offset: int
    text: bytes
    size: int

    @property
    def overlong(self) -> bool:
        """Whether this is only the beginning."""
        return self.size > len(self.text)


class TailEvent(enum.Enum):
    """What happened to a file since it was read."""

    NONE = enum.auto()
    MAYBE = enum.auto()
    """It may have grown; what was read is still there."""
    CUT = enum.auto()
    """It was truncated, or truncated and rewritten."""


class FileTail:
    """One open file and how far it has been read; raises OSError when it cannot be opened."""

    def __init__(self, path: str, position: FilePosition | None = None) -> None:
        self.path = path
        self.descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK)
        status = os.fstat(self.descriptor)
        self.identity = (status.st_dev, status.st_ino)
        self.mtime_ns = status.st_mtime_ns
        self.size = status.st_size
        self.offset = 0
        self._head = b""
        self._tail = fingerprint(b"")
        self._scanned = 0
        self._seen: tuple[int, int] | None = None
        if position is not None and is_same_file(self.descriptor, position):
            self._continue(position)

    def _continue(self, position: FilePosition) -> None:
        self.offset = position.offset
        self._head = os.pread(self.descriptor, position.head_bytes, 0)
        self._tail = position.tail

    @property
    def head(self) -> str:
        """Fingerprint of the first line: part of event ids, the same under any name and inode."""
        return fingerprint(self._head)

    @property
    def position(self) -> FilePosition:
        return FilePosition(
            self.path,
            self.identity[1],
            self.offset,
            self.head,
            len(self._head),
            self._tail,
            self.mtime_ns,
            self.size,
            self.ended,
        )

    @property
    def unread(self) -> int:
        """Bytes after the position, at the last look."""
        return max(0, self.size - self.offset)

    @property
    def ended(self) -> bool:
        """Whether all whole lines were read, at the last look."""
        return self._seen == (self.size, self.mtime_ns)

    def look(self, now: int) -> TailEvent:
        """Check whether the file still begins with what was read.

        Same size and time mean that nothing changed, but only a while later (`now`, ns): file times are coarse.
        """
        status = os.fstat(self.descriptor)
        self.size, self.mtime_ns = status.st_size, status.st_mtime_ns
        if self.ended and self.mtime_ns + _CLOCK_NS < now:
            return TailEvent.NONE
        return TailEvent.MAYBE if is_same_file(self.descriptor, self.position) else TailEvent.CUT

    def begin_again(self) -> None:
        """Read a truncated file from its start."""
        self.offset, self._head, self._tail = 0, b"", fingerprint(b"")
        self._scanned, self._seen = 0, None

    def read(self, *, last: bool = False) -> list[Line]:
        """Return the next lines, about 64 KiB of them; empty at the end.

        A line without a line feed is waited for, unless it is the `last` of a file that is no longer written.
        """
        if self.ended and not last:
            return []
        lines = self._lines(last=last)
        if lines:
            self._tail = tail_of(self.descriptor, self.offset)
        elif not 0 < self._scanned < self.size:
            self._seen = (self.size, self.mtime_ns)
        return lines

    def _lines(self, *, last: bool) -> list[Line]:
        self._skip_holes()
        for length in (_WINDOW, MAX_LINE_BYTES + 1):
            window = os.pread(self.descriptor, length, self.offset)
            end = window.rfind(b"\n")
            if end >= 0:
                return self._split(window[:end])
            if len(window) < length:
                return self._split(window) if last and window else []
        return self._overlong(window, last=last)

    def _skip_holes(self) -> None:
        """Skip NULs before a line: what a program that does not append leaves when its log is truncated."""
        while os.pread(self.descriptor, 1, self.offset) == b"\0":
            window = os.pread(self.descriptor, MAX_LINE_BYTES, self.offset)
            rest = window.lstrip(b"\0")
            if not rest and len(window) < MAX_LINE_BYTES:
                return
            self._note_head()
            self.offset += len(window) - len(rest)
            self._tail = tail_of(self.descriptor, self.offset)

    def _split(self, text: bytes) -> list[Line]:
        self._note_head()
        lines = []
        for line in text.split(b"\n"):
            lines.append(Line(self.offset, line, len(line)))
            self.offset += len(line) + 1
        self.offset = min(self.offset, os.fstat(self.descriptor).st_size)  # the last line may have no line feed
        return lines

    def _overlong(self, head: bytes, *, last: bool) -> list[Line]:
        """Skip a line longer than MAX_LINE_BYTES; empty until its end is found, which may take several calls."""
        at = max(self._scanned, self.offset + len(head))
        limit = at + _SCAN_BYTES
        while at < limit and (window := os.pread(self.descriptor, MAX_LINE_BYTES, at)):
            end = window.find(b"\n")
            if end >= 0:
                return self._skipped(head, at + end, at + end + 1)
            at += len(window)
        self._scanned = at
        return self._skipped(head, at, at) if last and at >= self.size else []

    def _skipped(self, head: bytes, end: int, following: int) -> list[Line]:
        self._note_head()
        line = Line(self.offset, head[:4096], end - self.offset)
        self.offset, self._scanned = following, 0
        return [line]

    def _note_head(self) -> None:
        if not self.offset:
            self._head = head_of(self.descriptor)

    def close(self) -> None:
        os.close(self.descriptor)
