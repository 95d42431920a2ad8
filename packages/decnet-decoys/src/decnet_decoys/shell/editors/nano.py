# SPDX-License-Identifier: MIT
"""GNU nano 7.2 as it is used: typing, arrows, ^O, ^X, ^K, ^U, ^W, ^A, ^E; the two rows of help below."""

from decnet_decoys.shell.editors.screen import ROWS, Window, painted
from decnet_decoys.shell.editors.text_buffer import TextBuffer

_HELP = (
    "^G Help        ^O Write Out   ^W Where Is    ^K Cut         ^T Execute     ^C Location",
    "^X Exit        ^R Read File   ^\\ Replace     ^U Paste       ^J Justify     ^/ Go To Line",
)
_PROMPTS = {"save": "Save modified buffer?  ", "name": "File Name to Write: ", "search": "Search: "}
_ANSWERS = (" Y Yes", " N No           ^C Cancel")
_MOVES = {
    "up": (-1, 0), "down": (1, 0), "left": (0, -1), "right": (0, 1), "\x10": (-1, 0), "\x0e": (1, 0), "\x02": (0, -1),
    "\x06": (0, 1), "page up": (-20, 0), "page down": (20, 0), "\x19": (-20, 0), "\x16": (20, 0),
}  # fmt: skip
_HEIGHT = ROWS - 4
MAX_ANSWER = 1024


class Nano:
    """One run of the editor; `key` until `finished`. What it wants written is in `written`, taken by who runs it."""

    def __init__(self, path: str, data: bytes | None, columns: int) -> None:
        self.buffer = TextBuffer(data or b"")
        self.path, self._columns = path, columns
        self.finished = False
        self.written: tuple[str, bytes] | None = None
        count = self.buffer.count
        self.message = "[ New File ]" if data is None else f"[ Read {count} line{'s' if count != 1 else ''} ]"
        self._asking, self._answer = "", ""
        self._leaves = False
        self._window = Window(_HEIGHT, columns)
        self._cut: list[str] = []

    def saved(self, problem: str | None) -> None:
        """Take note that `written` was written, or why not."""
        count = len(self.buffer.lines)
        self.message = f"[ {problem} ]" if problem else f"[ Wrote {count} line{'s' if count != 1 else ''} ]"
        self.buffer.modified = self.buffer.modified and problem is not None
        self.finished = self._leaves and problem is None
        self._leaves = False

    def key(self, key: str) -> None:
        """Handle one key."""
        if self._asking:
            self._answered(key)
            return
        self.message = ""
        buffer = self.buffer
        if key in _MOVES:
            buffer.move(*_MOVES[key])
        elif key in ("\r", "\n"):
            buffer.insert("\n")
        elif key in ("\x7f", "\b"):
            buffer.backspace()
        elif key in ("delete", "\x04"):
            buffer.delete()
        elif key in ("home", "\x01", "end", "\x05"):
            buffer.column = 0 if key in ("home", "\x01") else len(buffer.line)
        elif len(key) == 1 and (key >= " " or key == "\t"):
            buffer.insert(key)
        else:
            self._command(key)

    def _command(self, key: str) -> None:
        if key == "\x18":
            self._asking, self._leaves = ("save" if self.buffer.modified else ""), True
            self.finished = not self.buffer.modified
        elif key == "\x0f":
            self._asking, self._answer = "name", self.path
        elif key == "\x17":
            self._asking, self._answer = "search", ""
        elif key == "\x0b":
            self._cut = self.buffer.take_lines(1)
        elif key == "\x15":
            self.buffer.put_lines(self.buffer.row, self._cut)
            self.buffer.move(len(self._cut), 0)
        elif key == "\x03":
            row, lines = self.buffer.row + 1, len(self.buffer.lines)
            self.message = f"[ line {row}/{lines} ({row * 100 // lines}%), col {self.buffer.column + 1} ]"

    def _answered(self, key: str) -> None:
        if key == "\x03":
            self._asking, self._leaves, self.message = "", False, "[ Cancelled ]"
        elif self._asking == "save":
            self._asking = "name" if key in "yY" else "save" if key not in "nN" else ""
            self._answer, self.finished = self.path, key in "nN"
        elif key in ("\r", "\n"):
            asked, self._asking = self._asking, ""
            if asked == "search":
                found = self._answer and self.buffer.find(self._answer)
                self.message = "" if found else f'[ "{self._answer}" not found ]'
            elif self._answer:
                self.path, self.written = self._answer, (self._answer, self.buffer.data)
            else:
                self.message, self._leaves = "[ Cancelled ]", False
        elif key in ("\x7f", "\b"):
            self._answer = self._answer[:-1]
        elif len(key) == 1 and key >= " " and len(self._answer) < MAX_ANSWER:
            self._answer += key

    def screen(self) -> str:
        """Return the whole screen."""
        buffer, wide = self.buffer, self._columns
        body, (row, column) = self._window.shown(buffer.lines, buffer.row, buffer.column)
        title = f"  GNU nano 7.2{(self.path or 'New Buffer').center(wide - 28)[: wide - 28]}"
        head = f"\x1b[7m{title}{'Modified' if buffer.modified else '':<14}\x1b[m"
        rows = [head, *body, *[""] * (_HEIGHT - len(body))]
        prompt = _PROMPTS.get(self._asking, "") + ("" if self._asking in ("", "save") else self._answer)
        rows.append(f"\x1b[7m{prompt:<{wide}}\x1b[m" if prompt else f"\x1b[7m{self.message}\x1b[m".center(wide))
        rows += _ANSWERS if self._asking == "save" else _HELP
        return painted(rows, wide + 8, (ROWS - 3, len(prompt)) if prompt else (1 + row, column))
