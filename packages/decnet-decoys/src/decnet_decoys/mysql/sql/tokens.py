# SPDX-License-Identifier: MIT
"""Takes statements apart into tokens, as MariaDB's lexer does: comments are left out, those with `/*!` are read."""

import re
from typing import Final, NamedTuple

from decnet_decoys.errors import DecoysError

MOST_TOKENS: Final = 4000
"""Of a statement; one with more is answered without being parsed."""
_TOKEN: Final = re.compile(
    r"(?P<space>\s+|/\*!\d*|\*/|/\*(?:[^*]|\*(?!/))*+\*/|--(?=\s|$)[^\n]*|\#[^\n]*)"
    r"|(?P<hex>0x[0-9a-fA-F]+\b|[xX]'(?:[0-9a-fA-F]{2})*'|[bB]'[01]*')"
    r"|(?P<number>(?:\d+\.\d*|\.\d+|\d+)(?:[eE][+-]?\d+)?)(?![\w$])"
    r"|(?P<string>(?:_[a-z0-9]+\s*|[nN])?(?:'(?:[^'\\]|\\.|'')*+'|\"(?:[^\"\\]|\\.|\"\")*+\"))"
    r"|(?P<name>`(?:[^`]|``)*+`)"
    r"|(?P<system>@@[\w.$]+)|(?P<variable>@(?:[\w$.]+|`[^`]*`|'[^']*'))"
    r"|(?P<word>[\w$\udc80-\udcff]+)"
    r"|(?P<operator><=>|:=|<>|!=|<=|>=|\|\||&&|<<|>>|[-+*/%(),.;=<>!~|&^?{}@])",
    re.DOTALL,
)
_ESCAPED: Final = re.compile(r"\\(.)|''|\"\"", re.DOTALL)
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "b": "\b", "Z": "\x1a", "%": "\\%", "_": "\\_"}
"""What a letter after a backslash means in a string (MariaDB, "String Literals")."""


class NotUnderstoodError(DecoysError):
    """A statement cannot be parsed from a place on."""

    def __init__(self, at: int) -> None:
        super().__init__(at)
        self.at = at


class TooLongError(DecoysError):
    """A statement has more tokens than are looked at."""


class Token(NamedTuple):
    kind: str
    text: str
    """Of words in upper case; of names without quotes; of strings their value."""
    at: int
    end: int


def tokens(sql: str) -> list[Token]:
    """Return the tokens of statements, the last of kind `end`; raises NotUnderstoodError, TooLongError."""
    found: list[Token] = []
    at, commented = 0, False
    for _ in range(MOST_TOKENS):
        if at >= len(sql):
            break
        match = _TOKEN.match(sql, at)
        if match is None or (match[0] == "*/" and not commented):
            if match is not None:
                found += [Token("operator", "*", at, at + 1), Token("operator", "/", at + 1, at + 2)]
                at += 2
                continue
            if sql.startswith("/*", at):
                at = len(sql)
                break
            raise NotUnderstoodError(at)
        kind = match.lastgroup or ""
        if kind == "space":
            commented = match[0].startswith("/*!") or (commented and match[0] != "*/")
        else:
            _add(found, kind, match[0], at, match.end())
        at = match.end()
    if at < len(sql) or len(found) > MOST_TOKENS:
        raise TooLongError
    found.append(Token("end", "", len(sql), len(sql)))
    return found


def _add(found: list[Token], kind: str, text: str, at: int, end: int) -> None:
    if kind == "string":
        value = unquoted(text[min(place for place in (text.find("'"), text.find('"')) if place >= 0) :])
        last = found[-1] if found else None
        if last is not None and last.kind == "string":  # strings side by side are one
            found[-1] = Token("string", last.text + value, last.at, end)
            return
        text = value
    elif kind == "name":
        text = text[1:-1].replace("``", "`")
    elif kind == "variable":
        text = text[1:].strip("`'").lower()
    elif kind == "system":
        text = text[2:]
    found.append(Token(kind, text, at, end))


def unquoted(text: str) -> str:
    """Return what a string between quotes stands for."""
    quote = text[0]

    def meant(found: re.Match[str]) -> str:
        if found[1] is not None:
            return _ESCAPES.get(found[1], found[1])
        return quote if found[0][0] == quote else found[0]

    return _ESCAPED.sub(meant, text[1:-1]) if "\\" in text or quote * 2 in text else text[1:-1]
