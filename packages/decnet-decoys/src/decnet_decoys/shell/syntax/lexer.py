# SPDX-License-Identifier: MIT
"""Text to tokens (POSIX.1-2017, Shell Command Language §2.3): words with their quoting kept, and operators.

Tokens are made one at a time and the parts of each are bounded, so that no text takes long between two of them.
"""

import re

from decnet_decoys.shell.syntax import brackets
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

MAX_SCRIPT = 1 << 20
"""Characters of a script that are read."""
MAX_TOKENS = 4000
"""Tokens of one line; a compound command counts as one."""
MAX_PARTS = 2000
"""Pieces of a word, each a text, a variable, a substitution or an escaped character."""
MAX_ESCAPED = 1 << 16
"""Characters between $' and ' of one token."""
MAX_DOCUMENT_LINES = 20_000

_BLANKS = re.compile(r"(?:[ \t]|\\\n|#[^\n]*)*")
_EMPTY_LINES = re.compile(r"[ \t\n]*")
OPERATOR = re.compile(r"([0-9]{1,3}(?=[<>]))?(<<<|&>>|<<-|&&|\|\||;;&|;;|;&|\|&|>>|<<|>&|<&|&>|>\||<>|[;&|<>()\n])")
_NAMED_DESCRIPTOR = re.compile(r"\{([A-Za-z_]\w*(?:\[\w+\])?)\}(?=[<>](?!\())")
_ENDS_WORD = frozenset(";&|<>()\n \t")
_PLAIN = re.compile(r"""[^;&|<>()\n \t'"\\$`]+""")
_IN_QUOTES = re.compile(r"""[^"\\$`]+""")
_IN_DOCUMENT = re.compile(r"[^\\$`]+")
_IN_ANSI = re.compile(r"'(?:[^'\\]|\\.)*", re.DOTALL)
"""`$'...'` from its first quote, without the last."""
_IN_BACKQUOTES = re.compile(r"(?:[^`\\]|\\.)*", re.DOTALL)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SPECIAL = frozenset("?$#@*!-0123456789")


def parts_of(text: str) -> Word:
    """Return the parts of text inside a here-document: only `$` and backquotes mean something."""
    lexer = Lexer(text)
    return tuple(lexer.quoted_parts(end=""))


class Lexer:
    """Makes the tokens of one text, and the here-documents in their order."""

    bash = True
    """Whether what bash adds to POSIX's language is understood."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.found: list[Token] = []
        self.documents: list[HereDocument] = []
        self._escaped = 0
        """Characters between $' and ' of the token being read."""
        self.began = 0
        """Where the token begins that was read last."""
        self.is_all = False
        """Whether nothing can follow the text, so that a here-document ends with it."""
        self.unended: list[tuple[str, int]] = []
        """Delimiters of here-documents that ended so, and where their bodies begin."""
        self._waiting: list[tuple[str, bool, bool]] = []
        """Delimiter, quoted, leading tabs stripped: here-documents that begin after the line."""

    def more(self) -> bool:
        """Add the next token to `found`; False at the end. Raises ShellSyntaxError or IncompleteError."""
        self._escaped = 0
        if not self._skip_blank():
            if self._waiting and self.is_all:
                self._read_documents()
            if self._waiting:
                raise IncompleteError("here-document")
            return False
        self.began = self.at
        if self.text.startswith("((", self.at) and self._arithmetic_command():
            return True
        named = _NAMED_DESCRIPTOR.match(self.text, self.at) if self.bash else None
        if named is not None:
            self.at = named.end()
        operator = None if self._begins_process() else self._operator()
        if named is not None and operator is not None:
            operator = operator._replace(variable=named[1])
        if operator is not None:
            self._take_operator(operator)
        else:
            self.found.append(self._word())
        return True

    def _begins_process(self) -> bool:
        """Return whether `<(` or `>(` stands here, which is a word."""
        return self.text.startswith(("<(", ">("), self.at)

    def _arithmetic_command(self) -> bool:
        """Take `((expression))` as a command with that name; False when it is a group within a group."""
        start = self.at
        inner = self._balanced(self.at, "(")
        if not inner.endswith(")"):
            self.at = start
            return False
        self.found += [(Part("text", "((", quoted=False),), parts_of(inner[1:-1]) or (Part("text", "", quoted=True),)]
        return True

    def _skip_blank(self) -> bool:
        """Move to the next token; False at the end of the text."""
        blanks = _BLANKS.match(self.text, self.at)
        self.at = blanks.end() if blanks is not None else self.at
        return self.at < len(self.text)

    def _operator(self) -> Operator | None:
        match = OPERATOR.match(self.text, self.at)
        if match is None:
            return None
        self.at = match.end()
        return Operator(match[2], None if match[1] is None else int(match[1]))

    def _take_operator(self, operator: Operator) -> None:
        self.found.append(operator)
        if operator.text in ("<<", "<<-"):
            self._skip_blank()
            word = self._delimiter() if self.at < len(self.text) else ()
            if not word:
                raise ShellSyntaxError("newline")
            self.found.append(word)
            delimiter = "".join(part.text for part in word)
            self._waiting.append((delimiter, any(part.quoted for part in word), operator.text == "<<-"))
        elif operator.text == "\n":
            self._read_documents()
            self._matched(_EMPTY_LINES)

    def _delimiter(self) -> Word:
        """Take the word that ends a here-document."""
        return self._word()

    def _read_documents(self) -> None:
        for delimiter, quoted, stripped in self._waiting:
            lines: list[str] = []
            start = self.at
            while True:
                if self.at >= len(self.text) and self.is_all:
                    self.unended.append((delimiter, start))
                    break
                if self.at >= len(self.text):
                    raise IncompleteError("here-document")
                end = self.text.find("\n", self.at)
                line = self.text[self.at : len(self.text) if end < 0 else end]
                self.at = len(self.text) if end < 0 else end + 1
                line = line.lstrip("\t") if stripped else line
                if line == delimiter:
                    break
                if len(lines) > MAX_DOCUMENT_LINES:
                    raise ShellSyntaxError("<<")
                lines.append(line + "\n")
            self.documents.append(HereDocument("".join(lines), quoted, delimiter))
        self._waiting = []

    def _word(self) -> Word:
        parts: list[Part] = []
        while self.at < len(self.text) and (self.text[self.at] not in _ENDS_WORD or self._begins_process()):
            character = self.text[self.at]
            if character == "'":
                parts.append(Part("text", self._until("'"), quoted=True))
            elif character == '"':
                self.at += 1
                inner = self.quoted_parts(end='"')
                parts.extend(inner or [Part("text", "", quoted=True)])
            elif character == "\\":
                self._escape(parts)
            elif character == "$" and self.bash and self.text.startswith('"', self.at + 1):
                self.at += 1  # what is quoted is to be translated, and never is
            elif character in "$`":
                parts.append(self._dollar(quoted=False))
            elif character in "<>":
                parts.append(Part("process", character + self._balanced(self.at + 1, "("), quoted=True))
            else:
                parts.append(Part("text", self._matched(_PLAIN), quoted=False))
            if len(parts) > MAX_PARTS:
                raise ShellSyntaxError("newline")
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

    def _matched(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self.at)
        if match is None:
            return ""
        self.at = match.end()
        return match[0]

    def quoted_parts(self, end: str) -> list[Part]:
        """Return the parts up to the closing double quote, or to the end of the text when `end` is empty."""
        parts: list[Part] = []
        text: list[str] = []
        plain = _IN_QUOTES if end else _IN_DOCUMENT
        while self.at < len(self.text):
            if len(parts) + len(text) > MAX_PARTS:
                raise ShellSyntaxError("newline")
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
                text.append(self._matched(plain))
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
            inner = self._balanced(self.at + 1, "(")
            if inner.startswith("(") and inner.endswith(")"):
                return Part("arithmetic", inner[1:-1], quoted)
            self.at = start
        if following == "(" or (following == "[" and self.bash):
            inner = self._balanced(self.at + 1, following)
            return Part("command" if following == "(" else "arithmetic", inner, quoted)
        if following == "{":
            return Part("variable", self._balanced(self.at + 1, "{"), quoted)
        if following == "'" and not quoted:
            self.at += 1
            return Part("text", self._ansi(), quoted=True)
        return self._named(following, quoted=quoted)

    def _ansi(self) -> str:
        r"""Return what `$'...'` stands for: \n, \t, \xHH and their kin."""
        inner = self._matched(_IN_ANSI)[1:]
        if self.at >= len(self.text):
            raise IncompleteError("'")
        self.at += 1
        self._escaped += len(inner)
        if self._escaped > MAX_ESCAPED:
            raise ShellSyntaxError("newline")
        return unescape(inner)[0].partition("\0")[0]

    def _named(self, following: str, *, quoted: bool) -> Part:
        if following in _SPECIAL and following:
            self.at += 2
            return Part("variable", following, quoted)
        self.at += 1
        name = self._matched(_NAME)
        return Part("variable", name, quoted) if name else Part("text", "$", quoted)

    def _backquoted(self) -> str:
        self.at += 1
        inner = self._matched(_IN_BACKQUOTES)
        if self.at >= len(self.text):
            raise IncompleteError("`")
        self.at += 1
        return inner.replace("\\`", "`").replace("\\$", "$")

    def _balanced(self, start: int, opening: str) -> str:
        """Return what stands between the bracket at `start` and its partner; moves behind it."""
        end = brackets.end_of(self.text, start, opening)
        self.at = end + 1
        return self.text[start + 1 : end]


def _joined(parts: list[Part], text: list[str]) -> list[Part]:
    if text:
        parts.append(Part("text", "".join(text), quoted=True))
        text.clear()
    return parts
