# SPDX-License-Identifier: MIT
"""The simple commands of a shell's command line, each as a rule on process creation would see it.

A host's log has an event for each program that a line starts; a decoy has the line. The line is split at `;`, `&`, `|`,
parentheses and line breaks outside of quotes, in one pass. Substitutions are not followed, and nothing is expanded.
"""

import re
from collections.abc import Iterator

import msgspec

MAX_COMMANDS = 64
_WRAPPERS = frozenset(
    {"sudo", "nohup", "setsid", "exec", "env", "busybox", "time", "command", "nice", "then", "do", "!"}
)
_TOKEN = re.compile(
    r"""[ \t]+|[;&|()\n]|"(?:[^"\\]|\\.)*"?|'[^']*'?|\\.?|[^ \t;&|()\n"'\\]+""",
    re.DOTALL,
)
"""A blank, a separator, a quoted text, an escaped character, or a plain text: one of them at every place of a line."""
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_WITH_VALUE = frozenset({"-u", "-g", "-U", "-C"})
"""Options of sudo and env that a value follows."""
_ASSIGNED = re.compile(r"\w+=.*", re.DOTALL)
_PLACES = ("/usr/bin/", "/bin/", "/usr/sbin/", "/sbin/")


class SimpleCommand(msgspec.Struct, frozen=True):
    """One program with its arguments: the text as typed, and its words without quotes."""

    text: str
    words: tuple[str, ...]

    @property
    def program(self) -> str:
        """The name of the program without its folder."""
        return self.words[0].rpartition("/")[2]

    @property
    def images(self) -> tuple[str, ...]:
        """The paths that the program may have: what was typed, or where systems keep programs."""
        name = self.words[0]
        return (name,) if "/" in name else tuple(place + name for place in _PLACES)


def simple_commands(line: str) -> list[SimpleCommand]:
    """Return the programs that a line starts, at most 64; one behind `sudo` and the like is a second."""
    found: list[SimpleCommand] = []
    for end, words in _split(line):
        for first in _programs(words):
            if len(found) == MAX_COMMANDS:
                return found
            texts = tuple(word for _, word in words[first:])
            found.append(SimpleCommand(line[words[first][0] : end].strip(), texts))
    return found


Words = list[tuple[int, str]]
"""Where each word begins in the line, and the word."""


def _programs(words: Words) -> Iterator[int]:
    """Yield the numbers of the words that are programs: the first, and what a wrapper is to start."""
    first: int | None = 0
    while first is not None:
        yield first
        if words[first][1].rpartition("/")[2] not in _WRAPPERS:
            return
        first = next((n for n in range(first + 1, len(words)) if not _is_option(words, n)), None)


def _is_option(words: Words, number: int) -> bool:
    """Return whether a word behind a wrapper is an option of it, an option's value, or an assignment."""
    word = words[number][1]
    is_value = words[number - 1][1] in _WITH_VALUE or word.isdigit()
    return is_value or word.startswith("-") or _ASSIGNED.fullmatch(word) is not None


def _split(line: str) -> Iterator[tuple[int, Words]]:
    """Yield each simple command: where it ends in the line, and its words."""
    words: Words = []
    begun, word = -1, ""
    for token in _TOKEN.finditer(line + "\n"):
        text = token[0]
        if text[0] not in " \t\n;&|()":
            begun, word = (token.start() if begun < 0 else begun), word + _unquoted(text)
            continue
        if begun >= 0:
            words.append((begun, word))
            begun, word = -1, ""
        if text[0] not in " \t" and words:
            yield token.start(), words
            words = []
    if begun >= 0:  # a quote that is never closed
        yield len(line), [*words, (begun, word)]


def _unquoted(text: str) -> str:
    if text[0] == "'":
        return text.strip("'")
    if text[0] == '"':
        return _ESCAPED.sub(r"\1", text[1:].removesuffix('"'))
    return text[1:] if text[0] == "\\" else text
