# SPDX-License-Identifier: MIT
"""Reads the tokens of a script one after the other, and knows in which line that is."""

import re

from decnet_decoys.shell.syntax import lexer
from decnet_decoys.shell.syntax.nodes import (
    HereDocument,
    IncompleteError,
    Operator,
    Redirect,
    ShellSyntaxError,
    Token,
    Word,
)

REDIRECTIONS = frozenset(("<", ">", ">>", "<<", "<<-", "<<<", ">&", "<&", "&>", "&>>", ">|", "<>"))
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
NEWLINE = Operator("\n")


class TokenReader:
    """The tokens of one script, of which `at` is the next among those that were read."""

    def __init__(self, text: str, kind: type[lexer.Lexer] = lexer.Lexer, first: int = 1) -> None:
        self.lexer = kind(text[: lexer.MAX_SCRIPT])
        self.tokens = self.lexer.found
        self._documents = 0
        self.at = 0
        self.depth = 0
        """Commands within each other that are being read."""
        self._counted = self._shown = 0
        self._first = self._reached = self.number = first
        """Of the line at which the command begins that was read last."""

    def unended(self) -> list[tuple[str, int, int]]:
        """Return the delimiters of here-documents that ended so, and in which lines they began and ended."""
        text = self.lexer.text
        found, self.lexer.unended = self.lexer.unended, []
        ended = text.count("\n") + (not text.endswith("\n"))
        return [(delimiter, text.count("\n", 0, start), ended) for delimiter, start in found]

    def end_with_text(self) -> None:
        """Let a here-document whose delimiter is missing end where the text does: no more will come."""
        self.lexer.is_all = True

    @property
    def opened(self) -> int:
        """The number of the line in which the token begins that was read last."""
        return self._first + self.lexer.text.count("\n", 0, self.lexer.began)

    def reached(self) -> int:
        """Return the number of the line up to whose last token the text was read; a line feed ends its own line."""
        at = self.lexer.at
        if self.tokens and self.tokens[-1] == NEWLINE:
            at -= 1
        self._reached += self.lexer.text.count("\n", self._counted, at)
        self._counted = max(self._counted, at)
        return self._reached

    def taken(self) -> str:
        """Return the lines that were read since this was asked for before, as `set -v` shows them."""
        start, self._shown = self._shown, self.lexer.at
        text = self.lexer.text[start : self._shown].lstrip("\n")
        return text if text.endswith("\n") or not text else f"{text}\n"

    def token(self, at: int) -> Token | None:
        """Return the token at a place, None behind the last one; raises ShellSyntaxError."""
        while at >= len(self.tokens):
            if len(self.tokens) > lexer.MAX_TOKENS:
                raise ShellSyntaxError("newline")
            if not self.lexer.more():
                return None
        return self.tokens[at]

    def peek(self) -> Token | None:
        """Return the next token, None at the end."""
        return self.token(self.at)

    def shown(self) -> str:
        """Return the next token as a complaint names it."""
        token = self.peek()
        if token is None:
            return "newline"
        if isinstance(token, Operator):
            return "newline" if token.text == "\n" else token.text
        return "".join(part.text for part in token)

    def operator(self, *texts: str) -> str | None:
        """Return the operator here if it is one of these."""
        token = self.peek()
        return token.text if isinstance(token, Operator) and token.text in texts else None

    def keyword(self, *words: str) -> str | None:
        """Return the reserved word here: one unquoted literal."""
        token = self.peek()
        if isinstance(token, Operator) or token is None or len(token) != 1:
            return None
        part = token[0]
        return part.text if part.kind == "text" and not part.quoted and part.text in words else None

    def expect(self, word: str) -> None:
        """Take a reserved word; raises ShellSyntaxError."""
        if self.keyword(word) is None:
            raise self.fault(word)
        self.at += 1

    def fault(self, expected: str = "") -> ShellSyntaxError:
        """Return what is wrong with the next token; `expected` is the word that should have come."""
        fault = IncompleteError("newline") if self.peek() is None else ShellSyntaxError(self.shown())
        fault.expected = expected
        return fault

    def skip_newlines(self) -> None:
        """Take the line feeds here."""
        while self.operator("\n"):
            self.at += 1

    def literal(self, form: re.Pattern[str] = NAME) -> str:
        """Take a word of this form without expansions; raises ShellSyntaxError."""
        word = self.word()
        text = "".join(part.text for part in word)
        if not form.fullmatch(text) or any(part.kind != "text" for part in word):
            raise ShellSyntaxError(text)
        return text

    def word(self) -> Word:
        """Take a word; raises ShellSyntaxError."""
        token = self.peek()
        if token is None or isinstance(token, Operator):
            raise self.fault()
        self.at += 1
        return token

    def redirects(self) -> tuple[Redirect, ...]:
        """Take the redirections here."""
        found: list[Redirect] = []
        while isinstance(token := self.peek(), Operator) and token.text in REDIRECTIONS:
            found.append(self.redirect(token))
        return tuple(found)

    def redirect(self, operator: Operator) -> Redirect:
        """Take a redirection, whose operator is the next token."""
        self.at += 1
        target: Word | HereDocument = self.word()
        fd = operator.fd if operator.fd is not None else (0 if operator.text[0] == "<" else 1)
        if operator.text in ("<<", "<<-"):
            target = self.document()
        return Redirect(fd, operator.text, target, operator.variable)

    def document(self) -> HereDocument:
        """Return the next here-document; its body follows the line."""
        while len(self.lexer.documents) <= self._documents:
            if not self.lexer.more():
                raise IncompleteError("here-document")
        self._documents += 1
        return self.lexer.documents[self._documents - 1]
