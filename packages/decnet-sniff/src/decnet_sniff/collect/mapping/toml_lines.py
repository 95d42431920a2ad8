# SPDX-License-Identifier: MIT
"""Finds the line of a key in a TOML file: the standard library's parser does not report it."""

import re

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]#]+?)\s*\]\]?\s*(?:#.*)?")
_KEY = re.compile(r"\s*((?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*'))*)\s*=")


class Lines:
    """The lines of one file; a table of an array is named by its number, as in `event.2.fields`."""

    def __init__(self, text: str) -> None:
        self._lines: dict[tuple[str, ...], int] = {}
        counts: dict[str, int] = {}
        table: tuple[str, ...] = ()
        for number, line in enumerate(text.splitlines(), 1):
            if header := _HEADER.fullmatch(line):
                name = header[2]
                if header[1] == "[[":
                    counts[name] = counts.get(name, -1) + 1
                    table = (*_words(name), str(counts[name]))
                else:
                    table = _numbered(_words(name), counts)
                self._lines.setdefault(table, number)
            elif key := _KEY.match(line):
                words = (*table, *_words(key[1]))
                for end in range(len(table) + 1, len(words) + 1):
                    self._lines.setdefault(words[:end], number)

    def of(self, *path: str) -> int:
        """Return the line of a key, or of its innermost known parent; 1 without either."""
        for end in range(len(path), 0, -1):
            if path[:end] in self._lines:
                return self._lines[path[:end]]
        return 1


def _words(name: str) -> tuple[str, ...]:
    return tuple(word.strip().strip("\"'") for word in re.findall(r"\"[^\"]*\"|'[^']*'|[^.]+", name))


def _numbered(words: tuple[str, ...], counts: dict[str, int]) -> tuple[str, ...]:
    """Put the number of the latest table of an array after its name, where `[event.fields]` follows `[[event]]`."""
    first = words[0]
    return (first, str(counts[first]), *words[1:]) if first in counts else words
