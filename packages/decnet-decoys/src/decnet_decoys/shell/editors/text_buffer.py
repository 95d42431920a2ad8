# SPDX-License-Identifier: MIT
"""The text that an editor changes: lines and a cursor, bounded, with a few steps of undo."""

from decnet_decoys.shell.encoding import decode, encode

MAX_BYTES = 1 << 18
MAX_LINES = 5000
MAX_LINE = 1 << 14
MAX_UNDO = 10


class TextBuffer:
    """Lines without their ends; the cursor is always on one of them."""

    def __init__(self, data: bytes) -> None:
        text = decode(data[:MAX_BYTES])
        self.lines = [line[:MAX_LINE] for line in text.split("\n")[:MAX_LINES]]
        if len(self.lines) > 1 and not self.lines[-1]:
            self.lines.pop()
        self.row = self.column = 0
        self.modified = False
        self._size = _size(self.lines)
        self._before: list[tuple[list[str], int]] = []

    @property
    def data(self) -> bytes:
        """The text as a file has it."""
        return encode("".join(line + "\n" for line in self.lines)) if self.count else b""

    @property
    def line(self) -> str:
        return self.lines[self.row]

    @property
    def count(self) -> int:
        """How many lines a file of it has."""
        return len(self.lines) if self.lines != [""] else 0

    def keep(self) -> None:
        """Remember the text as it is, for `undo`."""
        self._before.append((list(self.lines), self.row))
        del self._before[:-MAX_UNDO]

    def undo(self) -> bool:
        """Go back to what was kept last; False if nothing was."""
        if not self._before:
            return False
        self.lines, self.row = self._before.pop()
        self._size = _size(self.lines)
        self.move(0, 0)
        return True

    def move(self, rows: int, columns: int, *, past_end: bool = True) -> None:
        """Move the cursor as far as there is text."""
        self.row = max(0, min(len(self.lines) - 1, self.row + rows))
        most = len(self.line) if past_end else max(0, len(self.line) - 1)
        self.column = max(0, min(most, self.column + columns))

    def insert(self, character: str) -> None:
        """Insert a character, or break the line; what there is no room for is left out."""
        if self._size >= MAX_BYTES or len(self.line) >= MAX_LINE:
            return
        head, tail = self.line[: self.column], self.line[self.column :]
        if character == "\n":
            if len(self.lines) >= MAX_LINES:
                return
            self.lines[self.row : self.row + 1] = [head, tail]
            self.row, self.column = self.row + 1, 0
        else:
            self.lines[self.row] = head + character + tail
            self.column += len(character)
        self._size += len(character)
        self.modified = True

    def replace(self, row: int, text: str) -> None:
        """Put another text in a line's place."""
        text = text[:MAX_LINE]
        if self._size + len(text) - len(self.lines[row]) <= MAX_BYTES:
            self._size += len(text) - len(self.lines[row])
            self.lines[row] = text
            self.modified = True

    def delete(self, count: int = 1) -> str:
        """Delete characters at the cursor; at the end of a line, its end. Returns what was deleted."""
        line = self.line
        gone = line[self.column : self.column + count]
        if not gone and self.row + 1 < len(self.lines):
            joined = line + self.lines[self.row + 1]
            if len(joined) > MAX_LINE:
                return ""
            self.lines[self.row : self.row + 2] = [joined]
            self._size -= 1
            self.modified = True
            return "\n"
        self.replace(self.row, line[: self.column] + line[self.column + count :])
        return gone

    def backspace(self) -> None:
        if self.column:
            self.column -= 1
            self.delete()
        elif self.row:
            self.row -= 1
            self.column = len(self.line)
            self.delete()

    def take_lines(self, count: int) -> list[str]:
        """Remove lines from the cursor's on; one that is empty remains when all are gone."""
        gone = self.lines[self.row : self.row + count]
        del self.lines[self.row : self.row + count]
        self.lines = self.lines or [""]
        self._size -= sum(map(len, gone)) + len(gone)
        self.modified = True
        self.column = 0
        self.move(0, 0)
        return gone

    def put_lines(self, at: int, added: list[str]) -> None:
        """Insert lines before line `at`, as many as there is room for."""
        for line in added[: MAX_LINES - len(self.lines)]:
            if self._size + len(line) >= MAX_BYTES:
                break
            self.lines.insert(at, line)
            self._size += len(line) + 1
            at += 1
        self.modified = True

    def find(self, text: str) -> bool:
        """Move to the next place where the text stands, around the end."""
        at = self.line.find(text, self.column + 1)
        if at >= 0:
            self.column = at
            return True
        for step in range(1, len(self.lines) + 1):
            row = (self.row + step) % len(self.lines)
            at = self.lines[row].find(text)
            if at >= 0:
                self.row, self.column = row, at
                return True
        return False


def _size(lines: list[str]) -> int:
    return sum(map(len, lines)) + len(lines)
