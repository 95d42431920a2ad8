# SPDX-License-Identifier: MIT
"""Where an expansion ends, `$(...)` or `${...}`: what stands in quotes, comments and here-documents ends none."""

import re

from decnet_decoys.shell.syntax.nodes import IncompleteError, ShellSyntaxError

MAX_NESTING = 20
MAX_MARKS = 4000
"""Brackets, quotes and backslashes looked at to find the end of one expansion."""

CLOSING = {"(": ")", "{": "}", "[": "]"}
_MARKS = {
    "(": re.compile(r"""[()'"\\`#]|<<|\b(?:case|esac)\b"""),
    "{": re.compile(r"""[{}'"\\`]|\$\("""),
    "[": re.compile(r"""[]\['"\\]"""),
}
_IN_QUOTES = re.compile(r'["\\`]|\$[({]')
_BACKQUOTED = re.compile(r"(?:[^`\\]|\\.)*", re.DOTALL)
_DOCUMENT = re.compile(r"(-?)[ \t]*(?:'([^'\n]+)'|\"([^\"\n]+)\"|\\?([\w.!@%+-]+))")
"""What follows `<<`."""
_BEGINS_COMMAND = re.compile(r"(?:^|[;&|({\n!`]|\b(?:do|then|else|elif|if|while|until))[ \t\n]*$")
_REACH = 24
"""Characters before `case` that say whether a command begins there."""


def end_of(text: str, start: int, opening: str) -> int:
    """Return where the partner of the bracket at `start` is; raises IncompleteError or ShellSyntaxError."""
    return _Search(text).partner(start, opening) - 1


class _Search:
    def __init__(self, text: str) -> None:
        self._text, self._looked, self._nested = text, 0, 0

    def partner(self, start: int, opening: str) -> int:
        """Return the place behind the partner of the bracket at `start`."""
        self._nested += 1
        self._check(self._nested, opening)
        depth, at = 0, start
        computes = 0
        """The depth at which arithmetic begins, in which there are no commands."""
        cases: list[int] = []
        while True:
            found, at = self._next(_MARKS[opening], at, opening)
            if found == opening:
                depth += 1
                self._check(depth, opening)
                computes = computes or depth * (opening == "(" and self._text.startswith("(", at))
            elif found == CLOSING[opening]:
                if cases and cases[-1] == depth:  # it ends a pattern of `case`
                    continue
                computes = 0 if computes == depth else computes
                depth -= 1
                if depth == 0:
                    self._nested -= 1
                    return at
            elif found == "case" and not computes and self._begins_command(at - 4, start):
                cases.append(depth)
            elif found == "esac" and cases:
                cases.pop()
            else:
                at = self._behind(found, at, opening, computes=bool(computes))

    def _check(self, depth: int, opening: str) -> None:
        if depth > MAX_NESTING:
            raise ShellSyntaxError(opening)

    def _next(self, marks: re.Pattern[str], at: int, opening: str) -> tuple[str, int]:
        self._looked += 1
        if self._looked > MAX_MARKS:
            raise ShellSyntaxError(opening)
        found = marks.search(self._text, at)
        if found is None:
            raise IncompleteError(CLOSING[opening])
        return found[0], found.end()

    def _begins_command(self, at: int, start: int) -> bool:
        return _BEGINS_COMMAND.search(self._text[max(start, at - _REACH) : at]) is not None

    def _behind(self, mark: str, at: int, opening: str, *, computes: bool) -> int:
        """Return the place behind what a mark begins, which ends at `at`."""
        if mark == "\\":
            at += 1
        elif mark == "'":
            at = self._found(self._text.find("'", at), opening) + 1
        elif mark == '"':
            at = self._quoted(at, opening)
        elif mark == "`":
            at = self._backquoted(at, opening)
        elif mark == "$(":
            at = self.partner(at - 1, "(")
        elif mark == "#" and not computes and self._text[at - 2] in " \t\n;&|(":
            at = self._found(self._text.find("\n", at), opening)
        elif mark == "<<" and not computes:
            at = self._document(at)
        return at

    def _found(self, at: int, opening: str) -> int:
        if at < 0:
            raise IncompleteError(CLOSING[opening])
        return at

    def _backquoted(self, at: int, opening: str) -> int:
        match = _BACKQUOTED.match(self._text, at)
        assert match is not None
        return self._found(match.end() if match.end() < len(self._text) else -1, opening) + 1

    def _quoted(self, at: int, opening: str) -> int:
        """Return the place behind the double quote that ends what begins at `at`."""
        while True:
            found, at = self._next(_IN_QUOTES, at, opening)
            if found == '"':
                return at
            if found == "\\":
                at += 1
            elif found == "`":
                at = self._backquoted(at, opening)
            else:
                at = self.partner(at - 1, found[1])

    def _document(self, at: int) -> int:
        """Return where the last line of a here-document ends; `at` if none begins, or the rest of its line has more."""
        if self._text.startswith("<", at):  # a here-string
            return at + 1
        match = _DOCUMENT.match(self._text, at)
        end = self._text.find("\n", at)
        if match is None or end < 0 or any(mark in self._text[match.end() : end] for mark in "()'\"`"):
            return at
        delimiter = match[2] or match[3] or match[4]
        tabs = r"\t*" if match[1] else ""
        last = re.compile(rf"\n{tabs}{re.escape(delimiter)}(?=\n|\))").search(self._text, end)
        return at if last is None else last.end()
