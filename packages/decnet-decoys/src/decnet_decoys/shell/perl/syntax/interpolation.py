# SPDX-License-Identifier: MIT
"""Texts in double quotes, here-documents and patterns: escapes, and the variables that are to be put in."""

from __future__ import annotations

import re
from collections.abc import Callable

from decnet_decoys.shell.effects import Steps, turn
from decnet_decoys.shell.perl.syntax.tree import Node

_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "a": "\a", "e": "\x1b", "f": "\f", "b": "\b"}
_ESCAPE = re.compile(r"\\(?:x\{([0-9a-fA-F]{1,6})\}|x([0-9a-fA-F]{0,2})|([0-7]{1,3})|c(.)|([ULEQul])|(.)|$)", re.DOTALL)
_VARIABLE = re.compile(
    r"\$(?:#?\{\^?\w+\}|#?\$*[A-Za-z_](?:\w|::(?=\w))*|\d+|\$(?!\w)|[&!@0,;.\\/<>?\]](?![\w{])|\^[A-Z]|#?\$+\w+|\+(?=\{))"
    r"|@(?:\$*[A-Za-z_](?:\w|::(?=\w))*|\{\w+\})"
)
_OPENING = re.compile(r"[$@]#?\{")
_SUBSCRIPT = re.compile(r"(?:->)?(?=[\[{])")
_INDEX = re.compile(r"\[(?:-?\d+|\$#?\w+(?:[-+*]\d+)?|[-+$\w#{}>]+)\]")
_INDEXES = re.compile(r"\[[^\[\]]{1,200}\]")
_IN_PATTERN = re.compile(r"\[(?:-?\d+|\$\w+)\]")
_PARTNERS = {"[": "]", "{": "}"}
MAX_PIECES = 500

Expression = Callable[[str], Steps[Node]]


def parts(text: str, parse: Expression, *, pattern: bool = False) -> Steps[Node]:
    """Return the node that makes a text; `parse` reads the expression of a variable in it.

    In a pattern escapes stay as they are, and `$` before a bracket or the end is an anchor.
    """
    found: list[Node] = []
    plain: list[str] = []
    at = 0
    while at < len(text) and len(found) < MAX_PIECES:
        yield from turn()
        one = text[at]
        if one == "\\":
            escape = _ESCAPE.match(text, at)
            end = at + 2 if escape is None else escape.end()
            if pattern:
                end = at + 2
                plain.append(text[at:end])
            elif escape is not None and escape[5]:
                found += [*_plain(plain), ("case", escape[5])]
            elif escape is not None:
                plain.append(_escaped(escape))
            at = end
            continue
        end = _variable_end(text, at, pattern=pattern) if one in "$@" else at
        if end == at:
            plain.append(one)
            at += 1
            continue
        node = yield from parse(text[at:end])
        found += [*_plain(plain), ("joined", node) if one == "@" else node]
        at = end
    found += _plain(plain)
    if not found:
        return ("str", "")
    return found[0] if len(found) == 1 and found[0][0] == "str" else ("interpolated", tuple(found))


def _plain(pieces: list[str]) -> list[Node]:
    whole = "".join(pieces)
    pieces.clear()
    return [("str", whole)] if whole else []


def _escaped(match: re.Match[str]) -> str:
    wide, short, octal, control, _, other = match.groups()
    if wide is not None or short is not None:
        code = int(wide or short or "0", 16)
        return chr(code) if code < 0x110000 else "?"
    if octal is not None:
        return chr(int(octal, 8) & 0xFF)
    if control is not None:
        return chr(ord(control) & 31)
    return _ESCAPES.get(other or "\\", other or "\\")


def _variable_end(text: str, at: int, *, pattern: bool) -> int:
    """Return where the variable ends that begins here with its subscripts; `at` when there is none."""
    opening = _OPENING.match(text, at)
    named = _VARIABLE.match(text, at)
    if named is not None and not (
        pattern and text[at + 1 : at + 2] in ("", "|", ")", "!", ",", ";", "/", "<", ">", "?", "]")
    ):
        end = named.end()
    elif opening is not None:
        end = closing(text, opening.end() - 1)
    else:
        return at
    if end <= at:
        return at
    while (arrow := _SUBSCRIPT.match(text, end)) is not None:
        is_index = text[arrow.end()] == "["
        index = _IN_PATTERN if pattern else _INDEXES if text[at] == "@" else _INDEX
        if is_index and not index.match(text, arrow.end()):
            break
        if pattern and not is_index and (text[arrow.end() + 1 : arrow.end() + 2].isdecimal()):
            break  # a repetition
        inner = closing(text, arrow.end())
        if inner < 0:
            break
        end = inner
    return end


def closing(text: str, at: int) -> int:
    """Return the place behind the partner of a bracket, -1 when it has none."""
    opening, partner, depth = text[at], _PARTNERS[text[at]], 0
    for place in range(at, min(len(text), at + 2000)):
        if text[place] == opening:
            depth += 1
        elif text[place] == partner:
            depth -= 1
            if not depth:
                return place + 1
    return -1
