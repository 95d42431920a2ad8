# SPDX-License-Identifier: MIT
"""The keys that readline knows, as bytes become them, and how it compares and lists. Pure."""

from collections.abc import Iterator

ESCAPES = {
    "[A": "up", "[B": "down", "[C": "right", "[D": "left", "[H": "home", "[F": "end",
    "OA": "up", "OB": "down", "OC": "right", "OD": "left", "OH": "home", "OF": "end",
    "b": "word_left", "d": "word_right_kill", "f": "word_right", ".": "last_word",
    "[1~": "home", "[4~": "end", "[3~": "delete", "[7~": "home", "[8~": "end",
}  # fmt: skip
CONTROLS = {
    "\x01": "home", "\x02": "left", "\x05": "end", "\x06": "right", "\x08": "backspace", "\x7f": "backspace",
    "\x0b": "kill", "\x0c": "clear", "\x0e": "down", "\x10": "up", "\x14": "transpose", "\x15": "discard",
    "\x17": "word", "\x19": "yank", "\t": "complete",
}  # fmt: skip


def in_columns(names: list[str], columns: int) -> Iterator[str]:
    """Yield the rows in which readline lists what a word may become, sorted down each column."""
    width = max(map(len, names)) + 2
    rows = -(-len(names) // max(1, columns // width))
    for row in range(rows):
        yield "".join(f"{name:<{width}}" for name in names[row::rows])


def whole(data: bytes) -> tuple[str, bytes]:
    """Return the text of `data` without a character that is cut at its end, and that beginning of one."""
    for cut in range(1, min(4, len(data) + 1)):
        lead = data[-cut]
        if lead >= 0xC0:
            length = 4 if lead >= 0xF0 else 3 if lead >= 0xE0 else 2
            if length > cut:
                return data[:-cut].decode("utf-8", "surrogateescape"), data[-cut:]
            break
        if lead < 0x80:
            break
    return data.decode("utf-8", "surrogateescape"), b""


def alike(one: str, other: str) -> int:
    """Return how many characters both begin with: by halves, for a line is long and a key may be held down."""
    least, most = 0, min(len(one), len(other))
    while least < most:
        middle = (least + most + 1) // 2
        if one[least:middle] == other[least:middle]:
            least = middle
        else:
            most = middle - 1
    return least
