# SPDX-License-Identifier: MIT
"""Text to tokens (POSIX.1-2017, Shell Command Language §2.3): words with their quoting kept, and operators."""

from __future__ import annotations

from decnet_decoys.shell.syntax.escapes import unescape
from decnet_decoys.shell.syntax.nodes import (
    HereDocument,
    IncompleteError,
    Operator,
    Part,
    ShellSyntaxError,
    Token,
    Word,
)

MAX_TOKENS = 4000
MAX_NESTING = 20

_OPERATORS = ("<<<", "&>>", "<<-", "&&", "||", ";;", "|&", ">>", "<<", ">&", "<&", "&>", ">|", "<>")
_SINGLE = frozenset(";&|<>()\n")
_BLANK = frozenset(" \t\r")
_ENDS_WORD = _SINGLE | _BLANK
_NAME_START = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_")
_NAME = _NAME_START | frozenset("0123456789")
_SPECIAL = frozenset("?$#@*!-0123456789")


def tokens(text: str) -> tuple[list[Token], list[HereDocument]]:
    """Return the tokens of `text` and the here-documents in order; raises ShellSyntaxError or IncompleteError."""
    lexer = _Lexer(text)
    lexer.run()
    return lexer.found, lexer.documents


def parts_of(text: str) -> Word:
    """Return the parts of text inside a here-document: only `$` and backquotes mean something."""
    lexer = _Lexer(text)
    return tuple(lexer.quoted_parts(end=""))


class _Lexer:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.found: list[Token] = []
        self.documents: list[HereDocument] = []
        self._waiting: list[tuple[str, bool, bool]] = []
        """Delimiter, quoted, leading tabs stripped: here-documents that begin after the line."""

    def run(self) -> None:
        while self._skip_blank():
            if self.text.startswith("((", self.at) and self._arithmetic_command():
                continue
            operator = self._operator()
            if operator is not None:
                self._take_operator(operator)
            else:
                self.found.append(self._word())
            if len(self.found) > MAX_TOKENS:
                raise ShellSyntaxError("newline")
        if self._waiting:
            raise IncompleteError("here-document")

    def _arithmetic_command(self) -> bool:
        """Take `((expression))` as `let expression`; False when it is a group within a group."""
        start = self.at
        inner = self._balanced(self.at, "(", ")")
        if not inner.endswith(")"):
            self.at = start
            return False
        self.found += [(Part("text", "let", quoted=False),), parts_of(inner[1:-1]) or (Part("text", "", quoted=True),)]
        return True

    def _skip_blank(self) -> bool:
        """Move to the next token; False at the end of the text."""
        while self.at < len(self.text):
            character = self.text[self.at]
            if character in _BLANK:
                self.at += 1
            elif self.text.startswith("\\\n", self.at):
                self.at += 2
            elif character == "#":
                end = self.text.find("\n", self.at)
                self.at = len(self.text) if end < 0 else end
            else:
                return True
        return False

    def _operator(self) -> Operator | None:
        digits = self.at
        while digits < len(self.text) and digits - self.at < 3 and self.text[digits] in "0123456789":
            digits += 1
        fd = None
        if digits > self.at:
            if self.text[digits : digits + 1] not in ("<", ">"):
                return None
            fd = int(self.text[self.at : digits])
        for text in _OPERATORS:
            if self.text.startswith(text, digits):
                self.at = digits + len(text)
                return Operator(text, fd)
        if self.text[digits] in _SINGLE:
            self.at = digits + 1
            return Operator(self.text[digits], fd)
        return None

    def _take_operator(self, operator: Operator) -> None:
        self.found.append(operator)
        if operator.text in ("<<", "<<-"):
            self._skip_blank()
            word = self._word() if self.at < len(self.text) else ()
            if not word:
                raise ShellSyntaxError("newline")
            self.found.append(word)
            delimiter = "".join(part.text for part in word)
            self._waiting.append((delimiter, any(part.quoted for part in word), operator.text == "<<-"))
        elif operator.text == "\n":
            self._read_documents()

    def _read_documents(self) -> None:
        for delimiter, quoted, stripped in self._waiting:
            lines: list[str] = []
            while True:
                if self.at >= len(self.text):
                    raise IncompleteError("here-document")
                end = self.text.find("\n", self.at)
                line = self.text[self.at : len(self.text) if end < 0 else end]
                self.at = len(self.text) if end < 0 else end + 1
                line = line.lstrip("\t") if stripped else line
                if line == delimiter:
                    break
                lines.append(line + "\n")
            self.documents.append(HereDocument("".join(lines), quoted))
        self._waiting = []

    def _word(self) -> Word:
        parts: list[Part] = []
        while self.at < len(self.text) and self.text[self.at] not in _ENDS_WORD:
            character = self.text[self.at]
            if character == "'":
                parts.append(Part("text", self._until("'"), quoted=True))
            elif character == '"':
                self.at += 1
                inner = self.quoted_parts(end='"')
                parts.extend(inner or [Part("text", "", quoted=True)])
            elif character == "\\":
                self._escape(parts)
            elif character in "$`":
                parts.append(self._dollar(quoted=False))
            else:
                parts.append(Part("text", self._plain(), quoted=False))
        return tuple(parts)

    def _escape(self, parts: list[Part]) -> None:
        following = self.text[self.at + 1 : self.at + 2]
        if not following:
            raise IncompleteError("\\")
        self.at += 2
        if following != "\n":
            parts.append(Part("text", following, quoted=True))

    def _until(self, quote: str) -> str:
        end = self.text.find(quote, self.at + 1)
        if end < 0:
            raise IncompleteError(quote)
        inner = self.text[self.at + 1 : end]
        self.at = end + 1
        return inner

    def _plain(self) -> str:
        start = self.at
        while self.at < len(self.text):
            character = self.text[self.at]
            if character in _ENDS_WORD or character in "'\"\\$`":
                break
            self.at += 1
        return self.text[start : self.at]

    def quoted_parts(self, end: str) -> list[Part]:
        """Return the parts up to the closing double quote, or to the end of the text when `end` is empty."""
        parts: list[Part] = []
        text: list[str] = []
        while self.at < len(self.text):
            character = self.text[self.at]
            if end and character == end:
                self.at += 1
                return _joined(parts, text)
            if character == "\\":
                text.append(self._escape_in_quotes())
            elif character in "$`":
                _joined(parts, text)
                parts.append(self._dollar(quoted=True))
            else:
                text.append(character)
                self.at += 1
        if end:
            raise IncompleteError(end)
        return _joined(parts, text)

    def _escape_in_quotes(self) -> str:
        following = self.text[self.at + 1 : self.at + 2]
        self.at += 2
        if following == "\n":
            return ""
        return following if following and following in '$`"\\' else "\\" + following

    def _dollar(self, *, quoted: bool) -> Part:
        if self.text[self.at] == "`":
            return Part("command", self._backquoted(), quoted)
        following = self.text[self.at + 1 : self.at + 2]
        if self.text.startswith("$((", self.at):
            start = self.at
            inner = self._balanced(self.at + 1, "(", ")")
            if inner.startswith("(") and inner.endswith(")"):
                return Part("arithmetic", inner[1:-1], quoted)
            self.at = start
        if following == "(":
            return Part("command", self._balanced(self.at + 1, "(", ")"), quoted)
        if following == "{":
            return Part("variable", self._balanced(self.at + 1, "{", "}"), quoted)
        if following == "'" and not quoted:
            self.at += 1
            return Part("text", _ansi(self._until("'")), quoted=True)
        return self._named(following, quoted=quoted)

    def _named(self, following: str, *, quoted: bool) -> Part:
        if following in _SPECIAL and following:
            self.at += 2
            return Part("variable", following, quoted)
        end = self.at + 1
        if following and following in _NAME_START:
            while end < len(self.text) and self.text[end] in _NAME:
                end += 1
        name = self.text[self.at + 1 : end]
        self.at = end
        return Part("variable", name, quoted) if name else Part("text", "$", quoted)

    def _backquoted(self) -> str:
        end = self.at + 1
        while end < len(self.text) and self.text[end] != "`":
            end += 2 if self.text[end] == "\\" else 1
        if end >= len(self.text):
            raise IncompleteError("`")
        inner = self.text[self.at + 1 : end]
        self.at = end + 1
        return inner.replace("\\`", "`").replace("\\$", "$")

    def _balanced(self, start: int, opening: str, closing: str) -> str:
        """Return what stands between the bracket at `start` and its partner, quotes respected; moves behind it."""
        depth, at = 0, start
        while at < len(self.text):
            character = self.text[at]
            if character == "\\":
                at += 1
            elif character in "'\"":
                at = self.text.find(character, at + 1)
                if at < 0:
                    break
            elif character == opening:
                depth += 1
                if depth > MAX_NESTING:
                    raise ShellSyntaxError(opening)
            elif character == closing:
                depth -= 1
                if depth == 0:
                    self.at = at + 1
                    return self.text[start + 1 : at]
            at += 1
        raise IncompleteError(opening)


def _joined(parts: list[Part], text: list[str]) -> list[Part]:
    if text:
        parts.append(Part("text", "".join(text), quoted=True))
        text.clear()
    return parts


def _ansi(text: str) -> str:
    r"""Return what `$'...'` stands for: \n, \t, \xHH and their kin."""
    return unescape(text)[0]
