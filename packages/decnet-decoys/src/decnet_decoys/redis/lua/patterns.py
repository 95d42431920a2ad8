# SPDX-License-Identifier: MIT
"""Patterns of Lua 5.1 (lua.org/manual/5.1, section 5.4.1): every attempt to match is a step of the script's budget."""

from __future__ import annotations

import string
from collections.abc import Callable
from typing import Final

from decnet_decoys.errors import DecoysError

_CLASSES: Final[dict[int, str]] = {
    ord("a"): string.ascii_letters, ord("d"): string.digits, ord("l"): string.ascii_lowercase,
    ord("s"): " \t\n\v\f\r", ord("u"): string.ascii_uppercase, ord("w"): string.ascii_letters + string.digits,
    ord("x"): string.hexdigits, ord("p"): string.punctuation, ord("c"): "".join(map(chr, [*range(32), 127])),
    ord("z"): "\0",
}  # fmt: skip
_LONGER: Final = tuple(b"%c" % one for one in b"b0123456789")
"""Behind a %: what stands for more than one byte."""
_MOST_DEPTH = 60
"""Of patterns within a pattern, and of its captures."""
_POSITION = -1
"""The length of a capture that is a position: `()`."""
_OPEN = -2


class PatternError(DecoysError):
    """What is wrong with a pattern, in Lua's words."""


class Match:
    """One attempt to match a pattern; `step` counts the work, and may end it."""

    def __init__(self, text: bytes, pattern: bytes, step: Callable[[], None]) -> None:
        self.text = text
        self._pattern = pattern
        self._step = step
        self._depth = 0
        self._captures: list[tuple[int, int]] = []
        """Where each begins, and its length."""

    def at(self, begin: int) -> int | None:
        """Return where the match that begins there ends, None when there is none."""
        self._captures = []
        return self._rest(begin, int(self._pattern[:1] == b"^"))

    def captures(self, begin: int, end: int) -> list[bytes | float]:
        """Return what was captured, the whole match when the pattern captures nothing."""
        found = [
            float(start + 1) if size == _POSITION else self.text[start : start + size] for start, size in self._captures
        ]
        return found or [self.text[begin:end]]

    def _rest(self, at: int, place: int) -> int | None:
        self._step()
        self._depth += 1
        try:
            if self._depth > _MOST_DEPTH:
                raise PatternError("pattern too complex")
            return self._item(at, place)
        finally:
            self._depth -= 1

    def _item(self, at: int, place: int) -> int | None:  # noqa: PLR0911  # a case for each kind of item
        pattern = self._pattern
        while place < len(pattern):
            if pattern[place] == ord("("):
                is_position = pattern[place + 1 : place + 2] == b")"
                return self._opened(at, place + 1 + is_position, _POSITION if is_position else _OPEN)
            if pattern[place] == ord(")"):
                return self._closed(at, place + 1)
            if pattern[place:] == b"$":
                return at if at == len(self.text) else None
            if pattern[place] == ord("%") and pattern[place + 1 : place + 2] in _LONGER:
                end = self._longer(at, place + 1)
                if end is None:
                    return None
                at, place = end, place + (4 if pattern[place + 1] == ord("b") else 2)
                continue
            after = self._class_end(place)
            sign = pattern[after : after + 1]
            if sign and sign in b"*+-?":
                return self._repeated(at, place, after, sign)
            if not self._fits(at, place, after):
                return None
            at, place = at + 1, after
        return at

    def _longer(self, at: int, place: int) -> int | None:
        """Return where what %b or a capture that is repeated fits ends; None: it does not fit."""
        if self._pattern[place] == ord("b"):
            return self._balanced(at, place + 1)
        return self._again(at, self._pattern[place] - ord("1"))

    def _opened(self, at: int, place: int, size: int) -> int | None:
        self._captures.append((at, size))
        end = self._rest(at, place)
        if end is None:
            self._captures.pop()
        return end

    def _closed(self, at: int, place: int) -> int | None:
        index = next((one for one in range(len(self._captures) - 1, -1, -1) if self._captures[one][1] == _OPEN), None)
        if index is None:
            raise PatternError("invalid pattern capture")
        start = self._captures[index][0]
        self._captures[index] = (start, at - start)
        end = self._rest(at, place)
        if end is None:
            self._captures[index] = (start, _OPEN)
        return end

    def _balanced(self, at: int, place: int) -> int | None:
        if place + 1 >= len(self._pattern):
            raise PatternError("unbalanced pattern")
        opens, closes = self._pattern[place], self._pattern[place + 1]
        if at >= len(self.text) or self.text[at] != opens:
            return None
        depth = 1
        for end in range(at + 1, len(self.text)):
            self._step()
            byte = self.text[end]
            depth += -1 if byte == closes else byte == opens
            if not depth:
                return end + 1
        return None

    def _again(self, at: int, index: int) -> int | None:
        if not 0 <= index < len(self._captures) or self._captures[index][1] < 0:
            raise PatternError("invalid capture index")
        start, size = self._captures[index]
        return at + size if self.text.startswith(self.text[start : start + size], at) else None

    def _class_end(self, place: int) -> int:
        pattern = self._pattern
        if pattern[place] == ord("%"):
            if place + 1 >= len(pattern):
                raise PatternError("malformed pattern (ends with '%')")
            return place + 2
        if pattern[place] != ord("["):
            return place + 1
        end = place + 1 + (pattern[place + 1 : place + 2] == b"^")
        first = True
        while first or pattern[end : end + 1] != b"]":
            if end >= len(pattern):
                raise PatternError("malformed pattern (missing ']')")
            end += 2 if pattern[end] == ord("%") else 1
            first = False
        return end + 1

    def _repeated(self, at: int, place: int, after: int, sign: bytes) -> int | None:
        if sign == b"?":
            once = self._rest(at + 1, after + 1) if self._fits(at, place, after) else None
            return self._rest(at, after + 1) if once is None else once
        least = at + (sign == b"+")
        if sign == b"-":
            end = self._rest(at, after + 1)
            while end is None and self._fits(at, place, after):
                at += 1
                end = self._rest(at, after + 1)
            return end
        most = at
        while self._fits(most, place, after):
            most += 1
        return next(
            (end for one in range(most, least - 1, -1) if (end := self._rest(one, after + 1)) is not None), None
        )

    def _fits(self, at: int, place: int, after: int) -> bool:
        self._step()
        if at >= len(self.text):
            return False
        byte, first = self.text[at], self._pattern[place]
        if first == ord("."):
            return True
        if first == ord("%"):
            return _in_class(byte, self._pattern[place + 1])
        return self._in_set(byte, place + 1, after - 1) if first == ord("[") else byte == first

    def _in_set(self, byte: int, place: int, end: int) -> bool:
        pattern = self._pattern
        negated = pattern[place] == ord("^")
        place += negated
        while place < end:
            if pattern[place] == ord("%"):
                if _in_class(byte, pattern[place + 1]):
                    return not negated
                place += 2
            elif pattern[place + 1 : place + 2] == b"-" and place + 2 < end:
                if pattern[place] <= byte <= pattern[place + 2]:
                    return not negated
                place += 3
            else:
                if pattern[place] == byte:
                    return not negated
                place += 1
        return negated


def _in_class(byte: int, letter: int) -> bool:
    known = _CLASSES.get(letter | 0x20) if chr(letter).isalpha() else None
    if known is None:
        return byte == letter
    return (chr(byte) in known) == bool(letter & 0x20)
