# SPDX-License-Identifier: MIT
"""How many values a JSON text has, and whether it has a long number, found without parsing it.

A value costs about the same however short it is: 350,000 empty lists in a mebibyte take msgspec, json and pydantic more
than half a second, in which the event loop does nothing else; a text of a mebibyte takes them a millisecond. Only whole
numbers of thousands of digits cost more, each as the square of its length: a mebibyte of them takes 0.1 s.
"""

from __future__ import annotations

MOST_VALUES = 3_000
"""Of a body: what is wrong with each of so many takes pydantic 10 ms to say."""
MOST_OF_FLEET = 15_000
"""Of a body with a fleet: some 500 deckies with all that can be said of each."""
MOST_DIGITS = 64
"""Of a number, in a row; a time in nanoseconds has 19, and no float says more than 17."""

_DIGITS = bytes.maketrans(b"123456789", b"000000000")
_LONG = b"0" * (MOST_DIGITS + 1)


def values_in(body: bytes) -> int:
    """Return the number of values and keys in a JSON text, an empty array or object counting twice.

    Of a text that is none, at least that of what comes before its first mistake.
    """
    if (strings := (body := _unescaped(body)).count(b'"') // 2) > MOST_OF_FLEET:
        return strings
    return 1 + sum(map(_outside_strings(body).count, (b",", b":", b"[", b"{")))


def keys_in(body: bytes) -> int:
    """Return the number of keys in a JSON text, each time that one comes."""
    return _outside_strings(_unescaped(body)).count(b":")


def has_long_number(body: bytes) -> bool:
    """Return whether a number in a JSON text has more than MOST_DIGITS digits in a row."""
    return _LONG in _outside_strings(_unescaped(body)).translate(_DIGITS)


def _unescaped(body: bytes) -> bytes:
    """Return the text without escaped quotation marks, so that each that is left begins or ends a string."""
    return body.replace(b"\\\\", b"").replace(b'\\"', b"") if b"\\" in body else body


def _outside_strings(body: bytes) -> bytes:
    return b"".join(body.split(b'"')[::2])
