# SPDX-License-Identifier: MIT
"""Takes statements apart into tokens, as MariaDB's lexer does: comments are left out, those with `/*!` are read."""

import re
from typing import Final, NamedTuple

from decnet_decoys.errors import DecoysError
from decnet_decoys.mysql.sql.budget import sized, step

MOST_TOKENS: Final = 4000
"""Of a statement; one with more is answered without being parsed."""
_LONGEST: Final = 1024
"""Characters of a name or a number that are looked at."""
_TOKEN: Final = re.compile(
    r"(?P<space>\s{1,1024}+|/\*!\d{0,9}|\*/|--(?=\s|$)[^\n]*|\#[^\n]*)"
    r"|(?P<comment>/\*)"
    r"|(?P<hex>0x[0-9a-fA-F]+\b|0b[01]+\b|[xX]'[0-9a-fA-F]*'|[bB]'[01]*')"
    r"|(?P<number>(?:\d{1,1024}+(?:\.\d{0,1024}+)?|\.\d{1,1024}+)(?:[eE][+-]?\d{1,1024}+)?)(?![\w$])"
    r"|(?P<string>(?:_[a-z0-9]{1,64}+\s{0,64}+|[nN])?['\"])"
    r"|(?P<name>`)"
    r"|(?P<system>@@[\w.$]+)|(?P<variable>@(?:[\w$.]+|`[^`]*`|'[^']*'))"
    r"|(?P<word>[\w$\udc80-\udcff]{1,1024}+)"
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
        step()
        match = _TOKEN.match(sql, at)
        if match is None or (match[0] == "*/" and not commented):
            if match is not None:
                found += [Token("operator", "*", at, at + 1), Token("operator", "/", at + 1, at + 2)]
                at += 2
                continue
            raise NotUnderstoodError(at)
        kind, end = match.lastgroup or "", _end(sql, match)
        if kind == "space":
            commented = match[0].startswith("/*!") or (commented and match[0] != "*/")
        elif kind != "comment":
            _add(found, kind, sql[at:end], at, end)
        at = end
    if at < len(sql) or len(found) > MOST_TOKENS:
        raise TooLongError
    found.append(Token("end", "", len(sql), len(sql)))
    return found


def _end(sql: str, match: re.Match[str]) -> int:
    """Return where a token ends; raises NotUnderstoodError."""
    at = match.end()
    if match.lastgroup == "comment":
        end = sql.find("*/", at)
        return end + 2 if end >= 0 else len(sql)
    if match.lastgroup not in ("string", "name"):
        return at
    quote = sql[at - 1]
    end = sql.find(quote, at)
    while end >= 0:
        escaped = sql.find("\\", at, end) if quote != "`" else -1
        if escaped >= 0:
            at = escaped + 2
        elif sql.startswith(quote, end + 1):
            at = end + 2
        else:
            return end + 1
        step()
        if at > end:
            end = sql.find(quote, at)
    raise NotUnderstoodError(match.start())


def _add(found: list[Token], kind: str, text: str, at: int, end: int) -> None:
    if kind == "string":
        value = unquoted(text[min(place for place in (text.find("'"), text.find('"')) if place >= 0) :])
        last = found[-1] if found else None
        if last is not None and last.kind == "string":  # strings side by side are one
            sized(last.text)
            found[-1] = Token("string", last.text + value, last.at, end)
            return
        text = value
    elif kind == "name":
        text = text[1:-1].replace("``", "`")
    elif kind == "variable":
        text = text[1:].strip("`'").lower()
    elif kind == "system":
        text = text[2:]
    elif kind == "hex" and text[0] in "xX" and len(text) % 2 == 0:
        raise NotUnderstoodError(at)
    found.append(Token(kind, text if kind in ("string", "hex") else text[:_LONGEST], at, end))


def unquoted(text: str) -> str:
    """Return what a string between quotes stands for."""
    quote = text[0]

    def meant(found: re.Match[str]) -> str:
        if found[1] is not None:
            return _ESCAPES.get(found[1], found[1])
        return quote if found[0][0] == quote else found[0]

    escapes = text.count("\\") + text.count(quote * 2)
    step(2 * escapes)
    return _ESCAPED.sub(meant, text[1:-1]) if escapes else text[1:-1]
