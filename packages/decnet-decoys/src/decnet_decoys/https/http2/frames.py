# SPDX-License-Identifier: MIT
"""Frames of HTTP/2 (RFC 9113 §4, §6): read from an attacker's bytes in pieces of bounded size, and written. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum
from typing import Final, NamedTuple

from decnet_decoys.errors import DecoysError

PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
HEAD_BYTES: Final = 9
WHOLE_BYTES: Final = 64 << 10
"""Of a payload that is needed whole: nginx 1.22 takes a field of 8 KiB and 32 KiB of them at most."""
LARGEST_WINDOW: Final = (1 << 31) - 1


class Kind(IntEnum):
    DATA = 0
    HEADERS = 1
    PRIORITY = 2
    RST_STREAM = 3
    SETTINGS = 4
    PUSH_PROMISE = 5
    PING = 6
    GOAWAY = 7
    WINDOW_UPDATE = 8
    CONTINUATION = 9


class Code(IntEnum):
    """Of errors (RFC 9113 §7)."""

    NO_ERROR = 0
    PROTOCOL_ERROR = 1
    FLOW_CONTROL_ERROR = 3
    STREAM_CLOSED = 5
    FRAME_SIZE_ERROR = 6
    REFUSED_STREAM = 7
    COMPRESSION_ERROR = 9
    ENHANCE_YOUR_CALM = 11


END_STREAM, ACK, END_HEADERS, PADDED, WITH_PRIORITY = 1, 1, 4, 8, 32


class Http2Error(DecoysError):
    """The connection ends with a GOAWAY of this code."""

    def __init__(self, code: Code) -> None:
        super().__init__(code.name)
        self.code = code


class Frame(NamedTuple):
    kind: int
    flags: int
    stream: int
    payload: bytes
    first: bool = True
    """Whether this is the first piece of its payload; only DATA has more than one."""
    last: bool = True
    padding: int = 0
    """Bytes of DATA that were left out, with the one that says how many."""


_EXACT: Final[dict[int, int]] = {Kind.PRIORITY: 5, Kind.RST_STREAM: 4, Kind.PING: 8, Kind.WINDOW_UPDATE: 4}
_NEEDED: Final = frozenset((Kind.HEADERS, Kind.SETTINGS, Kind.CONTINUATION, *_EXACT))


def frame(kind: Kind, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """Return a frame's bytes."""
    return len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload


def number(value: int) -> bytes:
    return value.to_bytes(4, "big")


class FrameReader:
    """Takes what a client sent, returns its frames; holds at most WHOLE_BYTES and what `feed` was given."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._start = 0
        self._skip = 0
        """Bytes of a payload that nobody needs, or of padding."""
        self._data: tuple[int, int, int] | None = None
        """Flags, stream and bytes left of the DATA frame that is being read."""

    def feed(self, data: bytes) -> None:
        del self._buffer[: self._start]
        self._start = 0
        self._buffer += data

    def frames(self) -> Iterator[Frame]:
        """Yield all that can be read; raises Http2Error."""
        while True:
            self._skipped()
            found = self._piece() if self._data else self._next()
            if found is None:
                return
            yield found

    @property
    def _available(self) -> int:
        return len(self._buffer) - self._start

    def _take(self, size: int) -> bytes:
        taken = bytes(self._buffer[self._start : self._start + size])
        self._start += len(taken)
        return taken

    def _skipped(self) -> None:
        if self._data is None:
            passed = min(self._skip, self._available)
            self._skip -= passed
            self._start += passed

    def _next(self) -> Frame | None:
        if self._skip or self._available < HEAD_BYTES:
            return None
        head = self._buffer[self._start : self._start + HEAD_BYTES]
        length, kind, flags = int.from_bytes(head[:3], "big"), head[3], head[4]
        stream = int.from_bytes(head[5:], "big") & LARGEST_WINDOW
        if kind == Kind.DATA:
            return self._begin_data(length, flags, stream)
        _check_length(kind, flags, length)
        if kind not in _NEEDED:
            self._start += HEAD_BYTES
            self._skip = length
            return Frame(kind, flags, stream, b"")
        if self._available < HEAD_BYTES + length:
            return None
        self._start += HEAD_BYTES
        return Frame(kind, flags, stream, self._take(length))

    def _begin_data(self, length: int, flags: int, stream: int) -> Frame | None:
        padded = bool(flags & PADDED)
        if padded and length == 0:
            raise Http2Error(Code.FRAME_SIZE_ERROR)
        if self._available < HEAD_BYTES + padded:
            return None
        self._start += HEAD_BYTES
        padding = self._take(1)[0] if padded else 0
        left = length - padded - padding
        if left < 0:
            raise Http2Error(Code.PROTOCOL_ERROR)
        self._skip = padding
        payload = self._take(left)
        left -= len(payload)
        self._data = (flags, stream, left) if left else None
        return Frame(Kind.DATA, flags, stream, payload, last=not left, padding=padding + padded)

    def _piece(self) -> Frame | None:
        assert self._data is not None
        flags, stream, left = self._data
        payload = self._take(left)
        if not payload:
            return None
        left -= len(payload)
        self._data = (flags, stream, left) if left else None
        return Frame(Kind.DATA, flags, stream, payload, first=False, last=not left)


def _check_length(kind: int, flags: int, length: int) -> None:
    """Refuse a frame by its length, as soon as that is known; raises Http2Error."""
    wrong = length != _EXACT.get(kind, length)
    if kind == Kind.SETTINGS:
        wrong = bool(length % 6 or (flags & ACK and length))
    if kind == Kind.GOAWAY:
        wrong = length < 8
    if wrong:
        raise Http2Error(Code.FRAME_SIZE_ERROR)
    if kind == Kind.PUSH_PROMISE:
        raise Http2Error(Code.PROTOCOL_ERROR)
    if kind in _NEEDED and length > WHOLE_BYTES:
        raise Http2Error(Code.ENHANCE_YOUR_CALM)


def unpadded(flags: int, payload: bytes) -> tuple[bytes, int]:
    """Return the header block of a HEADERS frame, and the stream that it depends on (0: none); raises Http2Error."""
    start, padding, parent = 0, 0, 0
    if flags & PADDED:
        if not payload:
            raise Http2Error(Code.FRAME_SIZE_ERROR)
        start, padding = 1, payload[0]
    if flags & WITH_PRIORITY:
        parent = int.from_bytes(payload[start : start + 4], "big") & LARGEST_WINDOW
        start += _EXACT[Kind.PRIORITY]
    if len(payload) < start:
        raise Http2Error(Code.FRAME_SIZE_ERROR)
    if len(payload) < start + padding or (padding and len(payload) == start + padding):
        raise Http2Error(Code.PROTOCOL_ERROR)
    return payload[start : len(payload) - padding], parent
