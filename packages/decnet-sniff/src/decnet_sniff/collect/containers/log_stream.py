# SPDX-License-Identifier: MIT
"""Container output as the engine's API sends it with `timestamps=1`: bytes in, lines out, bounded.

Without a terminal, stdout and stderr share the connection in frames: one byte for the stream, three zero bytes, a
32-bit big-endian length, and a piece that begins with its time. With a terminal, lines come as they are, each preceded
by its time. Not all engines state in the response head which it is; but a time begins with a digit and a frame never
does. Docker splits lines of more than 16 KiB and gives each part its own time; only the last part ends with a line
feed.
"""

import re
from typing import NamedTuple

from decnet_core.timing.timestamps import parse_iso8601
from decnet_sniff.errors import SniffError

MAX_LINE_BYTES = 1 << 20
STDOUT, STDERR = 1, 2
_HEADER_BYTES = 8
_TIME = re.compile(rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d) ")


class StreamError(SniffError, ValueError):
    """The bytes are neither frames nor lines with a time."""


class LogLine(NamedTuple):
    """One line, or the first MAX_LINE_BYTES of a line of `size` bytes; `ts` in ns since the Unix epoch."""

    stream: int
    ts: int
    text: bytes
    size: int


class _Part:
    def __init__(self, stream: int) -> None:
        self.stream = stream
        self._ts = 0
        self._text = bytearray()
        self._size = 0

    def add(self, ts: int, text: bytes) -> None:
        if not self._size:
            self._ts = ts
        self._size += len(text)
        self._text += text[: MAX_LINE_BYTES - len(self._text)]

    def end(self) -> LogLine | None:
        if not self._ts:
            return None
        line = LogLine(self.stream, self._ts, bytes(self._text), self._size)
        self._text.clear()
        self._ts = self._size = 0
        return line


class LogStream:
    """The lines of one container's log."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._framed: bool | None = None
        self._last_ts: int | None = None
        self._parts = {stream: _Part(stream) for stream in (0, STDOUT, STDERR)}

    def feed(self, data: bytes) -> list[LogLine]:
        """Return the lines that `data` completes; raises StreamError."""
        self._buffer += data
        if self._framed is None and self._buffer:
            self._framed = self._buffer[0] <= STDERR
        lines = self._frames() if self._framed else self._raw()
        if len(self._buffer) > 2 * MAX_LINE_BYTES:
            raise StreamError("a line or a frame is too long")
        return lines

    def end(self) -> list[LogLine]:
        """Return the unfinished lines; for when the answer has ended properly."""
        if not self._framed and self._buffer.strip():
            self._add(self._parts[STDOUT], bytes(self._buffer))
        self._buffer.clear()
        return [line for part in self._parts.values() if (line := part.end())]

    def _frames(self) -> list[LogLine]:
        lines: list[LogLine] = []
        position = 0
        while len(self._buffer) - position >= _HEADER_BYTES:
            header = self._buffer[position : position + _HEADER_BYTES]
            if header[0] not in self._parts or any(header[1:4]):
                raise StreamError("not a frame")
            end = position + _HEADER_BYTES + int.from_bytes(header[4:], "big")
            if end - position > MAX_LINE_BYTES:
                raise StreamError("a frame is too long")
            if end > len(self._buffer):
                break
            piece = bytes(self._buffer[position + _HEADER_BYTES : end])
            position = end
            self._piece(header[0], piece, lines)
        del self._buffer[:position]
        return lines

    def _piece(self, stream: int, piece: bytes, lines: list[LogLine]) -> None:
        part = self._parts[stream]
        self._add(part, piece.removesuffix(b"\n"))
        if piece.endswith(b"\n") and (line := part.end()):
            lines.append(line)

    def _raw(self) -> list[LogLine]:
        *whole, rest = bytes(self._buffer).split(b"\n")
        if not whole:
            return []
        del self._buffer[: len(self._buffer) - len(rest)]
        lines: list[LogLine] = []
        for text in whole:
            if text:
                self._piece(STDOUT, text.removesuffix(b"\r") + b"\n", lines)
        return lines

    def _add(self, part: _Part, piece: bytes) -> None:
        """Add a piece; one without a time has the time of the one before."""
        prefix = _TIME.match(piece)
        ts = self._last_ts if prefix is None else _nanoseconds(prefix)
        if ts is None:
            raise StreamError("a line without its time")
        self._last_ts = ts
        part.add(ts, piece[prefix.end() :] if prefix else piece)


def _nanoseconds(time: re.Match[bytes]) -> int | None:
    """Return the time with all of its digits, which `datetime` would drop."""
    zone = b"+00:00" if time[3] == b"Z" else time[3]
    seconds = parse_iso8601((time[1] + zone).decode("ascii"))
    return None if seconds is None else seconds + int((time[2] or b"0").ljust(9, b"0"))
