# SPDX-License-Identifier: MIT
"""Regular expressions that an attacker chose, matched by RE2: in time linear in the text, with bounded memory.

POSIX basic and extended syntax (POSIX.1-2017, Base Definitions, chapter 9) and what of Perl's RE2 has are translated.
RE2 has no back-references; a pattern with one fits nothing.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, NamedTuple

from decnet_decoys.errors import DecoysError

MAX_PATTERN = 2048
"""Bytes of a pattern."""
MAX_MEMORY = 1 << 20
"""Bytes that one compiled pattern may take."""
MAX_WORK = 1 << 20
"""Bytes of a text times instructions of a program that one search may take: some ten milliseconds at worst."""
MAX_PROGRAM = 8 << 10
"""Instructions of a program: `(a?){1000}` twenty times is 40,000, and takes 100 ms for two dozen bytes."""
_SMALL_PROGRAM = 1 << 10
"""Of a longer one an instruction takes up to four times as long: the states that RE2 builds are as large as it is."""
MAX_GROUPS = 9
"""Groups whose places are kept: no replacement can name more."""
_CLASSES = {b"w": b"[0-9A-Za-z_]", b"W": b"[^0-9A-Za-z_]", b"s": rb"\s", b"S": rb"\S", b"b": rb"\b", b"B": rb"\B"}
_PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_ \t-/:;,=@%&#!~\"'<>`")


class BadPatternError(DecoysError, ValueError):
    """The pattern is none; the message is grep's."""


class Match(NamedTuple):
    """Where a pattern fits, and where its groups do; (-1, -1) for one that took no part."""

    spans: tuple[tuple[int, int], ...]

    @property
    def start(self) -> int:
        return self.spans[0][0]

    @property
    def end(self) -> int:
        return self.spans[0][1]


class Pattern:
    """A compiled pattern; a None of it fits nothing.

    RE2's automaton is fast as long as nobody asks for groups and it does not outgrow its memory. Otherwise each byte
    costs as much as the program is long, so that only so much of a text is searched.
    """

    def __init__(self, source: bytes | None, *, ignore_case: bool, longest: bool, inner: bool = False) -> None:
        """`inner`: what fits the first group is what is found; the rest only has to be around it."""
        self._source, self._ignore_case, self._longest, self._inner = source, ignore_case, longest, inner
        self._whole = None if source is None else self._compiled(never_capture=True)
        if self._whole is not None and self._whole.programsize > MAX_PROGRAM:
            raise BadPatternError("Regular expression too big")
        self._with_groups: Any = None

    def _compiled(self, *, never_capture: bool) -> Any:
        import re2  # type: ignore[import-untyped]  # google-re2 ships no type information

        options = re2.Options()
        options.max_mem = MAX_MEMORY
        options.log_errors = False
        options.longest_match = self._longest
        options.case_sensitive = not self._ignore_case
        options.never_capture = never_capture
        try:
            return re2.compile(self._source, options)
        except re2.error as error:
            raise BadPatternError(_complaint(str(error))) from error

    def search(self, text: bytes, start: int = 0, *, groups: bool = False) -> Match | None:
        """Return where it fits first from `start`, with its groups if asked."""
        if self._whole is None:
            return None
        found = self._whole.search(text, start, _end(self._whole, text, start))
        if found is None:
            return None
        span = found.span(0)
        if not groups and not self._inner:
            return Match((span,))
        if self._with_groups is None:
            self._with_groups = self._compiled(never_capture=False)
        program = self._with_groups
        found = program.search(text, span[0], min(len(text), _end(program, text, span[0])))
        if found is None:
            return Match((span,))
        return Match(tuple(found.span(index) for index in range(self._inner, program.groups + 1)))

    def fits(self, text: bytes) -> bool:
        return self.search(text) is not None


def _end(program: Any, text: bytes, start: int) -> int:
    size = int(program.programsize)
    return min(len(text), start + (MAX_WORK if size < _SMALL_PROGRAM else MAX_WORK // 4) // size)


@lru_cache(maxsize=64)
def compiled(pattern: bytes, *, extended: bool, ignore_case: bool = False, perl: bool = False) -> Pattern:
    """Return a pattern ready to be matched; raises BadPatternError."""
    if len(pattern) > MAX_PATTERN:
        raise BadPatternError("Regular expression too big")
    if perl:
        source = _around(pattern)
        return Pattern(source, ignore_case=ignore_case, longest=False, inner=source != pattern)
    return Pattern(_Translation(pattern, extended=extended).whole(), ignore_case=ignore_case, longest=True)


_BEHIND = re.compile(rb"\(\?<=((?:[^()\\\[\]]|\\.|\[[^\]]{1,64}\])*+)\)")
_AHEAD = re.compile(rb"\(\?=((?:[^()\\\[\]]|\\.|\[[^\]]{1,64}\])*+)\)$")
_KEPT_OUT = re.compile(rb"((?:[^\\|]|\\[^K])*+)\\K")


def _around(pattern: bytes) -> bytes:
    r"""Return a pattern whose first group is what is found, where one of Perl begins with what is to be before it.

    That is `(?<=...)` or `...\K`, and at the end `(?=...)`. RE2 has none of them, and elsewhere they are no pattern.
    """
    before = _BEHIND.match(pattern) or _KEPT_OUT.match(pattern)
    rest = pattern[before.end() :] if before else pattern
    after = _AHEAD.search(rest)
    if before is None and after is None:
        return pattern
    middle = rest[: after.start()] if after else rest
    groups = [b"(?:" + one[1] + b")" if one else b"" for one in (before, after)]
    return groups[0] + b"(" + middle + b")" + groups[1]


def _complaint(error: str) -> str:
    words = {
        "missing ]": "Unmatched [, [^, [:, [., or [=",
        "missing closing )": "Unmatched ( or \\(",
        "missing )": "Unmatched ( or \\(",
        "unexpected )": "Unmatched ) or \\)",
        "trailing \\": "Trailing backslash",
        "bad repetition": "Invalid preceding regular expression",
        "invalid character class range: [:": "Invalid character class name",
        "invalid character class": "Invalid range end",
    }
    return next((said for part, said in words.items() if part in error), "Invalid regular expression")


class _Translation:
    """Rewrites one pattern of POSIX for RE2."""

    def __init__(self, pattern: bytes, *, extended: bool) -> None:
        self._text = pattern
        self._extended = extended
        self._at = 0
        self._out: list[bytes] = []
        self._can_repeat = False
        self._groups = 0
        self._open = 0
        """Groups of an extended pattern that are not closed yet."""

    def whole(self) -> bytes | None:
        """Return the pattern for RE2; None when it has a back-reference."""
        while self._at < len(self._text):
            one = self._text[self._at : self._at + 1]
            self._at += 1
            if one == b"\\":
                if not self._escape():
                    return None
            elif one == b"[":
                self._bracket()
            else:
                self._character(one)
        return b"".join(self._out)

    def _put(self, piece: bytes, *, can_repeat: bool) -> None:
        self._out.append(piece)
        self._can_repeat = can_repeat

    def _character(self, one: bytes) -> None:
        if one == b"*" and self._out[-1:] == [b"*"]:
            pass  # as often as any number of times is any number of times
        elif one == b"*":
            self._put(b"*" if self._can_repeat else rb"\*", can_repeat=True)
        elif one == b"^":
            anchors = self._extended or not self._out or self._out[-1] in (b"(", b"(?:", b"|")
            self._put(b"^" if anchors else rb"\^", can_repeat=False)
        elif one == b"$":
            rest = self._text[self._at :]
            ends = self._extended or not rest or rest.startswith((rb"\)", rb"\|"))
            self._put(b"$" if ends else rb"\$", can_repeat=not ends)
        elif one == b".":
            self._put(b".", can_repeat=True)
        elif self._extended and one in b"(|":
            self._put(self._opened(one), can_repeat=False)
        elif self._extended and one == b")":
            self._put(one if self._open else rb"\)", can_repeat=True)
            self._open -= self._open > 0
        elif self._extended and one in b"+?":
            self._put(one if self._can_repeat else b"\\" + one, can_repeat=True)
        elif self._extended and one == b"{" and self._can_repeat:
            self._interval(b"}")
        else:
            self._put(_literal(one), can_repeat=True)

    def _escape(self) -> bool:
        one = self._text[self._at : self._at + 1]
        self._at += 1
        if not one:
            raise BadPatternError("Trailing backslash")
        if one in b"123456789":
            return False
        if one in (b"<", b">"):
            self._put(rb"\b", can_repeat=False)
        elif one in _CLASSES:
            self._put(_CLASSES[one], can_repeat=one not in b"bB")
        elif not self._extended and one in b"(|":
            self._put(self._opened(one), can_repeat=False)
        elif not self._extended and one in b")+?":
            self._put(one, can_repeat=True)
        elif not self._extended and one == b"{":
            self._interval(rb"\}")
        else:
            self._put(_literal({b"n": b"\n", b"t": b"\t"}.get(one, one)), can_repeat=True)
        return True

    def _opened(self, one: bytes) -> bytes:
        """Return what begins a group or an alternative."""
        self._groups += one == b"("
        self._open += one == b"("
        return b"(?:" if one == b"(" and self._groups > MAX_GROUPS else one

    def _interval(self, closing: bytes) -> None:
        end = self._text.find(closing, self._at)
        inside = self._text[self._at : end] if end >= 0 else b""
        if not re.fullmatch(rb"\d{0,3}(,\d{0,3})?", inside) or not inside:
            if self._extended:
                self._put(rb"\{", can_repeat=True)
                return
            raise BadPatternError("Unmatched \\{" if end < 0 else "Invalid content of \\{\\}")
        self._at = end + len(closing)
        self._put(b"{" + (b"0" if inside.startswith(b",") else b"") + inside + b"}", can_repeat=True)

    def _bracket(self) -> None:
        start = self._at
        negated = self._text.startswith(b"^", start)
        at = start + negated + self._text.startswith(b"]", start + negated)
        while True:
            end = self._text.find(b"]", at)
            if end < 0:
                alone = start == len(self._text)
                raise BadPatternError("Invalid regular expression" if alone else "Unmatched [, [^, [:, [., or [=")
            named = self._text.find(b"[:", at, end)
            if named < 0:
                break
            close = self._text.find(b":]", named + 2)
            if close < 0:
                break
            at = close + 2
        inside = self._text[start + negated : end]
        self._at = end + 1
        self._put(b"[" + b"^" * negated + _in_brackets(inside) + b"]", can_repeat=True)


def _literal(one: bytes) -> bytes:
    return one if one[0] in _PLAIN or one[0] > 127 or one == b"\n" else b"\\" + one


def _in_brackets(inside: bytes) -> bytes:
    """Return what stands between brackets for RE2, where a backslash and an opening bracket mean something."""
    pieces = re.split(rb"(\[:[a-z]{1,10}:\])", inside)
    return b"".join(
        piece if index % 2 else re.sub(rb"([\\\[\]&~^|])", rb"\\\1", piece) for index, piece in enumerate(pieces)
    )
