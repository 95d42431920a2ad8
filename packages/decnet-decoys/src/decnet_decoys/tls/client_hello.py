# SPDX-License-Identifier: MIT
"""The protocols that a ClientHello offers (RFC 8446 §4.1.2, RFC 7301), from any bytes: pure, never raising.

One of 64 KiB may have 16,000 extensions, or 32,000 protocols: each costs a few operations and no copy of the rest.
"""

from __future__ import annotations

from struct import Struct

from decnet_decoys.errors import DecoysError

_FIXED = 34
"""Bytes of version and random before the session's id."""
_ALPN = 16
_EXTENSION = Struct(">HH")
"""Type and length."""


class _Short(DecoysError):
    """The bytes end within a field."""


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def __bool__(self) -> bool:
        return self._at < len(self._data)

    def take(self, size: int) -> bytes:
        start, self._at = self._at, self._at + size
        if self._at > len(self._data):
            raise _Short
        return self._data[start : self._at]

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def sized(self, size: int) -> bytes:
        return self.take(self.number(size))


def protocols_offered(first: bytes) -> list[bytes]:
    """Return what a whole ClientHello in one record offers by ALPN; empty: nothing, or it is none."""
    try:
        return _names(_Reader(_extension(_ALPN, _extensions(_Reader(first)))).sized(2))
    except _Short:
        return []


def _extensions(record: _Reader) -> bytes:
    if record.number(1) != 22:
        return b""
    record.take(2)
    message = _Reader(record.sized(2))
    if message.number(1) != 1:
        return b""
    hello = _Reader(message.sized(3))
    hello.take(_FIXED)
    for size in (1, 2, 1):  # session, ciphers, compressions
        hello.sized(size)
    return hello.sized(2) if hello else b""


def _extension(wanted: int, extensions: bytes) -> bytes:
    """Return the content of the first extension of that type."""
    at, last = 0, len(extensions) - _EXTENSION.size
    while at <= last:
        kind, size = _EXTENSION.unpack_from(extensions, at)
        at += _EXTENSION.size
        if kind == wanted and at + size <= len(extensions):
            return extensions[at : at + size]
        at += size
    raise _Short


def _names(listed: bytes) -> list[bytes]:
    found, at = [], 0
    while at < len(listed):
        start = at + 1
        at = start + listed[at]
        if at == start or at > len(listed):
            return []  # an empty one is an error, of which OpenSSL tells the client
        found.append(listed[start:at])
    return found
