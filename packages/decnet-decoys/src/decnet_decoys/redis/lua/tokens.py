# SPDX-License-Identifier: MIT
"""Words of a Lua script (Lua 5.1 reference manual, section 2.1)."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from decnet_decoys.errors import DecoysError

_TOKEN = re.compile(
    rb"""(?P<space>\s+|--[^\n]*)
    |(?P<name>[A-Za-z_]\w*)
    |(?P<number>0[xX][0-9a-fA-F]{1,8}|(?:\d{1,20}(?:\.\d{0,20})?|\.\d{1,20})(?:[eE][+-]?\d{1,3})?)
    |(?P<string>"(?:[^"\\\n]+|\\.)*+"|'(?:[^'\\\n]+|\\.)*+')
    |(?P<sign>\.\.\.|\.\.|[=~<>]=|[-+*/%^\#=<>(){}\[\];:,.])""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(rb"\\(\d{1,3}|.)", re.DOTALL)
_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"a": b"\a", b"b": b"\b", b"f": b"\f", b"v": b"\v"}
_KEYWORDS = (
    b"and break do else elseif end false for function if in local nil not or repeat return then true until while"
)
KEYWORDS = frozenset(_KEYWORDS.split())


class SyntaxProblem(DecoysError):
    """The script cannot be compiled; the message is the real server's."""


class Token(NamedTuple):
    """A word: its kind is name, keyword, number, string, sign or end."""

    kind: str
    text: bytes
    line: int

    @property
    def shown(self) -> str:
        """The word as errors show it."""
        return self.text.decode("latin-1")[:40] if self.kind != "end" else "<eof>"


def tokens(source: bytes) -> Iterator[Token]:
    """Yield the words of a script, then an end. Raises SyntaxProblem."""
    at, line = 0, 1
    while at < len(source):
        comment = source.startswith(b"--[[", at)
        if comment or source.startswith(b"[[", at):
            end = source.find(b"]]", at)
            if end < 0:
                raise SyntaxProblem(
                    f"user_script:{line}: unfinished long {'comment' if comment else 'string'} near '<eof>'"
                )
            if not comment:
                yield Token("string", source[at + 2 : end].removeprefix(b"\n"), line)
            line += source.count(b"\n", at, end)
            at = end + 2
            continue
        found = _TOKEN.match(source, at)
        if found is None:
            near = source[at : at + 1].decode("latin-1")
            said = f"unfinished string near '{near}" if near in "\"'" else f"unexpected symbol near '{near}"
            raise SyntaxProblem(f"user_script:{line}: {said}'")
        kind, text = str(found.lastgroup), found[0]
        if kind == "string":
            text = _ESCAPE.sub(_unescaped, text[1:-1])
        elif kind == "name" and text in KEYWORDS:
            kind = "keyword"
        if kind != "space":
            yield Token(kind, text, line)
        line += found[0].count(b"\n")
        at = found.end()
    yield Token("end", b"", line)


def _unescaped(found: re.Match[bytes]) -> bytes:
    if found[1].isdigit():
        return bytes((int(found[1]) & 0xFF,))
    return _ESCAPES.get(found[1], found[1])
