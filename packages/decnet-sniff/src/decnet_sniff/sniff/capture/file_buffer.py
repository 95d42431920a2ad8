# SPDX-License-Identifier: MIT
"""The part of a capture file that is in memory, and its limits."""

from typing import Final, Protocol

from decnet_sniff.errors import SniffError

CHUNK: Final = 128 * 1024
LARGEST: Final = 256 * 1024
"""Bytes of one packet; a larger size is invalid (libpcap's MAXIMUM_SNAPLEN)."""
MOST_RECORDS: Final = 1024
"""Packets per batch, to bound the memory of its list."""


class CaptureError(SniffError):
    """The rest of the file cannot be read; the message says where and why."""


class File(Protocol):
    """What is read from: a file or a pipe."""

    def read(self, size: int, /) -> bytes | None:
        """Return up to `size` bytes, none at the end."""
        ...


class FileBuffer:
    """The part of a stream that is in memory: `data` from `at` on is unread."""

    def __init__(self, file: File) -> None:
        self._file = file
        self._before = 0
        self.data = b""
        self.at = 0

    @property
    def position(self) -> int:
        """The offset of `at` in the stream."""
        return self._before + self.at

    def need(self, size: int) -> bool:
        """Have at least `size` unread bytes in `data`, dropping what is read; return whether there are that many."""
        if len(self.data) - self.at >= size:
            return True
        self._before += self.at
        parts, held = [self.data[self.at :]], len(self.data) - self.at
        while held < size and (more := self._file.read(max(CHUNK, size - held))):
            parts.append(more)
            held += len(more)
        self.data, self.at = b"".join(parts), 0
        return held >= size
