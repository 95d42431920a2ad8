# SPDX-License-Identifier: MIT
"""Sigma's text patterns: `*` is any text, `?` any one character, a backslash escapes them.

Matching is linear in the text: the pattern is split at the stars and each piece is searched once, left to right, which
is exact for globs (the leftmost position of a piece leaves the most room for the next).
"""

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

import msgspec


class Wildcard(msgspec.Struct, frozen=True):
    """A wildcard: `*` when `many`, else `?`."""

    many: bool


STAR: Final = Wildcard(True)
ONE: Final = Wildcard(False)

Token: TypeAlias = str | Wildcard
Pattern: TypeAlias = tuple[Token, ...]
"""Alternating texts and wildcards; adjacent texts are joined."""


def parse(text: str) -> Pattern:
    r"""Parse a pattern; a backslash before `*`, `?` or a backslash is an escape, else itself.

    Sigma 2.0, "Escaping": `\*` is a star, `\\*` a backslash and a wildcard, `\\\*` a backslash and a star.
    """
    tokens: list[Token] = []
    literal = ""
    position = 0
    while position < len(text):
        character = text[position]
        if character == "\\" and text[position + 1 : position + 2] in ("*", "?", "\\"):
            literal += text[position + 1]
            position += 2
            continue
        if character in "*?":
            tokens += [literal] if literal else []
            tokens.append(STAR if character == "*" else ONE)
            literal = ""
        else:
            literal += character
        position += 1
    return tuple(tokens + ([literal] if literal else []))


def folded(pattern: Pattern) -> Pattern:
    return tuple(token.casefold() if isinstance(token, str) else token for token in pattern)


def literal(pattern: Pattern) -> str | None:
    """Return the only text that the pattern matches, None when it has wildcards."""
    if not pattern:
        return ""
    return pattern[0] if len(pattern) == 1 and isinstance(pattern[0], str) else None


def compiled(patterns: Sequence[Pattern]) -> Callable[[str], bool]:
    """Return a function that tells whether a whole text matches one of the patterns.

    Texts, prefixes, suffixes and parts use the built-ins for it; the rest is matched piece by piece.
    """
    sorted_ = _Sorted([_pieces(pattern) for pattern in patterns])
    exact, starts, ends = frozenset(sorted_.exact), tuple(sorted_.starts), tuple(sorted_.ends)
    parts, globs = tuple(sorted_.parts), tuple(sorted_.globs)

    def match(text: str) -> bool:
        if text in exact or text.startswith(starts) or text.endswith(ends):
            return True
        for part in parts:  # any() with a generator costs a frame per call, on the hot path
            if part in text:
                return True
        return any(_glob(pieces, text) for pieces in globs) if globs else False

    return match


Piece: TypeAlias = str | tuple[str | None, ...]
"""What is between two stars; with `?`, one entry per character and None for any."""


def _pieces(pattern: Pattern) -> list[Piece]:
    groups: list[list[Token]] = [[]]
    for token in pattern:
        if token == STAR:
            groups.append([])
        else:
            groups[-1].append(token)
    return [_piece(group) for group in groups]


def _piece(tokens: list[Token]) -> Piece:
    if not any(isinstance(token, Wildcard) for token in tokens):
        return "".join(str(token) for token in tokens)
    characters: list[str | None] = []
    for token in tokens:
        characters.extend(token if isinstance(token, str) else [None])
    return tuple(characters)


class _Sorted:
    """Patterns by the built-in that matches them; `globs` are the others."""

    def __init__(self, patterns: Sequence[list[Piece]]) -> None:
        self.exact: list[str] = []
        self.starts: list[str] = []
        self.ends: list[str] = []
        self.parts: list[str] = []
        self.globs: list[list[Piece]] = []
        for pieces in patterns:
            self._add(pieces)

    def _add(self, pieces: list[Piece]) -> None:
        match pieces:
            case [str(text)]:
                self.exact.append(text)
            case [str(text), ""]:
                self.starts.append(text)
            case ["", str(text)]:
                self.ends.append(text)
            case ["", str(text), ""]:
                self.parts.append(text)
            case _:
                self.globs.append(pieces)


def _glob(pieces: list[Piece], text: str) -> bool:
    first, last = pieces[0], pieces[-1]
    if len(pieces) == 1:
        return len(text) == len(first) and _stands(first, text, 0)
    start, end = len(first), len(text) - len(last)
    if start > end or not _stands(first, text, 0) or not _stands(last, text, end):
        return False
    for piece in pieces[1:-1]:
        at = _find(piece, text, start, end)
        if at < 0:
            return False
        start = at + len(piece)
    return True


def _find(piece: Piece, text: str, start: int, end: int) -> int:
    if isinstance(piece, str):
        return text.find(piece, start, end)
    for place in range(start, end - len(piece) + 1):
        if _stands(piece, text, place):
            return place
    return -1


def _stands(piece: Piece, text: str, place: int) -> bool:
    if isinstance(piece, str):
        return text.startswith(piece, place)
    return all(wanted is None or text[place + i] == wanted for i, wanted in enumerate(piece))
