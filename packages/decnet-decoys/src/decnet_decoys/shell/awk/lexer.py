# SPDX-License-Identifier: MIT
"""An awk program's text to tokens."""

from __future__ import annotations

import re
from typing import NamedTuple

from decnet_decoys.errors import DecoysError
from decnet_decoys.shell.syntax.escapes import unescape

MAX_PROGRAM = 1 << 13
"""Characters of a program."""
MAX_TOKENS = 2000

KEYWORDS = frozenset(
    ("BEGIN", "END", "if", "else", "while", "for", "do", "break", "continue", "next", "exit", "delete", "in",
     "function", "func", "return", "print", "printf", "getline", "nextfile")
)  # fmt: skip
FUNCTIONS = frozenset(
    ("length", "substr", "index", "split", "sub", "gsub", "match", "sprintf", "sin", "cos", "atan2", "exp", "log",
     "sqrt", "int", "rand", "srand", "tolower", "toupper", "system", "close", "fflush", "systime", "strftime")
)  # fmt: skip
_TOKEN = re.compile(
    r"[ \t\r]+|\\\n|#[^\n]*"
    r"|(?P<number>0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)"
    r'|(?P<string>"(?:[^"\\\n]|\\.)*")'
    r"|(?P<name>[A-Za-z_]\w*)"
    r"|(?P<operator>\*\*=|\*\*|\^=|\+\+|--|\+=|-=|\*=|/=|%=|==|<=|>=|!=|!~|&&|\|\||>>|[-{}()\[\];,+*/%^!<>|?:~$=\n])",
    re.DOTALL,
)
_REGEX = re.compile(r"/((?:[^/\\\n\[]|\\.|\[\^?\]?[^\]\n]{0,200}\])*)/", re.DOTALL)
_ENDS_OPERAND = frozenset((")", "]", "$", "++", "--"))


class AwkSyntaxError(DecoysError, ValueError):
    """The program is none; the message is the text at which that was seen."""


class Token(NamedTuple):
    kind: str
    """number, string, regex, name, call (a name right before a parenthesis), keyword, function, operator or end."""
    text: str


def tokens(program: str) -> list[Token]:
    """Return the tokens of a program; raises AwkSyntaxError."""
    found: list[Token] = []
    at = 0
    if len(program) > MAX_PROGRAM:
        raise AwkSyntaxError(program[:20])
    while at < len(program):
        regex = _REGEX.match(program, at) if program[at] == "/" and _regex_may_begin(found) else None
        match = regex or _TOKEN.match(program, at)
        if match is None or len(found) > MAX_TOKENS:
            raise AwkSyntaxError(program[at : at + 20])
        at = match.end()
        if regex is not None:
            found.append(Token("regex", regex[1].replace("\\/", "/")))
        elif match.lastgroup is not None:
            found.append(_token(match.lastgroup, match[0], program[at : at + 1]))
    return [*found, Token("end", "")]


def _regex_may_begin(found: list[Token]) -> bool:
    if not found:
        return True
    last = found[-1]
    return last.kind in ("operator", "keyword") and last.text not in _ENDS_OPERAND


def _token(kind: str, text: str, following: str) -> Token:
    if kind == "string":
        return Token(kind, unescape(text[1:-1])[0])
    if kind == "name" and text in KEYWORDS:
        return Token("keyword", "function" if text == "func" else text)
    if kind == "name" and text in FUNCTIONS:
        return Token("function", text)
    if kind == "name" and following == "(":
        return Token("call", text)
    return Token(kind, text)
