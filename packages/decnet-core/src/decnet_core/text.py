# SPDX-License-Identifier: MIT
"""Makes attacker input safe to store and to show (law 9): bounded, valid Unicode, never a terminal escape."""

from __future__ import annotations


def from_wire(data: bytes, limit: int = 4096) -> str:
    r"""Return `data` as text of at most `limit` bytes' worth; bytes that are not UTF-8 become `\xNN`."""
    return data[:limit].decode("utf-8", "backslashreplace")


def bounded(text: str, limit: int = 4096) -> str:
    r"""Return at most `limit` characters, lone surrogates as `\udcNN`, so that it can be encoded as UTF-8."""
    return text[:limit].encode("utf-8", "backslashreplace").decode("utf-8")


def for_column(text: str, limit: int = 4096) -> str:
    """Return `text` fit for a database column: bounded, and NUL (which PostgreSQL refuses) shown as U+2400."""
    return bounded(text, limit).replace("\0", "\u2400")


def for_terminal(text: str, limit: int = 512) -> str:
    r"""Return `text` on one line without control characters or escapes: those become `\xNN` or `\uNNNN`."""
    shown = "".join(c if c.isprintable() else _escaped(c) for c in text[:limit])
    return shown + "…" if len(text) > limit else shown


def _escaped(character: str) -> str:
    code = ord(character)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
