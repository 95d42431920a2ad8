# SPDX-License-Identifier: MIT
"""Words to arguments (POSIX.1-2017, Shell Command Language §2.6): parameters, arithmetic, fields, path names.

Command substitution runs commands, so the interpreter does it; here are the parts that only compute.
"""

from __future__ import annotations

import fnmatch
import posixpath
import re
from collections.abc import Callable, Mapping

from decnet_decoys.shell.machine.filesystem import Files
from decnet_decoys.shell.machine.fs_errors import FileFault

MAX_MATCHES = 500
MAX_FIELD = 1 << 16
"""Characters of one expanded word; `a=$a$a` repeated does not grow beyond it."""

_WITH_OPERATOR = re.compile(r"([A-Za-z_]\w*|[?$#@*!0-9-])(:?[-+=?]|##?|%%?|//?)(.*)", re.DOTALL)
_NUMBER = re.compile(
    r"\s*(0[xX][0-9a-fA-F]{1,16}|\d{1,18}|[A-Za-z_]\w*|\*\*|<<|>>|[<>=!]=|&&|\|\||[-+*/%()<>!&|^~?:,=])"
)
_BRACES = re.compile(r"\{([^{},\s]*(?:,[^{},\s]*)+)\}|\{(-?\d{1,6})\.\.(-?\d{1,6})\}")


def parameter(inner: str, variables: Mapping[str, str], expand: Callable[[str], str]) -> str:
    """Return what `${inner}` stands for; `expand` expands the word of an operator."""
    if inner.startswith("#") and inner.endswith(("[@]", "[*]")):
        start = inner[1:-2]  # name[
        return str(sum(key.startswith(start) and key[len(start) : -1].isdigit() for key in variables))
    if inner.startswith("#") and len(inner) > 1:
        return str(len(variables.get(inner[1:], "")))
    match = _WITH_OPERATOR.fullmatch(inner)
    if match is None:
        return variables.get(inner, "")[:MAX_FIELD]
    name, operator, word = match.groups()
    value = variables.get(name)
    return _operated(value, operator, expand(word))[:MAX_FIELD]


def _operated(value: str | None, operator: str, word: str) -> str:
    kind = operator.lstrip(":")
    absent = value is None or (operator.startswith(":") and not value)
    if kind in "-=?":
        return word if absent else value or ""
    if kind == "+":
        return "" if absent else word
    return _trimmed(value or "", kind, word)


def _trimmed(value: str, kind: str, word: str) -> str:
    if kind in ("/", "//"):
        old, _, new = word.partition("/")
        return value.replace(old, new, -1 if kind == "//" else 1) if old else value
    value = value[:1024]  # each try costs a match: bounded
    cuts = range(len(value) + 1)
    if kind.startswith("#"):
        order = reversed(cuts) if kind == "##" else cuts
        return next((value[cut:] for cut in order if matches(value[:cut], word)), value)
    order = cuts if kind == "%%" else reversed(cuts)
    return next((value[:cut] for cut in order if matches(value[cut:], word)), value)


def matches(text: str, pattern: str) -> bool:
    """Tell whether a shell pattern fits `text`; stars are merged and bounded so that matching stays cheap."""
    pattern = re.sub(r"\*+", "*", pattern)
    if pattern.count("*") > 6 or len(pattern) > 256:
        return text == pattern
    return fnmatch.fnmatchcase(text[:MAX_FIELD], pattern)


def braces(text: str, limit: int = MAX_MATCHES) -> list[str]:
    """Return bash's brace expansion of an unquoted word: a{b,c} and {1..3}."""
    pending: list[str] = [text]
    done: list[str] = []
    while pending and len(done) + len(pending) < limit:
        word = pending.pop(0)
        match = _BRACES.search(word)
        if match is None:
            done.append(word)
            continue
        choices = _choices(match, limit)
        pending[:0] = [word[: match.start()] + choice + word[match.end() :] for choice in choices]
    return done + pending


def _choices(match: re.Match[str], limit: int) -> list[str]:
    if match[1] is not None:
        return match[1].split(",")[:limit]
    first, last = int(match[2]), int(match[3])
    step = 1 if last >= first else -1
    return [str(number) for number in range(first, last + step, step)[:limit]]


def paths(pattern: str, files: Files, cwd: str) -> list[str]:
    """Return the path names that fit `pattern`, sorted; none when nothing fits."""
    absolute = pattern.startswith("/")
    found = ["/" if absolute else ""]
    for part in [piece for piece in pattern.split("/") if piece]:
        found = [path for base in found for path in _children(base, part, files, cwd)][:MAX_MATCHES]
    return found


def _children(base: str, part: str, files: Files, cwd: str) -> list[str]:
    if not any(mark in part for mark in "*?["):
        path = posixpath.join(base, part)
        return [path] if files.exists(path, cwd) else []
    try:
        names = files.names(base or ".", cwd=cwd)
    except FileFault:
        return []
    visible = (name for name in names if part.startswith(".") or not name.startswith("."))
    return [posixpath.join(base, name) for name in visible if matches(name, part)]


def arithmetic(text: str, variables: Mapping[str, str]) -> int | None:
    """Return the value of an integer expression, None when it is not one; bounded to 64 bits like bash."""
    pieces = _NUMBER.findall(text[:1024])
    if "".join(pieces) != re.sub(r"\s+", "", text[:1024]):
        return None
    try:
        value, rest = _binary(pieces, 0, 0, variables, 0)
    except (ValueError, IndexError, ZeroDivisionError, RecursionError):
        return None
    return _wrapped(value) if rest == len(pieces) else None


def _quotient(a: int, b: int) -> int:
    quotient = abs(a) // abs(b)
    return quotient if (a >= 0) == (b >= 0) else -quotient


_LEVELS: tuple[dict[str, Callable[[int, int], int]], ...] = (
    {"||": lambda a, b: int(bool(a or b))},
    {"&&": lambda a, b: int(bool(a and b))},
    {"|": lambda a, b: a | b},
    {"^": lambda a, b: a ^ b},
    {"&": lambda a, b: a & b},
    {"==": lambda a, b: int(a == b), "!=": lambda a, b: int(a != b)},
    {
        "<": lambda a, b: int(a < b),
        ">": lambda a, b: int(a > b),
        "<=": lambda a, b: int(a <= b),
        ">=": lambda a, b: int(a >= b),
    },
    {"<<": lambda a, b: a << (b & 63), ">>": lambda a, b: a >> (b & 63)},
    {"+": lambda a, b: a + b, "-": lambda a, b: a - b},
    {"*": lambda a, b: a * b, "/": _quotient, "%": lambda a, b: a - b * _quotient(a, b)},
    {"**": lambda a, b: pow(a, b, 1 << 64) if b >= 0 else 0},
)


def _binary(pieces: list[str], at: int, level: int, variables: Mapping[str, str], depth: int) -> tuple[int, int]:
    if level == len(_LEVELS):
        return _unary(pieces, at, variables, depth)
    left, at = _binary(pieces, at, level + 1, variables, depth)
    while at < len(pieces) and pieces[at] in _LEVELS[level]:
        right, following = _binary(pieces, at + 1, level + 1, variables, depth)
        left, at = _wrapped(_LEVELS[level][pieces[at]](left, right)), following
    return left, at


def _unary(pieces: list[str], at: int, variables: Mapping[str, str], depth: int) -> tuple[int, int]:
    piece = pieces[at]
    if depth > 15:
        raise ValueError(piece)
    if piece in ("-", "+", "!", "~"):
        value, at = _unary(pieces, at + 1, variables, depth + 1)
        return {"-": -value, "+": value, "!": int(not value), "~": ~value}[piece], at
    if piece == "(":
        value, at = _binary(pieces, at + 1, 0, variables, depth + 1)
        if pieces[at] != ")":
            raise ValueError(piece)
        return value, at + 1
    if piece[0].isdigit():
        return _integer(piece), at + 1
    if piece[0].isalpha() or piece[0] == "_":
        word = variables.get(piece, "").strip() or "0"
        return _integer(word[:18]), at + 1
    raise ValueError(piece)


def _integer(text: str) -> int:
    if text[:2] in ("0x", "0X"):
        return int(text, 16)
    return int(text, 8) if len(text) > 1 and text.startswith("0") else int(text)


def _wrapped(value: int) -> int:
    return (value + (1 << 63)) % (1 << 64) - (1 << 63)
