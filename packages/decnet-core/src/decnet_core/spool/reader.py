# SPDX-License-Identifier: MIT
"""Reading a spool: whole lines in order, from a position that its owner keeps, bounded in memory whatever comes.

A reader keeps its position where its results are (`ingest`: in the same database transaction) and acknowledges
afterwards, so an acknowledgement may lag but never lead. What the writer has not finished is not there: a last line
without its line feed is left alone in the newest segment and is nobody's in an older one, for a writer never returns
to an older segment.
"""

import os
from pathlib import Path

import msgspec

from decnet_core.durable import make_directory
from decnet_core.events.codec import MAX_LINE_BYTES
from decnet_core.spool import segments
from decnet_core.spool.positions import (
    Position,
    acknowledgement,
    read_position,
    take_over_former,
    write_position,
)

_WINDOW = MAX_LINE_BYTES + 1
"""One read: holds the longest line with its line feed, so a window without a line feed is the start of no line."""
_SMALLEST_WINDOW = 16 << 10
_HEAD_BYTES = 256


class Overlong(msgspec.Struct, frozen=True):
    """A line that is longer than any event; `head` is its beginning, for the quarantine."""

    position: Position
    size: int
    head: bytes


class ReadResult(msgspec.Struct, frozen=True):
    """What one read found: whole lines without their line feeds, and where to continue."""

    lines: list[bytes]
    next: Position
    torn: int
    """Last lines of finished segments without a line feed: a writer died in the middle; they are not events."""
    overlong: tuple[Overlong, ...]
    missing: int
    """Segments that were gone before they were read: the quota was exceeded."""


class SpoolReader:
    """The reader `name` of the spool in `directory`; opening it registers it, so that unread segments are kept."""

    def __init__(self, directory: Path, name: str) -> None:
        self._directory = directory
        self._file = acknowledgement(directory, name)
        make_directory(self._file.parent, 0o750)
        if not self._file.is_file():
            self.acknowledge(take_over_former(directory, name))

    def read(self, position: Position, max_lines: int = 1000, max_bytes: int = 4 << 20) -> ReadResult:
        """Return the next lines after `position`: at most `max_lines`, and no more once they hold `max_bytes`.

        Raises OSError when a segment cannot be read.
        """
        return look(self._directory, position, max_lines, max_bytes)

    def acknowledge(self, position: Position) -> None:
        """Record durably that nothing before `position` is needed any more; raises OSError."""
        write_position(self._file, position)

    def acknowledged(self) -> Position:
        return read_position(self._file)

    def lag_bytes(self, position: Position) -> int:
        sizes = segments.sizes(self._directory)
        later = sum(size for number, size in sizes.items() if number > position.segment)
        return later + max(0, sizes.get(position.segment, 0) - position.offset)


def look(directory: Path, position: Position, max_lines: int = 1000, max_bytes: int = 4 << 20) -> ReadResult:
    """Return the next lines after `position` as `SpoolReader.read` does, without registering a reader."""
    reading = _Reading(directory, position, max_lines, max_bytes)
    reading.run(list(segments.sizes(directory)))
    return reading.result()


class _Reading:
    """One `read`: walks through segments until enough lines are found or there are no more."""

    def __init__(self, directory: Path, position: Position, max_lines: int, max_bytes: int) -> None:
        self._directory = directory
        self._position = position
        self._lines: list[bytes] = []
        self._overlong: list[Overlong] = []
        self._torn = 0
        self._missing = 0
        self._lines_left = max_lines
        self._bytes_left = max_bytes

    def result(self) -> ReadResult:
        return ReadResult(self._lines, self._position, self._torn, tuple(self._overlong), self._missing)

    @property
    def _enough(self) -> bool:
        return self._lines_left <= 0 or self._bytes_left <= 0

    def run(self, numbers: list[int]) -> None:
        """Read through `numbers`, listed before any byte is read: all but the last of them will never change again."""
        present = set(numbers)
        for number in numbers:
            if number < self._position.segment:
                continue
            self._enter(number, present)
            try:
                if not self._read_segment(newest=number == numbers[-1]):
                    return
            except FileNotFoundError:  # dropped by the writer's quota since it was listed
                present.discard(number)

    def _enter(self, number: int, present: set[int]) -> None:
        left = self._position.segment
        if number > left:
            gone = number - left - (left in present) if left else 0
            self._missing += gone if gone < segments.LOST_NUMBERS // 2 else 1  # nobody knows how many were lost
            self._position = Position(number, 0)

    def _read_segment(self, *, newest: bool) -> bool:
        """Read from the position to the segment's end; return whether the next segment may be begun."""
        descriptor = os.open(segments.path_of(self._directory, self._position.segment), os.O_RDONLY | os.O_CLOEXEC)
        try:
            while not self._enough:
                window = self._window(descriptor)
                if self._take_lines(window) or (len(window) == _WINDOW and self._skip_line(descriptor, window)):
                    continue
                self._torn += bool(window) and not newest
                return not newest
        finally:
            os.close(descriptor)
        return False

    def _window(self, descriptor: int) -> bytes:
        """Return what comes next: as much as is wanted, or more when that is not a whole line."""
        wanted = min(_WINDOW, max(self._bytes_left, _SMALLEST_WINDOW))
        window = os.pread(descriptor, wanted, self._position.offset)
        if len(window) < wanted or wanted == _WINDOW or b"\n" in window:
            return window
        return os.pread(descriptor, _WINDOW, self._position.offset)

    def _take_lines(self, window: bytes) -> bool:
        """Take the whole lines of `window`, as many as are wanted; return whether there was one."""
        end = window.rfind(b"\n")
        if end < 0:
            return False
        offset = self._position.offset
        for line in window[:end].split(b"\n"):
            if self._enough:
                break
            self._lines.append(line)
            self._lines_left -= 1
            self._bytes_left -= len(line) + 1
            offset += len(line) + 1
        self._position = Position(self._position.segment, offset)
        return True

    def _skip_line(self, descriptor: int, head: bytes) -> bool:
        """Go past a line too long to be an event, a window at a time; return False when its end is not there."""
        start = self._position.offset
        offset = start + len(head)
        while window := os.pread(descriptor, _WINDOW, offset):
            end = window.find(b"\n")
            if end >= 0:
                size = offset + end - start
                self._overlong.append(Overlong(self._position, size, head[:_HEAD_BYTES]))
                self._position = Position(self._position.segment, offset + end + 1)
                self._bytes_left -= size
                return True
            offset += len(window)
        return False
