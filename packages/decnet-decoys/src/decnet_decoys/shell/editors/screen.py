# SPDX-License-Identifier: MIT
"""What a whole-screen program shows: rows of a window, painted again after each batch of keys (ECMA-48)."""

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


def top_of(first: int, row: int, height: int) -> int:
    """Return which line a window begins with so that it shows `row`, moved no more than is needed."""
    return row if row < first else max(first, row - height + 1)
