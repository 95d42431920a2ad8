# SPDX-License-Identifier: MIT
r"""The line discipline of a terminal with readline's usual keys: bytes in; echo and finished lines out. Sans-IO.

Understood: printable text (UTF-8), Backspace, Delete, arrows, Home, End, ^A ^B ^C ^D ^E ^F ^K ^L ^N ^P ^R ^U ^W, Tab.
"""

from collections.abc import Callable
from typing import Literal, NamedTuple

MAX_LINE = 16 << 10
MAX_HISTORY = 500
MAX_HISTORY_CHARACTERS = 1 << 17
MAX_KEYS = 256
"""Bytes of input taken at once."""
MAX_ECHO = 32 << 10
"""Characters echoed at once: each key in the middle of a long line repeats what follows it."""

_ESCAPES = {
    "[A": "up", "[B": "down", "[C": "right", "[D": "left", "[H": "home", "[F": "end",
    "OA": "up", "OB": "down", "OC": "right", "OD": "left", "OH": "home", "OF": "end",
    "[1~": "home", "[4~": "end", "[3~": "delete", "[7~": "home", "[8~": "end",
}  # fmt: skip
_CONTROLS = {
    "\x01": "home", "\x02": "left", "\x05": "end", "\x06": "right", "\x08": "backspace", "\x7f": "backspace",
    "\x0b": "kill", "\x0c": "clear", "\x0e": "down", "\x10": "up", "\x15": "discard", "\x17": "word", "\t": "complete",
}  # fmt: skip
_BELL = "\a"
MAX_SEARCHED = 200


class Done(NamedTuple):
    """A line is finished, ^C was pressed, or ^D on an empty line."""

    how: Literal["line", "interrupt", "end"]
    text: str = ""


class LineEditor:
    """One terminal's input; `feed` until it says Done, then `begin` the next line."""

    def __init__(self, complete: Callable[[str], tuple[str, list[str]]] = lambda _text: ("", [])) -> None:
        self._complete = complete
        self._history: list[str] = []
        self._waiting = b""
        self.begin("")

    def begin(self, prompt: str, *, echo: bool = True, keep: bool = False) -> str:
        """Begin a line; returns what to show. `keep` puts the finished line into the history."""
        self._line, self._at, self._escape = "", 0, ""
        self._prompt, self._echo, self._keep = prompt, echo, keep
        self._recalled = len(self._history)
        self._searched: str | None = None
        self._tabbed = False
        return prompt

    def remember(self, lines: list[str]) -> None:
        """Fill the history with earlier lines."""
        self._history = lines[-MAX_HISTORY:]
        excess = sum(map(len, self._history)) - MAX_HISTORY_CHARACTERS
        while excess > 0:
            excess -= len(self._history.pop(0))
        self._recalled = len(self._history)

    def feed(self, data: bytes) -> tuple[str, Done | None, bytes]:
        """Take input; returns what to echo, what was finished if anything, and the input that was not taken.

        That is what follows a finished line, or what would take too long in one go.
        """
        rest = data[MAX_KEYS:]
        text, self._waiting = _whole(self._waiting + data[:MAX_KEYS])
        shown: list[str] = []
        left = MAX_ECHO
        for index, character in enumerate(text):
            echo, done = self._key(character)
            shown.append(echo)
            left -= len(echo)
            if done is not None or left < 0 or character == "\t" or self._searched is not None:
                following = text[index + 1 :]
                if done is not None and character == "\r" and following.startswith("\n"):
                    following = following[1:]
                rest = following.encode("utf-8", "surrogateescape") + self._waiting + rest
                self._waiting = b""
                return "".join(shown), done, rest
        return "".join(shown), None, rest

    def _key(self, character: str) -> tuple[str, Done | None]:  # noqa: PLR0911  # one for each kind of key
        if self._searched is not None:
            return self._search(character)
        self._tabbed = self._tabbed and character == "\t"
        if character == "\x12" and self._keep:
            self._searched = ""
            return self._show_search(), None
        if self._escape or character == "\x1b":
            return self._escaped(character), None
        if character in "\r\n":
            return self._finish()
        if character == "\x03":
            return "^C\r\n", Done("interrupt")
        if character == "\x04":
            if not self._line:
                return "", Done("end")
            return self._act("delete"), None
        if character in _CONTROLS:
            return self._act(_CONTROLS[character]), None
        if character < " ":
            return "", None
        return self._insert(character), None

    def _finish(self) -> tuple[str, Done]:
        if self._keep and self._line.strip() and self._history[-1:] != [self._line]:
            self.remember([*self._history, self._line])
        return "\r\n", Done("line", self._line)

    def _escaped(self, character: str) -> str:
        if character == "\x1b":
            self._escape = character
            return ""
        self._escape += character
        sequence = self._escape[1:]
        if sequence in _ESCAPES:
            self._escape = ""
            return self._act(_ESCAPES[sequence])
        ended = len(sequence) > 1 and (character.isalpha() or character == "~")
        if ended or len(sequence) > 16 or sequence[0] not in "[O":
            self._escape = ""
        return ""

    def _act(self, action: str) -> str:
        return str(getattr(self, f"_do_{action}")())

    def _insert(self, text: str) -> str:
        if len(self._line) + len(text) > MAX_LINE:
            return _BELL
        tail = self._line[self._at :]
        self._line = self._line[: self._at] + text + tail
        self._at += len(text)
        return self._shown(text + tail + _left(len(tail)))

    def _shown(self, text: str) -> str:
        return text.replace("\t", " ") if self._echo else ""

    def _do_left(self) -> str:
        if self._at == 0:
            return ""
        self._at -= 1
        return self._shown(_left(1))

    def _do_right(self) -> str:
        if self._at == len(self._line):
            return ""
        self._at += 1
        return self._shown("\x1b[C")

    def _do_home(self) -> str:
        moved, self._at = self._at, 0
        return self._shown(_left(moved))

    def _do_end(self) -> str:
        moved, self._at = len(self._line) - self._at, len(self._line)
        return self._shown(f"\x1b[{moved}C" if moved else "")

    def _do_backspace(self) -> str:
        if self._at == 0:
            return ""
        self._at -= 1
        return self._shown("\b") + self._do_delete()

    def _do_delete(self) -> str:
        tail = self._line[self._at + 1 :]
        self._line = self._line[: self._at] + tail
        return self._shown(tail + "\x1b[K" + _left(len(tail)))

    def _do_kill(self) -> str:
        self._line = self._line[: self._at]
        return self._shown("\x1b[K")

    def _do_discard(self) -> str:
        back, self._line = self._at, self._line[self._at :]
        self._at = 0
        return self._shown(_left(back) + self._line + "\x1b[K" + _left(len(self._line)))

    def _do_word(self) -> str:
        head = self._line[: self._at].rstrip()
        start = head.rfind(" ") + 1
        back, tail = self._at - start, self._line[self._at :]
        self._line, self._at = self._line[:start] + tail, start
        return self._shown(_left(back) + tail + "\x1b[K" + _left(len(tail)))

    def _do_clear(self) -> str:
        behind = len(self._line) - self._at
        return self._shown("\x1b[H\x1b[2J" + self._prompt + self._line + _left(behind))

    def _do_up(self) -> str:
        return self._recall(self._recalled - 1)

    def _do_down(self) -> str:
        return self._recall(self._recalled + 1)

    def _recall(self, index: int) -> str:
        if not self._keep or not 0 <= index <= len(self._history):
            return ""
        back, self._recalled = self._at, index
        self._line = self._history[index] if index < len(self._history) else ""
        self._at = len(self._line)
        return self._shown(_left(back) + self._line + "\x1b[K")

    def _do_complete(self) -> str:
        added, offered = self._complete(self._line[: self._at]) if self._keep else ("", [])
        listed, self._tabbed = self._tabbed and not added, not added
        if listed and offered:
            behind = len(self._line) - self._at
            return self._shown(f"\r\n{'  '.join(offered)}\r\n{self._prompt}{self._line}{_left(behind)}")
        return self._insert(added) if added else self._shown(_BELL)

    def _search(self, character: str) -> tuple[str, Done | None]:
        """Handle a key of the reverse search that ^R began; any other takes what was found, and does what it does."""
        searched = self._searched or ""
        if character == "\x12":
            self._recalled = self._found(searched, self._recalled)
        elif character in "\x7f\b":
            self._searched, self._recalled = searched[:-1], self._found(searched[:-1], len(self._history))
        elif character >= " ":
            longer = (searched + character)[:MAX_SEARCHED]
            self._searched, self._recalled = longer, self._found(longer, self._recalled + 1)
        else:
            self._searched = None
            at = self._recalled if character not in "\x07\x03" else len(self._history)
            self._line = self._history[at] if at < len(self._history) else ""
            self._at = len(self._line)
            shown = self._shown(f"\r\x1b[K{self._prompt}{self._line}")
            if character in "\x07\x1b":
                return shown, None
            echo, done = self._key(character)
            return shown + echo, done
        return self._show_search(), None

    def _found(self, text: str, before: int) -> int:
        """Return the newest line before that one which has the text, the same as before if none has."""
        fits = (index for index in range(min(before, len(self._history)) - 1, -1, -1) if text in self._history[index])
        return next(fits, min(before, len(self._history)))

    def _show_search(self) -> str:
        line = self._history[self._recalled] if self._recalled < len(self._history) else ""
        return self._shown(f"\r\x1b[K(reverse-i-search)`{self._searched}': {line}")


def _left(count: int) -> str:
    return f"\x1b[{count}D" if count else ""


def _whole(data: bytes) -> tuple[str, bytes]:
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
