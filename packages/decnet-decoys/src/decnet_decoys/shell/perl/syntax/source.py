# SPDX-License-Identifier: MIT
"""Perl's text read from the left: blanks, comments, quotes with any delimiter, here-documents."""

from __future__ import annotations

import re

from decnet_decoys.shell.perl.syntax.tree import PerlSyntaxError

MAX_QUOTED = 1 << 15
"""Characters between two delimiters."""
_BLANK = re.compile(r"(?:[ \t\r\f]+|#[^\n]*)+")
_POD = re.compile(r"=[a-zA-Z].*?(?:\n=cut[^\n]*(?:\n|$)|\Z)", re.DOTALL)
_PAIRS = {"(": ")", "[": "]", "{": "}", "<": ">"}
END = re.compile(r"__(?:END|DATA)__\b")


class Source:
    """A program's text and the place to which it was read."""

    def __init__(self, text: str, line: int = 1) -> None:
        self.text, self.at = text, 0
        self._first = line
        self.waiting: list[tuple[str, bool, list[str]]] = []
        """Here-documents that begin after the line: delimiter, indented, and where its text is put."""

    @property
    def line(self) -> int:
        return self._first + self.text.count("\n", 0, self.at)

    def skip(self) -> None:
        """Go on to the next token."""
        while True:
            blank = _BLANK.match(self.text, self.at)
            if blank:
                self.at = blank.end()
            if not self.text.startswith("\n", self.at):
                break
            self.at += 1
            self._documents()
            pod = _POD.match(self.text, self.at)
            if pod:
                self.at = pod.end()
        if END.match(self.text, self.at):
            self.text = self.text[: self.at]

    def skip_blanks(self) -> None:
        """Go on to the delimiter of a quote, which may be the mark of a comment."""
        if not self.text.startswith("#", self.at):
            self.skip()

    def _documents(self) -> None:
        waiting, self.waiting = self.waiting, []
        for delimiter, indented, body in waiting:
            lines: list[str] = []
            while True:
                if self.at >= len(self.text):
                    raise self.fault(f'Can\'t find string terminator "{delimiter}" anywhere before EOF')
                end = self.text.find("\n", self.at)
                end = len(self.text) if end < 0 else end
                line = self.text[self.at : end]
                self.at = min(end + 1, len(self.text))
                if (line.strip() if indented else line) == delimiter:
                    break
                lines.append(line)
            if indented:
                margin = min((len(one) - len(one.lstrip()) for one in lines if one.strip()), default=0)
                lines = [one[margin:] for one in lines]
            body.append("".join(one + "\n" for one in lines))

    def peek(self, size: int = 1) -> str:
        self.skip()
        return self.text[self.at : self.at + size]

    def take(self, token: str) -> bool:
        """Take a token if it comes next."""
        self.skip()
        if self.text.startswith(token, self.at):
            self.at += len(token)
            return True
        return False

    def expect(self, token: str) -> None:
        if not self.take(token):
            raise self.unexpected()

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Take what fits a pattern here."""
        self.skip()
        found = pattern.match(self.text, self.at)
        if found is not None:
            self.at = found.end()
        return found

    def sees(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        self.skip()
        return pattern.match(self.text, self.at)

    def quoted(self) -> tuple[str, str]:
        """Return what stands between the delimiter here and its partner, and the delimiter; moves behind it."""
        opening = self.text[self.at : self.at + 1]
        closing = _PAIRS.get(opening, opening)
        if not opening:
            raise self.unexpected()
        depth, at, start = 1, self.at + 1, self.at + 1
        limit = min(len(self.text), start + MAX_QUOTED)
        marks = re.compile(f"[{re.escape(opening + closing)}\\\\]")
        while at < limit:
            found = marks.search(self.text, at, limit)
            if found is None:
                break
            at = found.end()
            if found[0] == "\\":
                at += 1
            elif found[0] == closing and (depth := depth - 1) == 0:
                self.at = at
                return self.text[start : at - 1], opening
            elif found[0] == opening != closing:
                depth += 1
        shown = "'\"'" if closing == '"' else f'"{closing}"'
        raise self.fault(f"Can't find string terminator {shown} anywhere before EOF")

    def fault(self, message: str) -> PerlSyntaxError:
        return PerlSyntaxError(message, self.line)

    def unexpected(self) -> PerlSyntaxError:
        """Return the error that what comes next does not fit."""
        self.skip()
        rest = self.text[self.at : self.at + 40].split("\n")[0]
        return self.fault(
            f'syntax error at %s line %d, near "{rest}"' if rest else "syntax error at %s line %d, at EOF"
        )
