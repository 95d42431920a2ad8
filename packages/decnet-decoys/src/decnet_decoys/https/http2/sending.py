# SPDX-License-Identifier: MIT
"""Answers on their way to a client, within its windows (RFC 9113 §5.2): who opens them slowly is sent little. Pure."""

from __future__ import annotations

from typing import Final

from decnet_decoys.https.http2.frames import END_STREAM, LARGEST_WINDOW, Code, Http2Error, Kind, frame

CHUNK: Final = 8 << 10
"""Bytes of a DATA frame (`http2_chunk_size`)."""
DEFAULT_WINDOW: Final = 65535


class Sending:
    """The bodies that wait for a window, by stream, and what is to be written now (`out`)."""

    def __init__(self) -> None:
        self.out = bytearray()
        self.waiting: dict[int, memoryview] = {}
        self._window = DEFAULT_WINDOW
        self._initial = DEFAULT_WINDOW
        self._windows: dict[int, int] = {}

    @property
    def held(self) -> int:
        """Bytes of bodies that wait."""
        return sum(len(body) for body in self.waiting.values())

    def open(self, stream: int) -> None:
        self._windows[stream] = self._initial

    def forget(self, stream: int) -> None:
        self.waiting.pop(stream, None)
        self._windows.pop(stream, None)

    def send(self, stream: int, body: bytes) -> bool:
        """Send a body, or what the windows allow of it; returns whether that is all."""
        self.waiting[stream] = memoryview(body)
        return self._more(stream)

    def _more(self, stream: int) -> bool:
        body = self.waiting[stream]
        while (size := min(CHUNK, len(body), self._window, self._windows[stream])) > 0:
            flags = END_STREAM if size == len(body) else 0
            self.out += frame(Kind.DATA, flags, stream, bytes(body[:size]))
            body = self.waiting[stream] = body[size:]
            self._window -= size
            self._windows[stream] -= size
        if not body:
            self.forget(stream)
        return not body

    def is_too_wide(self, stream: int, size: int) -> bool:
        """Return whether a WINDOW_UPDATE makes a stream's window larger than it may be (§6.9.1)."""
        return self._windows.get(stream, 0) > LARGEST_WINDOW - size

    def widen(self, stream: int, size: int) -> list[int]:
        """Take a WINDOW_UPDATE; returns the streams whose body is sent by it. Raises Http2Error."""
        if stream == 0:
            if self._window > LARGEST_WINDOW - size:
                raise Http2Error(Code.FLOW_CONTROL_ERROR)
            self._window += size
            return self._all()
        if stream not in self._windows:
            return []
        self._windows[stream] += size
        return [stream] if stream in self.waiting and self._more(stream) else []

    def set_initial(self, size: int) -> list[int]:
        """Take the client's initial window (§6.9.2); returns the streams whose body is sent by it."""
        change, self._initial = size - self._initial, size
        for stream in self._windows:
            if self._windows[stream] + change > LARGEST_WINDOW:
                raise Http2Error(Code.FLOW_CONTROL_ERROR)
            self._windows[stream] += change
        return self._all() if change > 0 else []

    def _all(self) -> list[int]:
        return [stream for stream in tuple(self.waiting) if self._window > 0 and self._more(stream)]
