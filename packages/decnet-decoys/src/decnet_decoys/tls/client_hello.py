# SPDX-License-Identifier: MIT
"""The protocols that a ClientHello offers (RFC 8446 §4.1.2, RFC 7301), from any bytes: pure, never raising."""

from __future__ import annotations

from decnet_decoys.errors import DecoysError

_RECORD, _MESSAGE = 5, 4
_FIXED = 34
"""Bytes of version and random before the session's id."""
_ALPN = 16


class _Short(DecoysError):
    """The bytes end within a field."""


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data

    def __bool__(self) -> bool:
        return bool(self._data)

    def take(self, size: int) -> bytes:
        taken, self._data = self._data[:size], self._data[size:]
        if len(taken) < size:
            raise _Short
        return taken

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def sized(self, size: int) -> bytes:
        return self.take(self.number(size))


def protocols_offered(first: bytes) -> list[bytes]:
    """Return what a whole ClientHello in one record offers by ALPN; empty: nothing, or it is none."""
    try:
        return _protocols(_Reader(first))
    except _Short:
        return []


def _protocols(record: _Reader) -> list[bytes]:
    if record.number(1) != 22:
        return []
    record.take(2)
    message = _Reader(record.sized(2))
    if message.number(1) != 1:
        return []
    hello = _Reader(message.sized(3))
    hello.take(_FIXED)
    for size in (1, 2, 1):  # session, ciphers, compressions
        hello.sized(size)
    extensions = _Reader(hello.sized(2) if hello else b"")
    while extensions:
        kind, data = extensions.number(2), _Reader(extensions.sized(2))
        if kind == _ALPN:
            names, found = _Reader(data.sized(2)), []
            while names:
                found.append(names.sized(1))
            return found if all(found) else []  # an empty one is an error, of which OpenSSL tells the client
    return []
