# SPDX-License-Identifier: MIT
"""What an SFTP client has open: a file that is read or written, or a directory."""

from __future__ import annotations

from collections.abc import Callable

from decnet_decoys.shell.machine.tree import Filler, piece_of

NAME_BYTES = 320
"""Memory that the longest name takes in the list of an open directory."""


class OpenFile:
    """An open file or directory."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.content: Callable[[], bytes | Filler] = bytes
        """Returns what a reader reads: not kept here, or a file that is open would take memory when it is gone."""
        self.writing = False
        self.directory = False
        self.data = bytearray()
        """What a writer leaves; held under the session's lease."""
        self.size = 0
        self.names: list[str] = []
        """Of a directory, those that were not yet read."""

    @property
    def kept_bytes(self) -> int:
        """Memory that it takes, held under the session's lease."""
        return len(self.data) + len(self.names) * NAME_BYTES

    def piece(self, offset: int, size: int) -> bytes:
        """Return up to `size` bytes from `offset`."""
        if self.writing:
            return bytes(self.data[offset : offset + size])
        return piece_of(self.content(), offset, size)


def opened_to_write(path: str, old: bytes) -> OpenFile:
    """Return a file opened to be written, `old` being its content."""
    opened = OpenFile(path)
    opened.writing, opened.data, opened.size = True, bytearray(old), len(old)
    return opened
