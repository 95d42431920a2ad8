# SPDX-License-Identifier: MIT
"""What dash and ash, which descend from the same shell, have in common where they word what bash says. Pure."""

import re
from typing import TypeAlias

Words: TypeAlias = tuple[tuple[re.Pattern[str], str], ...]
"""By pattern of a whole message of bash's: what another shell says, with its groups (`re.Match.expand`)."""

_OF_BOTH = (
    (r"(?=[^:]*/)([^:]*+): (?:No such file or directory|cannot execute: required file not found)", r"\1: not found"),
    (r"(?=[^:]*/)([^:]*+): Is a directory", r"\1: Permission denied"),
)


def words_of(*own: tuple[str, str]) -> Words:
    """Return a shell's words: its own, then those about programs named by a path, which both have."""
    return tuple((re.compile(pattern, re.DOTALL), words) for pattern, words in (*own, *_OF_BOTH))


def reworded(message: str, words: Words) -> str:
    """Return a message of bash's in those words: by the first pattern that fits, else as it is."""
    for pattern, instead in words:
        found = pattern.fullmatch(message)
        if found is not None:
            return found.expand(instead)
    return message


def shown_token(token: str, *, incomplete: bool) -> str:
    """Return how the word is shown at which a text stopped to be a command line."""
    if incomplete:
        return "end of file"
    return token if token in ("newline", "redirection") else f'"{token}"'
