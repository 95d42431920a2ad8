# SPDX-License-Identifier: MIT
r"""Backslash escapes of `echo -e`, `printf` and `$'...'`: \n \t \xHH \0NNN \c."""

import re

_PLAIN = {
    "a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v",
    "\\": "\\", "'": "'", '"': '"',
}  # fmt: skip
MAX_ESCAPES = 16384
"""Escapes replaced in one text, which takes some milliseconds; more stay as they are."""
_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{1,2})|0?([0-7]{1,3})|u([0-9A-Fa-f]{1,4})|U([0-9A-Fa-f]{1,8})|(.))", re.DOTALL)


def echoed(text: str) -> tuple[str, bool]:
    r"""Return what `echo -e` makes of a text: an octal number is one only behind \0."""
    return unescape(re.sub(r"(\\\\)|\\(?=[1-7])", lambda match: match[1] or "\\\\", text))


def unescape(text: str) -> tuple[str, bool]:
    r"""Return `text` with its escapes replaced, and whether `\c` ended it.

    A byte above 0x7F becomes the surrogate that `surrogateescape` writes back as that byte.
    """
    head, stop, _ = text.partition("\\c")
    return _ESCAPE.sub(_one, head, MAX_ESCAPES), bool(stop)


def _one(match: re.Match[str]) -> str:
    hexadecimal, octal, short, long, letter = match.groups()
    if hexadecimal or octal:
        byte = int(hexadecimal, 16) if hexadecimal else int(octal, 8) & 0xFF
        return chr(byte) if byte < 0x80 else chr(0xDC00 + byte)
    if short or long:
        code = int(short or long, 16)
        return chr(code) if code < 0xD800 or 0xE000 <= code < 0x110000 else match[0]
    return _PLAIN.get(letter, "\\" + letter)
