# SPDX-License-Identifier: MIT
r"""The line discipline of a terminal with readline's usual keys: bytes in; echo and finished lines out. Sans-IO.

Understood: printable text (UTF-8), Backspace, Delete, arrows, Home, End, Tab, ^A ^B ^C ^D ^E ^F ^K ^L ^N ^P ^R ^T ^U ^W
^Y, and with Meta b d f and the period. What is shown is what readline 8.2 sends to a terminal that inserts and deletes.
"""

import re
from collections.abc import Callable
from typing import Literal, NamedTuple

from decnet_decoys.terminal.keys import CONTROLS, ESCAPES, alike, in_columns, whole

MAX_LINE = 16 << 10
MAX_HISTORY = 500
MAX_HISTORY_CHARACTERS = 1 << 17
MAX_KEYS = 256
"""Bytes of input taken at once."""
MAX_ECHO = 32 << 10
"""Characters echoed at once: each key in the middle of a long line repeats what follows it."""

_BELL = "\a"
PASTED, UNPASTED = "\x1b[?2004h", "\x1b[?2004l\r"
"""Ask a terminal to mark what is pasted, and no longer: around every line that readline reads (`bracketed`)."""
_WORD, _WORD_BACKWARDS = re.compile(r"\w+"), re.compile(r"\W*\w+")
MAX_SEARCHED = 200


class Done(NamedTuple):
    """A line is finished, ^C was pressed, or ^D on an empty line."""

    how: Literal["line", "interrupt", "end"]
    text: str = ""


class LineEditor:
    """One terminal's input; `feed` until it says Done, then `begin` the next line."""

    def __init__(
        self,
        complete: Callable[[str], tuple[str, list[str]]] = lambda _text: ("", []),
        *,
        bracketed: bool = False,
        columns: int = 80,
    ) -> None:
        self._complete = complete
        self.bracket(bracketed)
        self._columns = columns
        self._killed = ""
        self._history: list[str] = []
        self._waiting = b""
        self.begin("")

    def bracket(self, marked: bool) -> None:
        """Have the terminal mark what is pasted into the lines that follow, or not."""
        self._on, self._off = (PASTED, UNPASTED) if marked else ("", "")

    def begin(self, prompt: str, *, echo: bool = True, keep: bool = False) -> str:
        """Begin a line; returns what to show. `keep` puts the finished line into the history."""
        self._line, self._at, self._escape = "", 0, ""
        self._prompt, self._echo, self._keep = prompt, echo, keep
        self._recalled = len(self._history)
        self._searched: str | None = None
        self._tabbed = False
        return self._on + prompt

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
        text, self._waiting = whole(self._waiting + data[:MAX_KEYS])
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
            return f"^C{self._off}{self._on}{self._off}\r\n", Done("interrupt")
        if character == "\x04":
            if not self._line:
                return self._off and self._off + "\r\n", Done("end")
            return self._act("delete"), None
        if character in CONTROLS:
            return self._act(CONTROLS[character]), None
        if character < " ":
            return "", None
        return self._insert(character), None

    def _finish(self) -> tuple[str, Done]:
        if self._keep and self._line.strip() and self._history[-1:] != [self._line]:
            self.remember([*self._history, self._line])
        return "\r\n" + self._off, Done("line", self._line)

    def _escaped(self, character: str) -> str:
        if character == "\x1b":
            self._escape = character
            return ""
        self._escape += character
        sequence = self._escape[1:]
        if sequence in ESCAPES:
            self._escape = ""
            return self._act(ESCAPES[sequence])
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
        if len(tail) > 1:
            return self._shown(f"\x1b[{len(text)}@{text}")
        return self._shown(text + tail + _left(len(tail)))

    def _shown(self, text: str) -> str:
        return text.replace("\t", " ") if self._echo else ""

    def _to(self, at: int) -> str:
        """Move the cursor: to the right by what stands there."""
        moved = _left(self._at - at) if at < self._at else self._line[self._at : at]
        self._at = at
        return self._shown(moved)

    def _do_left(self) -> str:
        return self._to(self._at - 1) if self._at else _BELL

    def _do_right(self) -> str:
        return self._to(self._at + 1) if self._at < len(self._line) else _BELL

    def _do_home(self) -> str:
        return self._to(0)

    def _do_end(self) -> str:
        return self._to(len(self._line))

    def _do_word_left(self) -> str:
        word = _WORD_BACKWARDS.match(self._line[self._at - 1 :: -1] if self._at else "")
        return self._to(self._at - word.end() if word is not None else 0)

    def _word_end(self) -> int:
        word = _WORD.search(self._line, self._at)
        return word.end() if word is not None else len(self._line)

    def _do_word_right(self) -> str:
        return self._to(self._word_end())

    def _do_word_right_kill(self) -> str:
        return self._cut(self._at, self._word_end(), killed=True)

    def _cut(self, start: int, end: int, *, killed: bool = False) -> str:
        """Take a part out of the line."""
        if start == end:
            return ""
        moved = self._to(start)
        if killed:
            self._killed = self._line[start:end]
        tail = self._line[end:]
        self._line = self._line[:start] + tail
        if not tail:
            return moved + self._shown("\x1b[K")
        again = tail + _left(1) if len(tail) == 1 else ""
        return moved + self._shown(f"\x1b[{end - start}P{again}")

    def _do_backspace(self) -> str:
        if self._at == 0:
            return _BELL
        if self._at == len(self._line):
            self._line, self._at = self._line[:-1], self._at - 1
            return self._shown("\b \b")
        return self._cut(self._at - 1, self._at)

    def _do_delete(self) -> str:
        return self._cut(self._at, self._at + 1) if self._at < len(self._line) else _BELL

    def _do_kill(self) -> str:
        return self._cut(self._at, len(self._line), killed=True)

    def _do_discard(self) -> str:
        return self._cut(0, self._at, killed=True)

    def _do_word(self) -> str:
        return self._cut(self._line[: self._at].rstrip().rfind(" ") + 1, self._at, killed=True)

    def _do_yank(self) -> str:
        return self._insert(self._killed) if self._killed else ""

    def _do_transpose(self) -> str:
        at = min(self._at, len(self._line) - 1) - 1
        if at < 0:
            return _BELL
        moved = self._to(at)
        turned = self._line[at + 1] + self._line[at]
        self._line, self._at = self._line[:at] + turned + self._line[at + 2 :], at + 2
        return moved + self._shown(turned)

    def _do_last_word(self) -> str:
        words = self._history[-1].rsplit(None, 1) if self._history else []
        return self._insert(words[-1]) if words else _BELL

    def _do_clear(self) -> str:
        behind = len(self._line) - self._at
        return self._shown("\x1b[H\x1b[2J" + self._prompt + self._line + _left(behind))

    def _do_up(self) -> str:
        return self._recall(self._recalled - 1)

    def _do_down(self) -> str:
        return self._recall(self._recalled + 1)

    def _recall(self, index: int) -> str:
        if not self._keep or not 0 <= index <= len(self._history):
            return _BELL
        self._recalled = index
        line = self._history[index] if index < len(self._history) else ""
        same = alike(self._line, line)
        shorter = len(line) < len(self._line)
        moved, self._line, self._at = self._to(same), line, len(line)
        return moved + self._shown(line[same:] + ("\x1b[K" if shorter else ""))

    def _do_complete(self) -> str:
        added, offered = self._complete(self._line[: self._at]) if self._keep else ("", [])
        listed, self._tabbed = self._tabbed and not added, not added
        if listed and offered:
            behind = len(self._line) - self._at
            rows = "\r\n".join(in_columns(offered, self._columns))
            return self._shown(f"\r\n{rows}\r\n{self._prompt}{self._line}{_left(behind)}")
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
    return "\b" * count
