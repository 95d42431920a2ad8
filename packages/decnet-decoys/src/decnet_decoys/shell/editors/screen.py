# SPDX-License-Identifier: MIT
"""What a whole-screen program shows: rows of a window, painted again after each batch of keys (ECMA-48)."""

from collections.abc import Sequence

ROWS = 24
ENTER, LEAVE = "\x1b[?1049h\x1b[22;0;0t", "\x1b[?1049l\x1b[23;0;0t"


def painted(rows: list[str], columns: int, cursor: tuple[int, int] | None) -> str:
    """Return the screen with these rows, and the cursor at (row, column) counted from 0, hidden when None."""
    shown = "\r\n".join(row[:columns] + "\x1b[K" for row in rows[:ROWS])
    place = "" if cursor is None else f"\x1b[{cursor[0] + 1};{min(cursor[1], columns - 1) + 1}H\x1b[?25h"
    return f"\x1b[?25l\x1b[H{shown}{place}"


def printable(line: str, limit: int) -> str:
    """Return a line's beginning as a terminal shows it: tabs as blanks, control characters as ^X."""
    pieces: list[str] = []
    for character in line[:limit]:
        if character == "\t":
            pieces.append(" " * (8 - sum(map(len, pieces)) % 8))
        else:
            pieces.append(f"^{chr(ord(character) ^ 64)}" if character < " " or character == "\x7f" else character)
    return "".join(pieces)[:limit]


class Window:
    """The lines of a text that are shown: `shown` moves them no more than is needed to show the cursor."""

    def __init__(self, height: int, columns: int) -> None:
        self._height, self._columns = height, columns
        self._first = 0

    def shown(self, lines: Sequence[str], row: int, column: int) -> tuple[list[str], tuple[int, int]]:
        """Return the rows that there are, and where the cursor at `row`, `column` of the text is among them."""
        self._first = min(row, max(self._first, row - self._height + 1))
        wide = self._columns
        shift = max(0, column - wide + 8)
        rows = [printable(line[shift : shift + wide], wide) for line in lines[self._first : self._first + self._height]]
        return rows, (row - self._first, len(printable(lines[row][shift:column], wide)))
