# SPDX-License-Identifier: MIT
"""Makes recorded terminal output safe to repeat on the operator's terminal (law 9).

An attacker chose much of it. What moves the cursor, erases and colours (ECMA-48) passes; what would set titles, write
the clipboard, ask the terminal for answers or switch its modes does not.
"""

import re

RESET = "\x1b[0m\x1b[?25h\x1b[?1049l"
"""Ends colours, a hidden cursor and the alternate screen."""

_LONGEST_SEQUENCE = 64

_ALLOWED = re.compile(r"\x1b\[(?:[0-9;]{0,32}[ABCDEFGHJKLMPSTX@dfm]|\?(?:25|1049)[hl])")
_CONTROL_SEQUENCE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
_STRING = re.compile(r"\x1b[PX\]^_].*?(?:\x07|\x1b\\)", re.DOTALL)
_OTHER = re.compile(r"\x1b[ -/]*[0-Z\\^_`a-~]")
_UNFINISHED = re.compile(r"\x1b(?:|[ -/]+|\[[0-?]*[ -/]*|[PX\]^_].*)", re.DOTALL)
_PASSES = "\n\r\t\b"


class OutputFilter:
    """Filters a stream that comes in pieces; a sequence may be cut anywhere."""

    def __init__(self) -> None:
        self._rest = ""

    def feed(self, text: str) -> str:
        """Return what of `text`, and of what was held back before it, is safe; the rest waits for the next piece."""
        text, self._rest = self._rest + text, ""
        shown: list[str] = []
        at = 0
        while (escape := text.find("\x1b", at)) >= 0:
            shown.append(_printable(text[at:escape]))
            end = self._sequence(text, escape, shown)
            if end is None:
                return "".join(shown)
            at = end
        shown.append(_printable(text[at:]))
        return "".join(shown)

    def _sequence(self, text: str, start: int, shown: list[str]) -> int | None:
        """Handle the sequence at `start` and return its end, None when it is not complete yet."""
        if allowed := _ALLOWED.match(text, start):
            shown.append(allowed.group())
            return allowed.end()
        for dropped in (_CONTROL_SEQUENCE, _STRING):
            if found := dropped.match(text, start):
                return found.end()
        if _UNFINISHED.fullmatch(text, start):
            self._rest = self._held(text[start:])
            return None
        other = _OTHER.match(text, start)
        return other.end() if other else start + 1

    def _held(self, unfinished: str) -> str:
        """Return what is kept of an unfinished sequence: of a string that goes on and on only that it has begun."""
        if len(unfinished) <= _LONGEST_SEQUENCE:
            return unfinished
        if unfinished[1] == "[":
            return ""
        return unfinished[:2] + ("\x1b" if unfinished.endswith("\x1b") else "")


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() or c in _PASSES else f"\\x{ord(c):02x}" for c in text if c != "\x07")
