# SPDX-License-Identifier: MIT
"""Texts and sums in a line of Perl, with its variables in them. Every value is a text; None where there is none."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping

from decnet_decoys.shell.encoding import decode, encode
from decnet_decoys.shell.expansion.arithmetic import arithmetic
from decnet_decoys.shell.syntax.escapes import unescape

MAX_TEXT = 4096
"""Characters of a variable, and of a list that is printed."""
MAX_ITEMS = 128
"""Of a list."""
MAX_NAMES = 64
"""Variables of a program."""
_VARIABLE = (
    r"\$(?:\{\w{1,64}\}|ENV\{['\"]?\w{1,64}['\"]?\}|(?:ARGV|F)\[-?\d{1,4}\]|\w{1,64}(?![\w\[{])|\^[OVX]|[$.](?!\w))"
)
_WITHIN = re.compile(rf"\\([$@])|(\\.)|({_VARIABLE})|@(ARGV|F)\b|([^\\$@]++|.)", re.DOTALL)
_ALONE = re.compile(_VARIABLE)
_STEPPED = re.compile(r"\$(\w{1,64})(\+\+|--)")
_DIVIDED = re.compile(r"[\s(]{0,8}(-?\d{1,15})[\s)]{0,8}/[\s(]{0,8}(-?\d{1,15})[\s)]{0,8}")
_LIST = re.compile(
    r"\s{0,64}+\(?\s{0,64}+(?:(-?\d{1,6})\s{0,64}+\.\.\s{0,64}+(-?\d{1,6}|\$\w{1,64})"
    r"|qw\s{0,64}+[(/]([^)/]{0,2000}+)[)/]|@(ARGV|F))\s{0,64}+\)?\s{0,64}+"
)
_ONE = r"""(?:"((?:[^"\\]|\\.){0,2000}+)"|'([^']{0,2000}+)'|([-$\d][\w\s$+*/%.{}\[\]-]{0,64}?))"""
_BLANK = r"\s{0,64}+"
_CALLED = re.compile(
    rf"{_BLANK}(uc|lc|ucfirst|length|ord|chr|hex|oct|int|encode_base64|decode_base64)\b{_BLANK}(\()?{_BLANK}{_ONE}{_BLANK}(?(2)\)){_BLANK}(?:[,.]|$)",
    re.DOTALL,
)
_FUNCTIONS: dict[str, Callable[[str], str]] = {
    "uc": str.upper, "lc": str.lower, "ucfirst": lambda one: one[:1].upper() + one[1:],
    "length": lambda one: str(len(one)), "ord": lambda one: str(ord(one[0]) if one else 0),
    "chr": lambda one: chr(number(one) & 0x7F), "int": lambda one: str(number(one)),
    "hex": lambda one: str(int(_digits(one, r"(?:0[xX])?([0-9a-fA-F]{1,15})"), 16)),
    "oct": lambda one: str(int(_digits(one, r"([0-7]{1,20})"), 8)),
    "encode_base64": lambda one: base64.encodebytes(encode(one)).decode(),
    "decode_base64": lambda one: _decoded(encode(one)),
}  # fmt: skip


def _decoded(data: bytes) -> str:
    try:
        return decode(base64.b64decode(data))
    except ValueError:
        return ""


class Names:
    """What the variables of one program hold."""

    def __init__(self, title: str, argv: list[str], environment: Mapping[str, str], pid: int) -> None:
        self.scalars = {"0": title, "$": str(pid), "^O": "linux", "^V": "v5.36.0", "^X": "/usr/bin/perl"}
        self.rows = {"ARGV": [one[:MAX_TEXT] for one in argv[:MAX_ITEMS]]}
        """The lists that there are: the arguments and, of each line, its fields."""
        self._environment = environment

    def set(self, name: str, text: str) -> None:
        if name in self.scalars or len(self.scalars) < MAX_NAMES:
            self.scalars[name] = text[:MAX_TEXT]

    def get(self, variable: str) -> str:
        """Return what `$x`, `${x}`, `$F[1]` or `$ENV{X}` holds; empty when it is not set."""
        name = variable[1:]
        if name.startswith("ENV{"):
            return self._environment.get(name[4:-1].strip("'\""), "")[:MAX_TEXT]
        name, _, index = name.strip("{}").partition("[")
        if not index:
            return self.scalars.get(name, "")
        row, place = self.rows.get(name, []), int(index.rstrip("]"))
        return row[place][:MAX_TEXT] if -len(row) <= place < len(row) else ""


def within(text: str, names: Names) -> str:
    """Return a text of double quotes with its variables and escapes replaced."""
    pieces, plain, size = list[str](), list[str](), 0
    for match in _WITHIN.finditer(text[:MAX_TEXT]):
        literal, escape, variable, row, other = match.groups()
        if variable is None and row is None:
            plain.append(literal or escape or other)
            continue
        pieces += [unescape("".join(plain))[0], names.get(variable) if variable else " ".join(names.rows.get(row, []))]
        plain, size = [], size + len(pieces[-1])
        if size > MAX_TEXT:
            break
    return "".join([*pieces, unescape("".join(plain))[0]])[:MAX_TEXT]


def total(source: str, names: Names) -> str | None:
    """Return what a sum comes to, `$n++` in it counted; a variable alone is its text."""
    text = source.strip()
    if _ALONE.fullmatch(text):
        return names.get(text)

    def stepped(match: re.Match[str]) -> str:
        old = number(names.get(f"${match[1]}"))
        names.set(match[1], str(old + (1 if match[2] == "++" else -1)))
        return f" {old} "

    text = _ALONE.sub(lambda match: f" ({number(names.get(match[0]))}) ", _STEPPED.sub(stepped, text))
    divided = _DIVIDED.fullmatch(text)
    if divided is not None and int(divided[2]):
        return f"{int(divided[1]) / int(divided[2]):.15g}"
    value = arithmetic(text, {}) if re.search(r"\d", text) and not re.search(r"[A-Za-z_]", text) else None
    return None if value is None else str(value)


def number(text: str) -> int:
    """Return the whole number with which a text begins."""
    return int(_digits(text.strip(), r"([-+]?\d{1,18})"))


def _digits(text: str, pattern: str) -> str:
    found = re.match(pattern, text)
    return found[1] if found else "0"


def called(source: str, at: int, names: Names) -> tuple[str, int] | None:
    """Return what a function of one value returns that is called at a place, and where the next item begins."""
    match = _CALLED.match(source, at)
    if match is None:
        return None
    double, single, other = match.group(3, 4, 5)
    one = within(double, names) if double is not None else single if single is not None else total(other, names)
    return None if one is None else (_FUNCTIONS[match[1]](one), match.end())


def listed(source: str, names: Names) -> list[str] | None:
    """Return a range, a list of words, or the arguments."""
    match = _LIST.fullmatch(source)
    if match is None:
        return None
    first, last, words, row = match.groups()
    if first is None:
        return (words.split() if words is not None else names.rows.get(row, []))[:MAX_TEXT]
    end = number(names.get(last)) if last.startswith("$") else int(last)
    return [str(one) for one in range(int(first), min(end + 1, int(first) + 10_000))]
