# SPDX-License-Identifier: MIT
"""Errors of rules, with their position."""

from collections.abc import Iterable

from decnet_workers.errors import WorkersError


class RuleError(WorkersError, ValueError):
    """A rule is rejected; `line` counts from one, the message says what to write instead."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return `; did you mean ...?` for the closest known word, else the known ones if there are few."""
    import difflib  # only a refused rule needs it

    words = sorted(known)
    close = difflib.get_close_matches(word, words, n=1)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; known are: {', '.join(words)}" if 0 < len(words) <= 40 else ""
