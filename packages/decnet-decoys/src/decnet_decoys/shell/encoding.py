# SPDX-License-Identifier: MIT
"""Text and bytes of a terminal in a UTF-8 locale; bytes that are no UTF-8 survive the way in and out."""

import re


def encode(text: str) -> bytes:
    """Return text as the terminal's bytes; surrogates made by `decode` become their bytes again, others `?`."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


def decode(data: bytes) -> str:
    """Return bytes as text that `encode` turns back into the same bytes."""
    return data.decode("utf-8", "surrogateescape")


def shell_word(text: str) -> str:
    """Return text as bash shows it where it could be typed again: in quotes if it needs them."""
    if text and not re.search(r"[^\w@%+=:,./^~-]", text):
        return text
    return single_quoted(text)


_CONTROL = re.compile(r"[\0-\x1f\x7f]")
_NAMED = {"\a": "\\a", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\v": "\\v", "\f": "\\f", "\r": "\\r", "\x1b": "\\E"}


def ansi_word(text: str) -> str:
    """Return text as `set` shows it: with control characters as $'...' has them."""
    if not _CONTROL.search(text):
        return shell_word(text)
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return "$'" + _CONTROL.sub(lambda found: _NAMED.get(found[0], f"\\{ord(found[0]):03o}"), escaped) + "'"


def single_quoted(text: str) -> str:
    """Return text between single quotes, those in it as a shell takes them."""
    return "'" + text.replace("'", "'\\''") + "'"


QUOTE = "\u2018"
_PLAIN = str.maketrans({QUOTE: "'", "\u2019": "'"})


def with_plain_quotes(text: str) -> str:
    """Return text with the quotation marks that GNU programs use in the C locale."""
    return text.translate(_PLAIN)


def quoted(text: str) -> str:
    """Return text between the quotation marks that GNU programs use in a UTF-8 locale."""
    return f"\u2018{text}\u2019"
