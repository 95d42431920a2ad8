# SPDX-License-Identifier: MIT
"""The lines that were entered at a shell, as `history` lists them and HISTFILE keeps them."""

from contextlib import suppress

from decnet_decoys.shell.encoding import decode, encode
from decnet_decoys.shell.machine.access import Access
from decnet_decoys.shell.machine.filesystem import FileSystem
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.machine.tree import whole_of

MAX_HISTORY = 1000
MAX_HISTORY_LINE = 4096
MAX_HISTORY_CHARACTERS = 1 << 17
"""Of all lines of a session's history."""


class History:
    """The history of one shell, bounded: the oldest lines make room."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._entered: list[str] = []
        """Lines of this session that HISTFILE does not have yet."""

    def read(self, files: FileSystem, path: str) -> None:
        """Take over what earlier sessions left in a file."""
        with suppress(FileSystemError):
            text = decode(whole_of(files.read(path))[-MAX_HISTORY_CHARACTERS:])
            self.lines = [line for line in text.split("\n")[-MAX_HISTORY:] if line]

    def add(self, line: str) -> None:
        for lines in (self.lines, self._entered):
            lines.append(line[:MAX_HISTORY_LINE])
            total = sum(map(len, lines))
            while total > MAX_HISTORY_CHARACTERS or len(lines) > MAX_HISTORY:
                total -= len(lines.pop(0))

    def clear(self) -> None:
        self.lines.clear()
        self._entered.clear()

    def keep(self, files: FileSystem, path: str, access: Access) -> None:
        """Append what was entered to a file, as bash does when it is left; "" keeps nothing."""
        if not path or not self._entered:
            return
        lines, self._entered = self._entered, []
        with suppress(FileSystemError):
            files.write(path, encode("".join(line + "\n" for line in lines)), access, append=True)
