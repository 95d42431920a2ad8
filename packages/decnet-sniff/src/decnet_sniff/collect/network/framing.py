# SPDX-License-Identifier: MIT
"""Syslog over TCP: message framing (RFC 6587) in bounded memory, without a socket.

The first byte of a connection tells which method its sender uses: a digit begins a length (octet counting, §3.4.1),
anything else a message that ends with a line feed or a NUL (non-transparent framing, §3.4.2). A sender does not switch,
and must not: a message may begin with digits too.

A NUL may also be within a message, put there by an attacker of the logging host. If it were taken for the sender's
trailer, no message of the connection would end any more. So for a sender that ends with NUL, a line feed before a
priority ends a message as well.
"""

import re
from typing import NamedTuple

from decnet_sniff.errors import SniffError

_LENGTH = re.compile(rb"[1-9]\d{0,9} ")
_MAX_LENGTH_BYTES = 11
_ANY_TRAILER = re.compile(rb"[\n\0]")
_TRAILERS = {b"\n": re.compile(rb"\n"), b"\0": re.compile(rb"\0|\n(?=<\d{1,3}>)")}
_LONGEST_TRAILER = 6


class FramingError(SniffError, ValueError):
    """The bytes are not frames; the rest of this connection cannot be parsed."""


class Frame(NamedTuple):
    """One message, or the beginning of one that has `size` bytes."""

    text: bytes
    size: int


class Framing:
    """The frames of one connection; a message longer than `limit` bytes is truncated."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._buffer = bytearray()
        self._counted: bool | None = None
        self._length: int | None = None
        """Bytes of the counted message that is being received."""
        self._skipped = 0
        """Bytes of the current message that were dropped."""
        self._trailer: re.Pattern[bytes] | None = None
        """This sender's trailer: that of its first message."""
        self._scanned = 0

    @property
    def method(self) -> str | None:
        """The sender's framing method, once it is known."""
        return None if self._counted is None else ("octet counting" if self._counted else "line feed")

    def feed(self, data: bytes) -> list[Frame]:
        """Return the messages that `data` completes; raises FramingError."""
        self._buffer += data
        if self._counted is None and self._buffer:
            self._counted = 0x30 <= self._buffer[0] <= 0x39
        return self._counted_frames() if self._counted else self._trailed_frames()

    def end(self) -> list[Frame]:
        if self._counted or not self._buffer:
            return []
        return [self._frame(self._take(len(self._buffer)))]

    def _counted_frames(self) -> list[Frame]:
        frames: list[Frame] = []
        while self._length is not None or self._begin():
            assert self._length is not None
            missing = self._length - self._skipped - len(self._buffer)
            if missing > 0:
                self._spill(keep=self._limit)
                break
            frames.append(self._frame(self._take(self._length - self._skipped)))
            self._length = None
        return frames

    def _begin(self) -> bool:
        """Parse a length; return whether it is complete."""
        while self._buffer and self._buffer[0] in b"\r\n":  # some senders end a counted message with a line feed, too
            del self._buffer[:1]
        length = _LENGTH.match(self._buffer)
        if length is None:
            if self._buffer and (len(self._buffer) >= _MAX_LENGTH_BYTES or not self._buffer.isdigit()):
                raise FramingError("a message does not begin with its length")
            return False
        self._length = int(length[0])
        del self._buffer[: length.end()]
        return True

    def _trailed_frames(self) -> list[Frame]:
        if self._trailer is None and (first := _ANY_TRAILER.search(self._buffer, self._scanned)):
            self._trailer = _TRAILERS[first[0]]
            del first  # it keeps the buffer from shrinking
        frames: list[Frame] = []
        start = 0
        while (end := self._end_of(start)) >= 0:
            frames.append(self._frame(bytes(self._buffer[start:end])))
            start = end + 1
        del self._buffer[:start]
        self._spill(keep=self._limit)
        self._scanned = max(0, len(self._buffer) - _LONGEST_TRAILER)
        return frames

    def _end_of(self, start: int) -> int:
        """Return the end of the message that begins at `start`; -1 when it is not there yet."""
        trailer = self._trailer and self._trailer.search(self._buffer, max(start, self._scanned))
        return trailer.start() if trailer else -1

    def _take(self, count: int) -> bytes:
        text = bytes(self._buffer[:count])
        del self._buffer[:count]
        return text

    def _spill(self, keep: int) -> None:
        """Drop what a message has beyond the limit."""
        surplus = len(self._buffer) - keep
        if surplus > 0:
            del self._buffer[keep:]
            self._skipped += surplus

    def _frame(self, text: bytes) -> Frame:
        size, self._skipped = len(text) + self._skipped, 0
        return Frame(text[: self._limit], size)
