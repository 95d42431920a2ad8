# SPDX-License-Identifier: MIT
"""The header block of HPUB and HMSG (NATS ADR-4): `NATS/1.0`, an optional status, then `Name: value` lines."""

from collections.abc import Iterable

VERSION = b"NATS/1.0"
STATUS = "Status"
DESCRIPTION = "Description"
NO_RESPONDERS = b"NATS/1.0 503\r\nNats-Subject: %b\r\n\r\n"
_END = b"\r\n"

Headers = tuple[tuple[str, str], ...]


def decode(block: bytes) -> Headers:
    r"""Return the headers of `block` in their order; a status line becomes `Status` and `Description`.

    Lines without a colon are left out, and bytes that are not UTF-8 become `\xNN`: a header never stops a message.
    """
    first, _, rest = block.partition(_END)
    pairs = _status(first)
    for line in rest.split(_END):
        name, colon, value = line.partition(b":")
        if colon and name:
            pairs.append((_text(name), _text(value).strip(" \t")))
    return tuple(pairs)


def encode(pairs: Iterable[tuple[str, str]]) -> bytes:
    """Return the header block for `pairs`; ValueError for a name or value the wire cannot carry."""
    lines = [VERSION]
    for name, value in pairs:
        if not name or not name.isascii() or not name.isprintable() or ":" in name or " " in name:
            raise ValueError(f"{name!r} cannot name a header: use printable ASCII without colon or space")
        if "\r" in value or "\n" in value:
            raise ValueError(f"the value of header {name} has a line break")
        lines.append(f"{name}: {value}".encode())
    return _END.join(lines) + _END + _END


def status(headers: Headers) -> str | None:
    """Return the status code the server gave a message, such as "503", or None."""
    return headers[0][1] if headers and headers[0][0] == STATUS else None


def _status(line: bytes) -> list[tuple[str, str]]:
    code, _, description = _text(line.removeprefix(VERSION)).strip().partition(" ")
    pairs = [(STATUS, code)] if code else []
    if description:
        pairs.append((DESCRIPTION, description.strip()))
    return pairs


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "backslashreplace")
