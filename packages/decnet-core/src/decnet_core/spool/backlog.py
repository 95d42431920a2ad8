# SPDX-License-Identifier: MIT
"""Lines that wait in memory while the disk is full: bounded, the oldest dropped first, every loss counted."""

from collections import deque


class Backlog:
    """A queue of lines with a limit of lines and of bytes."""

    def __init__(self, max_lines: int, max_bytes: int) -> None:
        self._max_lines = max_lines
        self._max_bytes = max_bytes
        self._lines: deque[bytes] = deque()
        self._bytes = 0
        self.dropped = 0
        """Lines lost because the limit was reached."""

    def __len__(self) -> int:
        return len(self._lines)

    def put(self, line: bytes) -> None:
        """Queue `line`, losing the oldest when there are too many."""
        self._lines.append(line)
        self._bytes += len(line)
        while len(self._lines) > self._max_lines or self._bytes > self._max_bytes:
            self.take()
            self.dropped += 1

    def first(self) -> bytes:
        return self._lines[0]

    def take(self) -> bytes:
        line = self._lines.popleft()
        self._bytes -= len(line)
        return line
