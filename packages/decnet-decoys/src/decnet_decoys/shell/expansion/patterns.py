# SPDX-License-Identifier: MIT
"""Patterns of the shell: which text fits one, which path names do, and bash's braces (POSIX.1-2017, §2.13; bash(1))."""

import posixpath
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

from decnet_decoys.shell.effects import Steps, turn
from decnet_decoys.shell.machine.access import Access
from decnet_decoys.shell.machine.filesystem import FileSystem
from decnet_decoys.shell.machine.fs_errors import FileSystemError

MAX_MATCHES = 500
MAX_PATTERN = 1024
"""Characters of a pattern; a longer one matches only itself."""
MAX_COMPARED = 1 << 19
"""Characters of a text times those of the part of a pattern that is looked for in it, where that is no plain text."""
MAX_WIDE = 3
"""Bracket expressions of a pattern that have characters beyond Latin-1: `re` takes milliseconds to compile one."""
MAX_BRACED = 1 << 17
"""Characters that braces may grow to."""

_BRACE_MARKS = re.compile(r"[{},]")
_RANGE = re.compile(r"\{(-?\d{1,6}|[A-Za-z])\.\.(-?\d{1,6}|[A-Za-z])(?:\.\.(-?\d{1,6}))?\}")
_UNITS = re.compile(r"\[(?:[!^]|(?![!^]))(?:\][^\]]*|[^\]]+)\]|.", re.DOTALL)
"""A bracket expression, or one character."""


class _Piece(NamedTuple):
    """What stands between two stars. It fits texts of one length only, so a search for it never backtracks."""

    width: int
    text: str | None
    regex: re.Pattern[str] | None

    def find(self, text: str, start: int) -> int:
        """Return where it occurs first from `start`, -1 if nowhere."""
        if self.text is not None:
            return text.find(self.text, start)
        match = self._affordable(text, start) and self.regex and self.regex.search(text, start)
        return match.start() if match else -1

    def fits(self, text: str, at: int) -> bool:
        if at < 0:
            return False
        if self.text is not None:
            return text.startswith(self.text, at)
        return bool(self.regex and self.regex.match(text, at))

    def _affordable(self, text: str, start: int) -> bool:
        return (len(text) - start) * self.width <= MAX_COMPARED


def matches(text: str, pattern: str) -> bool:
    """Return whether a shell pattern fits `text`, in time linear in the text.

    Between two stars everything has a fixed width, so the first place where it fits is the right one.
    """
    if len(pattern) > MAX_PATTERN:
        return text == pattern
    first, *others = _pieces(pattern)
    if not others:
        return len(text) == first.width and first.fits(text, 0)
    last = others.pop()
    at, end = first.width, len(text) - last.width
    if not (first.fits(text, 0) and last.fits(text, end)):
        return False
    for piece in others:
        found = piece.find(text, at)
        if found < 0:
            return False
        at = found + piece.width
    return at <= end


@lru_cache(maxsize=256)
def _pieces(pattern: str) -> tuple[_Piece, ...]:
    pieces: list[list[str]] = [[]]
    wide = 0
    for unit in _UNITS.findall(pattern):
        wide += len(unit) > 1 and not unit.isascii()
        if unit == "*":
            pieces.append([])
        else:
            pieces[-1].append(unit)
    if wide > MAX_WIDE:  # it fits nothing
        return (_Piece(0, None, None),)
    return tuple(_Piece(len(units), *_compiled(units)) for units in pieces)


def _compiled(units: list[str]) -> tuple[str | None, re.Pattern[str] | None]:
    if all(len(unit) == 1 and unit != "?" for unit in units):
        return "".join(units), None
    try:
        return None, re.compile("".join(map(_unit, units)), re.DOTALL)
    except re.error:  # such as a range that ends before it begins: it fits nothing
        return None, None


def _unit(unit: str) -> str:
    if unit == "?":
        return "."
    if len(unit) == 1:
        return re.escape(unit)
    negated = unit[1] in "!^"
    inside = re.sub(r"([\\\[\]^&~|])", r"\\\1", unit[1 + negated : -1].replace("--", "-"))
    return f"[{'^' * negated}{inside}]"


def braces(text: str, limit: int = MAX_MATCHES) -> list[str]:
    """Return bash's brace expansion of an unquoted word: a{b,c} and {1..3}."""
    pending: list[str] = [text]
    done: list[str] = []
    left = MAX_BRACED
    while pending and len(done) + len(pending) < limit:
        word = pending.pop()
        found = _outermost(word)
        choices = [] if found is None else _choices(word, *found, limit)
        left -= len(word) * (len(choices) + 1)
        if found is None or left < 0:
            done.append(word.replace("\0", "{"))
            continue
        start, end, _ = found
        pending += [word[:start] + choice + word[end + 1 :] for choice in reversed(choices)]
    return done + pending[::-1]


def _outermost(word: str) -> tuple[int, int, list[int]] | None:
    """Return where the first braces that expand open and close, and the commas between; those within them wait."""
    opened: list[list[int]] = []
    found = None
    for mark in _BRACE_MARKS.finditer(word):
        at = mark.start()
        if mark[0] == "{":
            opened.append([at])
        elif opened and mark[0] == ",":
            opened[-1].append(at)
        elif opened:
            start, *commas = opened.pop()
            if (commas or _RANGE.fullmatch(word, start, at + 1)) and (found is None or start < found[0]):
                found = start, at, commas
            if found is not None and not opened:
                break
    return found


def _choices(word: str, start: int, end: int, commas: list[int], limit: int) -> list[str]:
    if commas:
        ends = [*commas[: limit - 1], end]
        return [word[first + 1 : last] for first, last in zip([start, *ends], ends, strict=False)]
    match = _RANGE.fullmatch(word, start, end + 1)
    assert match is not None
    letters = match[1].isalpha()
    if letters != match[2].isalpha():
        return [f"\0{match[0][1:]}"]
    first, last = (ord(one) if letters else int(one) for one in (match[1], match[2]))
    step = max(1, abs(int(match[3] or 1))) * (1 if last >= first else -1)
    width = max(map(len, match.group(1, 2))) if any(re.match("-?0.", one) for one in match.group(1, 2)) else 0
    numbers = range(first, last + (1 if step > 0 else -1), step)[:limit]
    return [chr(number) if letters else f"{number:0{width}d}" for number in numbers]


def paths(
    pattern: str,
    files: FileSystem,
    cwd: str,
    place: Callable[[str], Any] = str,
    *,
    hidden: bool = False,
    any_case: bool = False,
) -> Steps[list[str]]:
    """Return the path names that fit `pattern`, sorted by the key `place`; none when nothing fits.

    `hidden`: a mark fits a leading dot as well; `any_case`: small and capital letters are alike.
    """
    found = ["/" if pattern.startswith("/") else ""]
    for part in [piece for piece in pattern.split("/") if piece]:
        bases, found = found, []
        for base in bases:
            yield from turn()
            found += sorted(_children(base, part, files, cwd, hidden=hidden, any_case=any_case), key=place)
            if len(found) >= MAX_MATCHES:
                break
        found = found[:MAX_MATCHES]
    if pattern.endswith("/") and pattern.strip("/"):
        found = [path + "/" for path in found if _is_folder(path, files, cwd)]
    return found


def _is_folder(path: str, files: FileSystem, cwd: str) -> bool:
    return files.exists(path, Access(cwd=cwd)) and files.stat(path, Access(cwd=cwd)).kind == "dir"


def _children(base: str, part: str, files: FileSystem, cwd: str, *, hidden: bool, any_case: bool) -> list[str]:
    if not any(mark in part for mark in "*?["):
        path = posixpath.join(base, part)
        return [path] if files.exists(path, Access(cwd=cwd)) else []
    try:
        names = files.names(base or ".", Access(cwd=cwd))
    except FileSystemError:
        return []
    visible = (name for name in names if hidden or part.startswith(".") or not name.startswith("."))
    if any_case:
        return [posixpath.join(base, name) for name in visible if matches(name.lower(), part.lower())]
    return [posixpath.join(base, name) for name in visible if matches(name, part)]
