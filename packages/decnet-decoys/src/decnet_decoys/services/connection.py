# SPDX-License-Identifier: MIT
"""One client's TCP connection to a service: bounded in time and bytes."""

from __future__ import annotations

import asyncio
import socket

from decnet_decoys.errors import DecoysError
from decnet_decoys.evidence.connection_recorder import ConnectionRecorder
from decnet_decoys.settings import LimitSettings

MOST_AT_ONCE = 64 << 10
"""Bytes that one `read` returns at most."""


class ConnectionEnded(DecoysError):
    """The client sent more than it may, or the service has had enough of it."""


class Connection:
    """A connection that was accepted. A service reads and writes here, or hands `socket` to a protocol library."""

    def __init__(
        self, sock: socket.socket, recorder: ConnectionRecorder, limits: LimitSettings, idle_seconds: float
    ) -> None:
        self.socket = sock
        self.recorder = recorder
        self._idle_seconds = min(idle_seconds, limits.idle_seconds)
        self._left = limits.session_bytes

    async def read(self) -> bytes:
        """Return what the client sent, b"" at its end; raises OSError, TimeoutError and ConnectionEnded."""
        await asyncio.sleep(0)  # bytes that are there are returned at once: one who floods must not starve the others
        async with asyncio.timeout(self._idle_seconds):
            data = await asyncio.get_running_loop().sock_recv(self.socket, MOST_AT_ONCE)
        self._left -= len(data)
        if self._left < 0:
            self.recorder.counters.add("decoys_connections_cut")
            raise ConnectionEnded("the client sent more than [decoys.limits] session_bytes")
        return data

    async def write(self, data: bytes) -> None:
        """Send all of `data`, waiting while the client does not take it; raises OSError, TimeoutError."""
        async with asyncio.timeout(self._idle_seconds):
            await asyncio.get_running_loop().sock_sendall(self.socket, data)
