# SPDX-License-Identifier: MIT
"""What a script finds in `string` that needs more than a line: find, match, gsub and format."""

from __future__ import annotations

import math
import re

from decnet_decoys.redis.lua.checks import Checks, integer
from decnet_decoys.redis.lua.patterns import Match, PatternError
from decnet_decoys.redis.lua.values import Table, Value, first, got, is_false, kind, number_of, shown, word

_DIRECTIVE = re.compile(rb"%([-+ #0]{0,5})(\d{0,2})(?:\.(\d{0,2}))?(.?)", re.DOTALL)
_SPECIAL = b"^$*+?.([%-"
_QUOTED = {b'"': b'\\"', b"\\": b"\\\\", b"\n": b"\\\n", b"\r": b"\\r", b"\0": b"\\000"}


class Texts(Checks):
    """The functions of one run."""

    def _text(self, value: Value, number: int, name: str) -> bytes:
        if isinstance(value, float):
            return shown(value)
        if not isinstance(value, bytes):
            raise self.run.fail(f"bad argument #{number} to '{name}' (string expected, got {got(value)})")
        return value

    def find(
        self, text: Value = None, pattern: Value = None, begin: Value = 1.0, plain: Value = None, *_: Value
    ) -> tuple[Value, ...]:
        whole, sought = self._text(text, 1, "find"), self._text(pattern, 2, "find")
        at = _begin(begin, len(whole))
        if not is_false(plain) or not any(byte in _SPECIAL for byte in sought):
            self.run.step(1 + len(whole) // 64)
            found = whole.find(sought, at)
            return (float(found + 1), float(found + len(sought))) if found >= 0 else (None,)
        matched = self._matched(whole, sought, at)
        if matched is None:
            return (None,)
        match, start, end = matched
        captured = match.captures(start, end) if b"(" in sought else []
        return (float(start + 1), float(end), *captured)

    def match(self, text: Value = None, pattern: Value = None, begin: Value = 1.0, *_: Value) -> tuple[Value, ...]:
        whole, sought = self._text(text, 1, "match"), self._text(pattern, 2, "match")
        matched = self._matched(whole, sought, _begin(begin, len(whole)))
        return (None,) if matched is None else tuple(matched[0].captures(matched[1], matched[2]))

    def gmatch(self, text: Value = None, pattern: Value = None, *_: Value) -> Value:
        whole, sought = self._text(text, 1, "gmatch"), self._text(pattern, 2, "gmatch")
        at = 0

        def following(*_: Value) -> tuple[Value, ...]:
            nonlocal at
            matched = self._matched(whole, sought, at) if at <= len(whole) else None
            if matched is None:
                return (None,)
            match, start, end = matched
            at = end + (end == start)
            return tuple(match.captures(start, end))

        return following

    def gsub(
        self, text: Value = None, pattern: Value = None, new: Value = None, most: Value = None, *_: Value
    ) -> tuple[Value, ...]:
        whole, sought = self._text(text, 1, "gsub"), self._text(pattern, 2, "gsub")
        if not isinstance(new, bytes | float | Table) and not callable(new):
            raise self.run.fail("bad argument #3 to 'gsub' (string/function/table expected)")
        limit = len(whole) + 1 if most is None else number_of(most) or 0
        parts, at, count = [], 0, 0
        match = self._match(whole, sought)
        while count < limit:
            end = self._at(match, at)
            if end is not None:
                count += 1
                parts.append(self._replacement(new, match, at, end))
                self.run.made(len(parts[-1]))
            if end is not None and end > at:
                at = end
            elif at < len(whole):
                parts.append(whole[at : at + 1])
                at += 1
            else:
                break
            if sought[:1] == b"^":
                break
        self.run.made(len(whole))
        return b"".join((*parts, whole[at:])), float(count)

    def format(self, form: Value = None, *given: Value) -> Value:
        values = iter(enumerate(given, 2))

        def one(found: re.Match[bytes]) -> bytes:
            if found[4] == b"%":
                return b"%"
            number, value = next(values, (0, None))
            if not number:
                raise self.run.fail(f"bad argument #{len(given) + 2} to 'format' (no value)")
            made = self._formatted(found, value, number)
            self.run.made(len(made))
            return made

        return _DIRECTIVE.sub(one, self._text(form, 1, "format"))

    def _formatted(self, found: re.Match[bytes], value: Value, number: int) -> bytes:
        letter, form = found[4], found[0]
        if letter == b"q":
            return (
                b'"' + re.sub(rb'["\\\n\r\0]', lambda one: _QUOTED[one[0]], self._text(value, number, "format")) + b'"'
            )
        if letter == b"s":
            return form % (self._text(value, number, "format") if not isinstance(value, bool | None) else word(value),)
        amount = number_of(value)
        if letter not in b"cdiouxXeEfgG" or not letter:
            raise self.run.fail(f"invalid option '%{letter.decode('latin-1')}' to 'format'")
        if amount is None:
            raise self.run.fail(f"bad argument #{number} to 'format' (number expected, got {got(value)})")
        if letter in b"eEfgG":
            return form % amount
        whole = int(amount) if math.isfinite(amount) else -(1 << 63)
        return (
            bytes((whole & 0xFF,)) if letter == b"c" else form % (whole & (1 << 64) - 1 if letter in b"ouxX" else whole)
        )

    def _match(self, whole: bytes, pattern: bytes) -> Match:
        return Match(whole, pattern, self.run.step)

    def _at(self, match: Match, at: int) -> int | None:
        try:
            return match.at(at)
        except PatternError as problem:
            raise self.run.fail(str(problem)) from None

    def _matched(self, whole: bytes, pattern: bytes, at: int) -> tuple[Match, int, int] | None:
        """Return the first match from there on, where it begins, and where it ends."""
        match = self._match(whole, pattern)
        for start in range(at, (at if pattern[:1] == b"^" else len(whole)) + 1):
            end = self._at(match, start)
            if end is not None:
                return match, start, end
        return None

    def _replacement(self, new: Value, match: Match, start: int, end: int) -> bytes:
        captured = match.captures(start, end)
        whole = match.text[start:end]
        if isinstance(new, bytes | float):
            return self._filled(new if isinstance(new, bytes) else shown(new), [whole, *captured])
        found = new.items.get(captured[0]) if isinstance(new, Table) else first(new(*captured))  # type: ignore[operator, misc]
        if is_false(found):
            return whole
        if not isinstance(found, bytes | float):
            raise self.run.fail(f"invalid replacement value (a {kind(found)})")
        return found if isinstance(found, bytes) else shown(found)

    def _filled(self, new: bytes, captured: list[bytes | float]) -> bytes:
        def one(found: re.Match[bytes]) -> bytes:
            if not found[1].isdigit():
                return found[1]
            index = int(found[1])
            if index >= len(captured):
                raise self.run.fail("invalid capture index")
            value = captured[index]
            return value if isinstance(value, bytes) else shown(value)

        return re.sub(rb"%(.)", one, new, flags=re.DOTALL)


def _begin(value: Value, length: int) -> int:
    at = integer(value, 1)
    return max(0, at - 1 if at > 0 else at + length if at < 0 else 0)
