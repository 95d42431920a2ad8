# SPDX-License-Identifier: MIT
"""A transport that closes without taking the last answer from a client that still sends.

To close a TCP socket with unread bytes resets the connection, and a reset discards what the client has not read yet
(RFC 9112 §9.6). So this side ends first, and what still comes is read and discarded, for a bounded time and amount. And
a client that never reads does not keep its connection: what it has not taken in time is discarded, too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

LINGER_SECONDS = 1.0
LINGER_BYTES = 1 << 20
STALL_SECONDS = 30.0
"""How long a client may take none of what it was sent."""


class LingeringTransport(asyncio.Transport):
    """What uvicorn has of a connection's transport."""

    def __init__(self, transport: asyncio.Transport, unread: Callable[[], bool]) -> None:
        """`unread` tells whether the client may have sent what nobody has read or will read."""
        super().__init__()
        self._transport = transport
        self._unread = unread
        self._loop = asyncio.get_running_loop()
        self._pauses: set[str] = set()
        self._discarded = 0
        self._end: asyncio.TimerHandle | None = None
        self._stall: asyncio.TimerHandle | None = None
        self._waits = 0
        self.lingers = False
        """Whether what comes is to be discarded."""

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._transport.get_extra_info(name, default)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._transport.write(data)

    def is_closing(self) -> bool:
        return self.lingers or self._transport.is_closing()

    def pause_reading(self) -> None:
        """Read no more, as the flow control asks."""
        self._pause("flow")

    def resume_reading(self) -> None:
        self._resume("flow")

    def hold(self) -> None:
        """Read no more until `release`, whatever the flow control asks."""
        self._pause("hold")

    def release(self) -> None:
        self._resume("hold")

    def stalls(self) -> None:
        """Note that too much waits to be sent: the client has STALL_SECONDS to take some of it, and again as long."""
        if self._stall is None:
            self._waits = self._transport.get_write_buffer_size()
            self._stall = self._loop.call_later(STALL_SECONDS, self._look)

    def moves(self) -> None:
        """Note that it does not any more."""
        if self._stall is not None and not self._transport.is_closing():
            self._stall.cancel()
            self._stall = None

    def close(self) -> None:
        """End the connection when what was written is sent, and the client has ended its side where that matters."""
        if self.is_closing():
            return
        if not self._unread():
            self.close_now()
            return
        self.lingers = True
        if self._transport.can_write_eof():
            try:
                self._transport.write_eof()
            except OSError:  # the client has reset the connection
                self.abort()
                return
        self._pauses.clear()
        self._transport.resume_reading()
        self._end = self._loop.call_later(LINGER_SECONDS, self.close_now)

    def close_now(self) -> None:
        """End the connection when what was written is sent."""
        self._cancel_end()
        self._transport.close()
        self.stalls()

    def abort(self) -> None:
        """End the connection at once."""
        self._transport.abort()

    def discard(self, count: int) -> None:
        """Count what came while the transport `lingers`."""
        self._discarded += count
        if self._discarded > LINGER_BYTES:
            self.close_now()

    def lost(self) -> None:
        """Forget the timers of a connection that is gone."""
        self._cancel_end()
        if self._stall is not None:
            self._stall.cancel()

    def _look(self) -> None:
        self._stall = None
        if self._transport.get_write_buffer_size() < self._waits:
            self.stalls()
        else:
            self._transport.abort()

    def _cancel_end(self) -> None:
        if self._end is not None:
            self._end.cancel()
            self._end = None

    def _pause(self, why: str) -> None:
        if not self.lingers and not self._pauses:
            self._transport.pause_reading()
        self._pauses.add(why)

    def _resume(self, why: str) -> None:
        self._pauses.discard(why)
        if not self._pauses:
            self._transport.resume_reading()
