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
