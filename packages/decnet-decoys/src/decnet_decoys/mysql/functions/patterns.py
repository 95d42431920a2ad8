# SPDX-License-Identifier: MIT
"""Regular expressions, matched by RE2: those of PCRE that it has not, such as back-references, match nothing."""

import re
from collections.abc import Sequence
from typing import Final

from decnet_decoys.errors import DecoysError
from decnet_decoys.mysql.functions.function import Function
from decnet_decoys.mysql.sql.budget import step
from decnet_decoys.mysql.sql.values import MOST, Value, raw
from decnet_decoys.shell.expansion.regular_expressions import BadPatternError, Match, Pattern, compiled

_COMPILING: Final = 1000
"""Steps."""
_LONGEST: Final = 4096
"""Bytes of a text that is searched."""
_MOST_FOUND: Final = 256
"""Places in a text that are replaced."""
_BOUNDS: Final = {b"[[:<:]]": rb"\b", b"[[:>:]]": rb"\b"}
_SPECIAL: Final = re.compile(rb"[\[\](){}*+?|.\\^$]")


class WrongPatternError(DecoysError):
    """A pattern is none; the text is PCRE's."""


def _complaint(pattern: bytes) -> str | None:
    """Return why PCRE takes no pattern, for the mistakes that are made to learn it; None for others."""
    bare = re.sub(rb"\\.", b"xx", pattern)
    if bare[:1] in (b"*", b"+", b"?"):
        return "quantifier does not follow a repeatable item at offset 0"
    at = bare.find(b"[")
    if at >= 0 and b"]" not in bare[at + 2 :]:
        return f"missing terminating ] for character class at offset {len(bare)}"
    opened, closed = bare.count(b"("), bare.count(b")")
    if opened > closed:
        return f"missing closing parenthesis at offset {len(bare)}"
    return f"unmatched closing parenthesis at offset {bare.rfind(b')')}" if closed > opened else None


def _pattern(value: Value, *, ignores_case: bool) -> Pattern | None:
    """Return a pattern, None for what RE2 cannot match; raises WrongPatternError."""
    step(_COMPILING)
    source = raw(value)[:_LONGEST]
    for word, bound in _BOUNDS.items():
        source = source.replace(word, bound)
    try:
        return compiled(source, extended=True, ignore_case=ignores_case, perl=True)
    except BadPatternError as error:
        told = _complaint(source)
        if told is not None:
            raise WrongPatternError(told) from error
        return None


def matches(whole: Value, pattern: Value) -> bool:
    """Return whether a pattern matches a part of a text; raises WrongPatternError."""
    subject = raw(whole)[:_LONGEST]
    wanted = raw(pattern)
    ignores_case = not isinstance(whole, bytes) and not isinstance(pattern, bytes)
    if not _SPECIAL.search(wanted):
        step(len(subject) // 32)
        return wanted.lower() in subject.lower() if ignores_case else wanted in subject
    found = _pattern(pattern, ignores_case=ignores_case)
    step(len(subject) // 4)
    return found is not None and found.fits(subject)


def _first(given: Sequence[Value], *, groups: bool = False) -> tuple[bytes, Match | None]:
    subject = raw(given[0])[:_LONGEST]
    found = _pattern(given[1], ignores_case=not isinstance(given[0], bytes))
    step(len(subject) // 4)
    return subject, None if found is None else found.search(subject, groups=groups)


def _replaced(given: Sequence[Value]) -> Value:
    subject, new = raw(given[0])[:_LONGEST], raw(given[2])
    pattern = _pattern(given[1], ignores_case=not isinstance(given[0], bytes))
    parts, at = [], 0
    for _ in range(_MOST_FOUND if pattern is not None else 0):
        step(8 + (len(subject) - at) // 4)
        found = pattern.search(subject, at, groups=b"\\" in new) if pattern is not None and at <= len(subject) else None
        if found is None:
            break
        parts += [subject[at : found.start], _filled(new, subject, found)]
        at = found.end
        if found.end == found.start:
            parts.append(subject[at : at + 1])
            at += 1
    made = b"".join([*parts, subject[at:]])
    return made.decode("utf-8", "surrogateescape") if len(made) <= MOST else None


def _filled(new: bytes, subject: bytes, found: Match) -> bytes:
    """Return what is put for a match, with its groups for their numbers."""
    spans = found.spans

    def group(number: re.Match[bytes]) -> bytes:
        at = int(number[1])
        return subject[slice(*spans[at])] if at < len(spans) and spans[at][0] >= 0 else b""

    return re.sub(rb"\\([0-9])", group, new)


def _part(given: Sequence[Value]) -> Value:
    subject, found = _first(given)
    return "" if found is None else subject[found.start : found.end].decode("utf-8", "surrogateescape")


def _place(given: Sequence[Value]) -> Value:
    subject, found = _first(given)
    return 0 if found is None else len(subject[: found.start].decode("utf-8", "surrogateescape")) + 1


FUNCTIONS: Final[dict[str, Function]] = {
    "regexp_replace": Function(3, 3, _replaced),
    "regexp_substr": Function(2, 2, _part),
    "regexp_instr": Function(2, 2, _place),
}
