# SPDX-License-Identifier: MIT
"""Input and output of one client over any byte channel: buffered, bounded, recorded, with time limits.

The service that owns the connection feeds a `Terminal` with the callbacks of `asyncio.Protocol` and gives it a
`ByteChannel` to write to; SSH and a plain socket look the same from here.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

from decnet_decoys.errors import DecoysError
from decnet_decoys.processor import turn

MAX_UNREAD = 64 << 10
"""Bytes a client may send ahead before the channel stops reading."""
INTERRUPT, QUIT, SUSPEND = 0x03, 0x1C, 0x1A
"""The keys ^C and ^\\, which end what runs, and ^Z, which stops it (termios(3))."""
KEYS_OF_SIGNALS = bytes((INTERRUPT, QUIT, SUSPEND))
WRITTEN_AT_ONCE = 32 << 10
"""Bytes that are written before the channel is asked whether it has room for more."""


def shown_size(columns: int, rows: int) -> tuple[int, int]:
    """Return the columns and rows of a client's window, as far as a shell takes them."""
    return min(max(columns, 20), 500), min(max(rows, 5), 200)


class ClientGoneError(DecoysError):
    """The client left or was silent for too long."""


class ByteChannel(Protocol):
    """The way to a client."""

    def write(self, data: bytes, *, error: bool = False) -> None:
        """Send bytes without waiting; `error` where the channel keeps standard error apart."""
        ...

    def pause_reading(self) -> None:
        """Stop delivering what the client sends."""
        ...

    def resume_reading(self) -> None:
        """Deliver again."""
        ...


class _NoChannel:
    """The way to a client who is gone."""

    def write(self, data: bytes, *, error: bool = False) -> None:
        """Send nothing."""

    def pause_reading(self) -> None:
        """Nothing is delivered."""

    def resume_reading(self) -> None:
        """Nothing is delivered."""


class Recording(Protocol):
    """Where a terminal's input and output are kept; `moment` is in seconds since the session began."""

    def shown(self, moment: float, data: bytes) -> None:
        """Record output."""
        ...

    def typed(self, moment: float, data: bytes) -> None:
        """Record input."""
        ...


def _nobody_waits(_size: int) -> None:
    """Take no notice."""


class Terminal:
    """Input and output of one client. With `pty` line ends become CR LF, ^C interrupts and errors go to the screen."""

    def __init__(
        self,
        channel: ByteChannel,
        *,
        pty: bool,
        idle_seconds: float,
        on_waiting: Callable[[int], None] = _nobody_waits,
    ) -> None:
        """`on_waiting` is told how many bytes wait to be read, whenever that changes."""
        self.pty = pty
        self._on_waiting = on_waiting
        self.recording: Recording | None = None
        self._channel: ByteChannel = channel
        self._idle = idle_seconds
        self._began = time.monotonic()
        self._input = bytearray()
        self._changed = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._interrupted = asyncio.Event()
        self.pressed = INTERRUPT
        """The key by which what ran last was ended or stopped."""
        self._ended = False
        self._lost = False
        self._paused = False

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self._began

    def data_received(self, data: bytes) -> None:
        self._input += data
        self._on_waiting(len(self._input))
        if self.recording is not None:
            self.recording.typed(self.elapsed, data)
        if self.pty and any(key in data for key in KEYS_OF_SIGNALS):
            self._interrupted.set()
        if len(self._input) > MAX_UNREAD and not self._paused:
            self._paused = True
            self._channel.pause_reading()
        self._changed.set()

    def interrupt(self) -> None:
        """End what is running, as ^C does."""
        self._interrupted.set()

    def eof_received(self) -> None:
        self._ended = True
        self._changed.set()

    def connection_lost(self) -> None:
        self._lost = self._ended = True
        self._on_waiting = _nobody_waits
        self._channel = _NoChannel()  # a channel knows its terminal: both are freed now, not with the next collection
        for event in (self._changed, self._writable, self._interrupted):
            event.set()

    def pause_writing(self) -> None:
        if not self._lost:
            self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    async def read(self) -> bytes:
        """Return what was sent, b"" at the end of input; raises ClientGoneError."""
        while not self._input:
            self._check_connected()
            if self._ended:
                return b""
            self._changed.clear()
            await self._wait(self._changed)
        return self.take_waiting()

    def take_waiting(self) -> bytes:
        """Return at once what the client sent and nobody has read."""
        data = bytes(self._input)
        self._input.clear()
        self._taken()
        return data

    def _taken(self) -> None:
        """Take note that less waits than before, and have the client go on if it was held up."""
        self._on_waiting(len(self._input))
        if self._paused and len(self._input) <= MAX_UNREAD:
            self._paused = False
            self._channel.resume_reading()

    def unread(self, data: bytes) -> None:
        """Put back what follows a finished line, to be read next."""
        self._input[:0] = data
        self._on_waiting(len(self._input))

    async def write(self, data: bytes, *, error: bool = False) -> None:
        """Show bytes; waits while the client does not read. Raises ClientGoneError."""
        self._check_connected()
        if self.pty:
            data = data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        if self.recording is not None:
            self.recording.shown(self.elapsed, data)
        for start in range(0, len(data), WRITTEN_AT_ONCE):
            self._channel.write(data[start : start + WRITTEN_AT_ONCE], error=error and not self.pty)
            if not self._writable.is_set():
                await self._wait(self._writable)
                self._check_connected()
            await turn.give_way()

    async def write_raw(self, data: bytes) -> None:
        """Send bytes of a transfer: as they are and not recorded. Raises ClientGoneError."""
        pty, self.pty = self.pty, False
        recording, self.recording = self.recording, None
        try:
            await self.write(data)
        finally:
            self.pty, self.recording = pty, recording

    async def pause(self, seconds: float) -> bool:
        """Let time pass; True when it was interrupted. Raises ClientGoneError."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return False
        self._interrupted.clear()
        self._check_connected()
        try:
            await asyncio.wait_for(self._interrupted.wait(), seconds)
        except TimeoutError:
            return False
        self._check_connected()
        pressed = [index for index, key in enumerate(self._input) if key in KEYS_OF_SIGNALS][:1]
        self.pressed = self._input[pressed[0]] if pressed else INTERRUPT
        del self._input[: pressed[0] + 1 if pressed else 0]
        self._taken()
        return True

    def _check_connected(self) -> None:
        if self._lost:
            raise ClientGoneError

    async def _wait(self, event: asyncio.Event) -> None:
        try:
            await asyncio.wait_for(event.wait(), self._idle)
        except TimeoutError as error:
            raise ClientGoneError from error
