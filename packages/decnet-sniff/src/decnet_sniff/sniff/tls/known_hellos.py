# SPDX-License-Identifier: MIT
"""Hellos of programs that were seen before: what was read of one is not read again of the next.

All that decides what is read of a hello stands in the same places in each hello of a program: what differs are random,
session, keys and the server's name. So a hello that comes again gives a layout, and one whose bytes are the same as
those, outside of what may differ, is known by one comparison.

A program that shuffles its extensions has a new layout each time: so one is made at the second sight only, and made
anew a few times at most.
"""

import struct
from collections.abc import Callable, Iterator
from typing import Final, Generic, TypeVar

from decnet_sniff.sniff.tls.hello import (
    HELLO_RETRY,
    PARSED,
    SERVER_HELLO,
    SERVER_NAME,
    Hello,
    ServerHello,
    uint16,
    uint24,
)

T = TypeVar("T")

MOST_KNOWN = 256
"""Layouts; beyond it all are forgotten."""
MOST_NAMES = 16
"""Names of servers that are remembered with one layout."""
MOST_MADE = 4
"""How often a layout is made of hellos that begin alike."""
MOST_BYTES = 2048
"""A longer hello is not remembered."""

_HANDSHAKE: Final = 22
_RECORD: Final = 5
_MESSAGE: Final = _RECORD + 4
_RANDOM: Final = _MESSAGE + 2
_SESSION: Final = _RANDOM + 32
"""Where the hello's own header begins, its body, its random, and the length of its session."""


class _Layout(Generic[T]):
    """Bytes of a hello that are the same in each one, and what came of it by the bytes of the server's name."""

    __slots__ = ("_by_name", "_expected", "_name_at", "_size", "_unpack", "made")

    def __init__(self) -> None:
        self.made = 0
        self._size = 0
        self._name_at = slice(0, 0)
        self._unpack: Callable[[bytes], tuple[bytes, ...]] = struct.Struct("").unpack_from
        self._expected: tuple[bytes, ...] = (b"",)  # which nothing is
        self._by_name: dict[bytes, T] = {}

    def fits(self, data: bytes) -> bool:
        return len(data) >= self._size and self._unpack(data) == self._expected

    def get(self, data: bytes) -> T | None:
        return self._by_name.get(data[self._name_at]) if self.fits(data) else None

    def put(self, data: bytes, result: T) -> None:
        if len(self._by_name) >= MOST_NAMES:
            self._by_name.clear()
        self._by_name[data[self._name_at]] = result

    def make(self, data: bytes, size: int) -> None:
        """Be the layout of the valid hello that takes the first `size` bytes of `data`."""
        self.made, self._size, self._name_at = self.made + 1, size, slice(0, 0)
        self._by_name.clear()
        form, at = "", 0
        for kind, begin, end in _varying(data, size):
            form += f"{begin - at}s{end - begin}x"
            at = end
            if kind == SERVER_NAME:
                self._name_at = slice(begin, end)
        self._unpack = struct.Struct(f"{form}{size - at}s").unpack_from
        self._expected = self._unpack(data)


class KnownHellos(Generic[T]):
    """Remembers what came of each hello that was whole in its stream's first record."""

    def __init__(self) -> None:
        self._layouts: dict[bytes, _Layout[T]] = {}

    def get(self, data: bytes) -> T | None:
        """Return what came of a hello like that at the beginning of `data`; None if none is remembered."""
        layout = self._layouts.get(_beginning(data))
        return None if layout is None else layout.get(data)

    def put(self, data: bytes, hello: Hello, result: T) -> None:
        """Remember `result`, which came of `hello`, read from the beginning of `data`."""
        size = _MESSAGE + uint24(data, _RECORD + 1) if len(data) > _SESSION else len(data) + 1
        if size > min(MOST_BYTES, len(data), _RECORD + uint16(data, 3)) or data[0] != _HANDSHAKE:
            return  # not whole in one record, or behind an alert
        if isinstance(hello, ServerHello) and hello.retry:
            return
        beginning = _beginning(data)
        layout = self._layouts.get(beginning)
        if layout is None:
            if len(self._layouts) >= MOST_KNOWN:
                self._layouts.clear()
            self._layouts[beginning] = _Layout()
            return
        if not layout.fits(data):
            if layout.made >= MOST_MADE:
                return
            layout.make(data, size)
        layout.put(data, result)


def _beginning(data: bytes) -> bytes:
    """Return lengths and ciphers of what may be a hello, b"" of what is none or decides by its random."""
    if len(data) <= _SESSION or data[_RANDOM:_SESSION] == HELLO_RETRY:
        return b""
    at = _SESSION + 1 + data[_SESSION]
    if data[_RECORD] == SERVER_HELLO:
        return data[1:_MESSAGE] + data[at : at + 3]
    return data[1:_MESSAGE] + data[at : at + 2 + int.from_bytes(data[at : at + 2], "big")]


def _varying(data: bytes, size: int) -> Iterator[tuple[int, int, int]]:
    """Yield the parts of a valid hello that do not decide what is read of it: kind of extension or -1, begin, end."""
    yield -1, _RANDOM, _SESSION
    at = _SESSION + 1 + data[_SESSION]
    yield -1, _SESSION + 1, at
    if data[_RECORD] == SERVER_HELLO:
        at += 3
    else:
        at += 2 + uint16(data, at)
        at += 1 + data[at]
    if at == size:
        return
    end, at = at + 2 + uint16(data, at), at + 2
    named = False
    while at < end:
        kind, begin = uint16(data, at), at + 4
        at = begin + uint16(data, at + 2)
        if kind not in PARSED or (kind == SERVER_NAME and not named):
            named |= kind == SERVER_NAME
            yield kind, begin, at
