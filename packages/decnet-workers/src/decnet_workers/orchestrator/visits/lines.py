# SPDX-License-Identifier: MIT
"""The client's side of a dialogue in lines with numbered replies, as SMTP (RFC 5321) and FTP (RFC 959) have it."""

import asyncio
import socket

from decnet_workers.orchestrator.visits.announced import SessionError

REPLY_SECONDS = 30.0
LARGEST_REPLY = 64 * 1024
"""Bytes."""


class Lines:
    """Asks over a connection, which stays the caller's to close."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._read = bytearray()

    async def ask(self, line: str, expected: str) -> str:
        """Send a line and return its reply, as `reply`."""
        await self.send(line.encode("utf-8", "replace") + b"\r\n")
        return await self.reply(expected)

    async def send(self, data: bytes) -> None:
        """Send bytes as they are. Raises OSError, TimeoutError."""
        async with asyncio.timeout(REPLY_SECONDS):
            await asyncio.get_running_loop().sock_sendall(self._sock, data)

    async def reply(self, expected: str) -> str:
        """Return the last line of a reply, whose code must begin so.

        Raises SessionError for another code or what is no reply, OSError, TimeoutError.
        """
        async with asyncio.timeout(REPLY_SECONDS):
            while (line := await self._line())[3:4] == "-" or not line[:3].isdigit():
                pass  # of several lines only the last has a code and a space
        if not line.startswith(expected):
            raise SessionError(f"it was answered {line[:80]!r}")
        return line

    async def _line(self) -> str:
        while (end := self._read.find(b"\n")) < 0:
            data = await asyncio.get_running_loop().sock_recv(self._sock, 4096)
            if not data or len(self._read) > LARGEST_REPLY:
                raise SessionError("the connection ended within a dialogue")
            self._read += data
        line = bytes(self._read[:end])
        del self._read[: end + 1]
        return line.decode("utf-8", "replace").rstrip("\r")
