# SPDX-License-Identifier: MIT
"""Makes attacker input safe to store and to show (law 9): bounded, valid Unicode, never a terminal escape."""

import re

_FORMULA = tuple("=+-@\uff1d\uff0b\uff0d\uff20")
_NOT_PLAIN = re.compile(r"[^\n -~]")


def from_wire(data: bytes, limit: int = 4096) -> str:
    r"""Return `data` as text of at most `limit` bytes' worth; bytes that are not UTF-8 become `\xNN`."""
    return data[:limit].decode("utf-8", "backslashreplace")


def bounded(text: str, limit: int = 4096) -> str:
    r"""Return at most `limit` characters, lone surrogates as `\udcNN`, so that it can be encoded as UTF-8."""
    text = text[:limit]
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


def for_column(text: str, limit: int = 4096) -> str:
    """Return `text` fit for a database column: bounded, and NUL (which PostgreSQL refuses) shown as U+2400."""
    if not text.isascii() or len(text) > limit:
        text = bounded(text, limit)
    return text.replace("\0", "\u2400") if "\0" in text else text


def for_terminal(text: str, limit: int = 512) -> str:
    r"""Return `text` on one line without control characters or escapes: those become `\xNN` or `\uNNNN`."""
    shown = text[:limit]
    if not shown.isprintable():
        shown = "".join(c if c.isprintable() else _escaped(c) for c in shown)
    return shown + "…" if len(text) > limit else shown


def for_spreadsheet(text: str) -> str:
    """Return `text` behind an apostrophe if a spreadsheet might take it for a formula (OWASP, CSV injection).

    Some take full-width signs for the plain ones, and pass over white space before them.
    """
    is_formula = text.lstrip().startswith(_FORMULA) or text.startswith(("\t", "\r", "\n"))
    return f"'{text}" if is_formula else text


def json_for_terminal(document: bytes) -> str:
    r"""Return a JSON document that says the same without anything a terminal obeys: that becomes `\\uNNNN`.

    JSON itself escapes only the first 32 characters, not DEL, C1 controls or marks that turn the direction of writing.
    """
    text = document.decode()
    if text.isascii() and "\x7f" not in text:
        return text
    return _NOT_PLAIN.sub(lambda found: found[0] if found[0].isprintable() else _json_escaped(found[0]), text)


def _json_escaped(character: str) -> str:
    units = character.encode("utf-16-be")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


def _escaped(character: str) -> str:
    code = ord(character)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def why_unreadable(error: OSError | UnicodeDecodeError) -> str:
    """Return why a text file cannot be read, without the number and path that Python adds to the reason."""
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return "it is not text"
