# SPDX-License-Identifier: MIT
"""Vim as `vi` on Debian: normal and insert mode, and the commands behind a colon that are in everybody's fingers."""

from decnet_decoys.shell.editors.ex_commands import Ex
from decnet_decoys.shell.editors.screen import ROWS, Window, painted
from decnet_decoys.shell.editors.text_buffer import TextBuffer

_HEIGHT = ROWS - 1
MAX_COUNT = 5000
MAX_COMMAND = 1024
_MOVES = {
    "h": (0, -1), "l": (0, 1), "j": (1, 0), "k": (-1, 0), "up": (-1, 0), "down": (1, 0), "left": (0, -1),
    "right": (0, 1), " ": (0, 1), "\x7f": (0, -1), "\b": (0, -1), "\r": (1, 0), "\x06": (_HEIGHT, 0),
    "\x02": (-_HEIGHT, 0), "page up": (-_HEIGHT, 0), "page down": (_HEIGHT, 0), "\x04": (12, 0), "\x15": (-12, 0),
}  # fmt: skip
_INSERTS = frozenset("iIaAoOsScC")
_TWO_KEYS = frozenset("dyZgrc")


class Vi:
    """One run of the editor; `key` until `finished`. What it wants written is in `written`, taken by who runs it."""

    def __init__(self, path: str, data: bytes | None, columns: int, *, read_only: bool = False) -> None:
        self.buffer = TextBuffer(data or b"")
        self.path, self._columns = path, columns
        self.finished = False
        self.written: tuple[str, bytes] | None = None
        self.message = self._opened(data, read_only=read_only)
        self._ex = Ex(read_only=read_only)
        self._mode, self._command, self._pending, self._count = "normal", "", "", ""
        self._kept: list[str] = []
        self._searched = ""
        self._window = Window(_HEIGHT, columns)

    def _opened(self, data: bytes | None, *, read_only: bool) -> str:
        if not self.path:
            return ""
        if data is None:
            return f'"{self.path}" [New]'
        return f'"{self.path}"{" [readonly]" if read_only else ""} {self.buffer.count}L, {len(data)}B'

    def saved(self, problem: str | None) -> None:
        """Take note that `written` was written, or why not."""
        self.message = problem or f'"{self._ex.target}" {self.buffer.count}L, {len(self.buffer.data)}B written'
        self.buffer.modified = self.buffer.modified and problem is not None
        self.finished = self._ex.leaves and problem is None

    def key(self, key: str) -> None:
        """Handle one key."""
        getattr(self, f"_in_{self._mode}")(key)

    def _in_insert(self, key: str) -> None:
        buffer = self.buffer
        if key in ("escape", "\x03"):
            self._mode, self.message = "normal", ""
            buffer.move(0, -1)
        elif key in ("\r", "\n"):
            buffer.insert("\n")
        elif key in ("\x7f", "\b"):
            buffer.backspace()
        elif key == "delete":
            buffer.delete()
        elif key in ("home", "end"):
            buffer.column = 0 if key == "home" else len(buffer.line)
        elif key in ("up", "down", "left", "right"):
            buffer.move(*_MOVES[key])
        elif len(key) == 1 and (key >= " " or key == "\t"):
            buffer.insert(key)

    def _in_command(self, key: str) -> None:
        """Read what follows a colon or a slash."""
        if key in ("escape", "\x03") or (key in ("\x7f", "\b") and len(self._command) == 1):
            self._mode, self._command = "normal", ""
        elif key in ("\x7f", "\b"):
            self._command = self._command[:-1]
        elif key not in ("\r", "\n"):
            self._command += key if len(key) == 1 and key >= " " and len(self._command) < MAX_COMMAND else ""
        else:
            typed, self._mode, self._command = self._command, "normal", ""
            self._entered(typed)

    def _entered(self, typed: str) -> None:
        if typed[0] == "/":
            self._searched = typed[1:] or self._searched
            self._search()
            return
        self.message = self._ex.run(typed[1:].strip(), self.buffer, self.path)
        self.path = self.path or self._ex.target
        self.finished = self._ex.finished
        self.written = (self._ex.target, self.buffer.data) if self._ex.writes else None

    def _search(self) -> None:
        found = bool(self._searched) and self.buffer.find(self._searched)
        self.message = f"/{self._searched}" if found else f"E486: Pattern not found: {self._searched}"

    def _in_normal(self, key: str) -> None:
        if key.isdecimal() and (key != "0" or self._count) and not self._pending:
            self._count = (self._count + key)[:4]
            return
        pressed = self._pending + key
        if pressed in _TWO_KEYS:
            self._pending = pressed
            return
        count = min(int(self._count or 1), MAX_COUNT)
        counted, self._pending, self._count = bool(self._count), "", ""
        if pressed in _MOVES:
            rows, columns = _MOVES[pressed]
            self.buffer.move(rows * count, columns * count, past_end=False)
        elif pressed in _INSERTS or pressed == "cc":
            self.buffer.keep()
            self._insert(pressed)
        elif pressed in (":", "/"):
            self._mode, self._command = "command", pressed
        elif pressed in ("G", "gg"):
            last = len(self.buffer.lines) - 1
            self.buffer.row = min(last, count - 1) if counted or pressed == "gg" else last
            self.buffer.column = 0
        else:
            self._changed(pressed, count)

    def _insert(self, key: str) -> None:
        buffer = self.buffer
        self._mode, self.message = "insert", "-- INSERT --"
        if key in "IA":
            buffer.column = 0 if key == "I" else len(buffer.line)
        elif key == "a":
            buffer.move(0, 1)
        elif key in "oO":
            buffer.put_lines(buffer.row + (key == "o"), [""])
            buffer.row, buffer.column = min(buffer.row + (key == "o"), len(buffer.lines) - 1), 0
        elif key == "s":
            buffer.delete()
        elif key in ("S", "cc", "C"):
            buffer.column = buffer.column if key == "C" else 0
            buffer.replace(buffer.row, buffer.line[: buffer.column])

    def _changed(self, pressed: str, count: int) -> None:
        """Do what changes the text, or moves in it by its words."""
        buffer = self.buffer
        if pressed in ("x", "dd", "D", "d$", "dw", "p", "P", "J", "~") or (pressed[0] == "r" and len(pressed) == 2):
            buffer.keep()
        if pressed in ("x", "delete"):
            buffer.replace(buffer.row, buffer.line[: buffer.column] + buffer.line[buffer.column + count :])
            buffer.move(0, 0, past_end=False)
        elif pressed in ("D", "d$"):
            buffer.replace(buffer.row, buffer.line[: buffer.column])
            buffer.move(0, -1)
        elif pressed == "dw":
            buffer.replace(buffer.row, buffer.line[: buffer.column] + buffer.line[self._next_word() :])
        elif pressed == "dd":
            self._kept = buffer.take_lines(count)
        elif pressed in ("yy", "Y"):
            self._kept = buffer.lines[buffer.row : buffer.row + count]
        elif pressed in ("p", "P"):
            buffer.put_lines(buffer.row + (pressed == "p"), self._kept)
            buffer.move(int(pressed == "p" and bool(self._kept)), 0)
        elif pressed == "u":
            self.message = "" if buffer.undo() else "Already at oldest change"
        else:
            self._other(pressed)

    def _other(self, pressed: str) -> None:
        buffer = self.buffer
        if pressed in ("0", "^", "home", "$", "end"):
            buffer.column = 0 if pressed in ("0", "^", "home") else max(0, len(buffer.line) - 1)
        elif pressed == "w":
            buffer.column = min(self._next_word(), max(0, len(buffer.line) - 1))
        elif pressed == "b":
            buffer.column = buffer.line[: buffer.column].rstrip().rfind(" ") + 1
        elif pressed == "J" and buffer.row + 1 < len(buffer.lines):
            following = buffer.lines.pop(buffer.row + 1)
            buffer.replace(buffer.row, f"{buffer.line} {following.lstrip()}")
        elif pressed[0] == "r" and len(pressed) == 2:
            buffer.replace(buffer.row, buffer.line[: buffer.column] + pressed[1] + buffer.line[buffer.column + 1 :])
        elif pressed == "n":
            self._search()
        elif pressed in ("ZZ", "ZQ"):
            self._entered(":x" if pressed == "ZZ" else ":q!")

    def _next_word(self) -> int:
        line, at = self.buffer.line, self.buffer.column
        gap = line.find(" ", at)
        return len(line) if gap < 0 else gap + len(line[gap:]) - len(line[gap:].lstrip())

    def screen(self) -> str:
        """Return the whole screen."""
        buffer, wide = self.buffer, self._columns
        body, place = self._window.shown(buffer.lines, buffer.row, buffer.column)
        rows = [*body, *["~"] * (_HEIGHT - len(body))]
        below = self._command or self.message
        ruler = f"{buffer.row + 1},{buffer.column + 1}"
        rows.append(below[:wide] if self._command else f"{below[: wide - 20]:<{wide - 19}}{ruler:<13} All")
        return painted(rows, wide, (ROWS - 1, len(self._command)) if self._command else place)
