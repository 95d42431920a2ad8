# SPDX-License-Identifier: MIT
"""An SSH channel as a place to read from and write to: buffered, bounded, recorded, with time-outs."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from decnet_decoys.errors import DecoysError
from decnet_decoys.evidence.recording import Recording

MAX_WAITING = 64 << 10
"""Bytes a client may send ahead before the channel stops taking more."""


class GoneError(DecoysError):
    """The client left, was silent for too long, or sent too much."""


class Terminal:
    """Input and output of one channel; `channel` is an asyncssh.SSHServerChannel of bytes."""

    def __init__(self, channel: Any, *, pty: bool, idle_seconds: float) -> None:
        self.pty = pty
        self.recording: Recording | None = None
        self._channel = channel
        self._idle = idle_seconds
        self._began = time.monotonic()
        self._input = bytearray()
        self._changed = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._interrupted = asyncio.Event()
        self._ended = False
        self._lost = False
        self._paused = False

    @property
    def moment(self) -> float:
        """Seconds since the session began."""
        return time.monotonic() - self._began

    def received(self, data: bytes) -> None:
        """Take what the client sent."""
        self._input += data
        if self.recording is not None:
            self.recording.typed(self.moment, data)
        if self.pty and b"\x03" in data:
            self._interrupted.set()
        if len(self._input) > MAX_WAITING and not self._paused:
            self._paused = True
            self._channel.pause_reading()
        self._changed.set()

    def interrupt(self) -> None:
        """Take a signal that ends what is running."""
        self._interrupted.set()

    def ended(self) -> None:
        """Take the end of input."""
        self._ended = True
        self._changed.set()

    def lost(self) -> None:
        """Take the end of the channel."""
        self._lost = self._ended = True
        self._changed.set()
        self._writable.set()
        self._interrupted.set()

    def writable(self, *, ready: bool) -> None:
        """Take the channel's word whether its buffer has room."""
        if ready:
            self._writable.set()
        elif not self._lost:
            self._writable.clear()

    async def read(self) -> bytes:
        """Return what was sent, b"" at the end of input; raises GoneError."""
        while not self._input:
            if self._lost:
                raise GoneError
            if self._ended:
                return b""
            self._changed.clear()
            await self._wait(self._changed)
        data = bytes(self._input)
        self._input.clear()
        if self._paused:
            self._paused = False
            self._channel.resume_reading()
        return data

    def unread(self, data: bytes) -> None:
        """Put back what follows a finished line."""
        self._input[:0] = data

    async def write(self, data: bytes, *, error: bool = False) -> None:
        """Show bytes, waiting while the client does not take them; raises GoneError."""
        if self._lost:
            raise GoneError
        if self.pty:
            data = data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        if self.recording is not None:
            self.recording.shown(self.moment, data)
        self._channel.write(data, 1 if error and not self.pty else None)
        if not self._writable.is_set():
            await self._wait(self._writable)
            if self._lost:
                raise GoneError

    async def pause(self, seconds: float) -> bool:
        """Let time pass; True when it was interrupted. Raises GoneError."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return False
        self._interrupted.clear()
        if self._lost:
            raise GoneError
        try:
            await asyncio.wait_for(self._interrupted.wait(), seconds)
        except TimeoutError:
            return False
        if self._lost:
            raise GoneError
        place = self._input.find(b"\x03")
        del self._input[: place + 1]
        return True

    async def _wait(self, event: asyncio.Event) -> None:
        try:
            await asyncio.wait_for(event.wait(), self._idle)
        except TimeoutError as error:
            raise GoneError from error
