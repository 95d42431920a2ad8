# SPDX-License-Identifier: MIT
"""less and more: a page at a time, forth and back, to what is searched for, until q."""

from decnet_decoys.shell.editors.screen import ROWS, printable
from decnet_decoys.shell.encoding import decode

MAX_BYTES = 1 << 20
MAX_LINES = 20_000
_HEIGHT = ROWS - 1
_FORTH = frozenset((" ", "f", "\x06", "\x16", "page down", "z"))
_BACK = frozenset(("b", "\x02", "page up", "w"))
_LINE_FORTH = frozenset(("\r", "\n", "j", "e", "down", "\x0e"))
_LINE_BACK = frozenset(("k", "y", "up", "\x10"))


class Pager:
    """One run; `key` until `finished`."""

    def __init__(self, name: str, data: bytes, columns: int, *, is_less: bool) -> None:
        self._lines = decode(data[:MAX_BYTES]).split("\n")[:MAX_LINES]
        if len(self._lines) > 1 and not self._lines[-1]:
            self._lines.pop()
        self._name, self._columns, self._is_less = name, columns, is_less
        self._first, self._search, self._typed = 0, "", ""
        self.finished = not is_less and len(self._lines) <= _HEIGHT
        self._named = bool(name)

    @property
    def _last(self) -> int:
        return max(0, len(self._lines) - _HEIGHT)

    def key(self, key: str) -> None:
        """Handle one key."""
        if self._typed:
            self._in_search(key)
            return
        self._named = False
        if key in ("q", "Q", "\x03"):
            self.finished = key != "\x03" or not self._is_less
        elif key in _FORTH:
            self._go(self._first + _HEIGHT)
        elif key in _BACK:
            self._go(self._first - _HEIGHT)
        elif key in _LINE_FORTH:
            self._go(self._first + 1)
        elif key in _LINE_BACK:
            self._go(self._first - 1)
        elif key in ("g", "<", "home", "G", ">", "end"):
            self._go(0 if key in ("g", "<", "home") else self._last)
        elif key == "/":
            self._typed = "/"
        elif key == "n":
            self._find()

    def _go(self, first: int) -> None:
        self.finished = not self._is_less and first >= self._last
        self._first = max(0, min(first, self._last))

    def _in_search(self, key: str) -> None:
        if key in ("\r", "\n"):
            self._search, self._typed = self._typed[1:] or self._search, ""
            self._find()
        elif key in ("\x7f", "\b"):
            self._typed = self._typed[:-1]
        elif key in ("escape", "\x03"):
            self._typed = ""
        elif len(key) == 1 and key >= " " and len(self._typed) < 256:
            self._typed += key

    def _find(self) -> None:
        for row in range(self._first + 1, len(self._lines)):
            if self._search and self._search in self._lines[row]:
                self._go(row)
                return

    def screen(self) -> str:
        """Return the page with the prompt below."""
        shown = self._lines[self._first : self._first + _HEIGHT]
        rows = [printable(line, self._columns) for line in shown]
        page = "".join(f"\r{row}\x1b[K\n" for row in rows)
        at_end = self._first >= self._last
        if self._is_less:
            rest = "~\x1b[K\n" * (_HEIGHT - len(rows))
            prompt = self._typed or ("\x1b[7m(END)\x1b[27m" if at_end else ":")
            if self._named and not self._typed:
                prompt = f"\x1b[7m{self._name}{' (END)' if at_end else ''}\x1b[27m"
            return f"\x1b[H{page}{rest}\r{prompt}\x1b[K"
        if self.finished:
            return f"\r\x1b[K{page}"
        percent = (self._first + len(shown)) * 100 // max(1, len(self._lines))
        return f"\r\x1b[K{page}\x1b[7m--More--({percent}%)\x1b[27m"
