# SPDX-License-Identifier: MIT
"""A byte stream to a server, as the dialler opens it."""

import asyncio
import fcntl
import struct
import termios
from ipaddress import ip_address

from decnet_core.net.addresses import Address

MAX_LINE = 8192
"""Bytes that are read ahead at most, twice this."""
_ACKNOWLEDGED_POLL = 0.005


class Stream(asyncio.StreamReaderProtocol):
    """A protocol with its reader and writer."""

    writer: asyncio.StreamWriter

    def __init__(self) -> None:
        self.reader = asyncio.StreamReader(limit=MAX_LINE)
        super().__init__(self.reader)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        assert isinstance(transport, asyncio.Transport)
        self.writer = asyncio.StreamWriter(transport, self, self.reader, asyncio.get_running_loop())

    @property
    def peer(self) -> Address:
        """The address that it is connected to."""
        return ip_address(self.writer.get_extra_info("peername")[0])

    @property
    def usable(self) -> bool:
        """Whether the peer has not ended the connection, as far as is known."""
        return not self.writer.is_closing() and not self.reader.at_eof()

    async def acknowledged(self) -> None:
        """Wait until the peer's kernel has acknowledged all that was written; raises OSError.

        A protocol without answers has no better sign that something arrived; tcp(7), SIOCOUTQ.
        """
        self.writer.transport.set_write_buffer_limits(0)
        await self.writer.drain()
        descriptor = self.writer.get_extra_info("socket").fileno()
        while self.usable and _unacknowledged(descriptor):  # noqa: ASYNC110  # the kernel tells nobody of it
            await asyncio.sleep(_ACKNOWLEDGED_POLL)
        if not self.usable:
            raise ConnectionResetError("the connection was closed by the receiver")

    def abort(self) -> None:
        self.writer.transport.abort()


def _unacknowledged(descriptor: int) -> int:
    return int(struct.unpack("i", fcntl.ioctl(descriptor, termios.TIOCOUTQ, b"\0" * 4))[0])
