# SPDX-License-Identifier: MIT
"""One TLS connection as both sides hold it: bytes in and out, who the peer is, and what the peer has not taken yet."""

import asyncio
import fcntl
import socket
import ssl
import struct
import termios

from decnet_swarm.wire import SILENCE_SECONDS

CHUNK = 64 << 10


class _Protocol(asyncio.StreamReaderProtocol):
    """The standard one, for a connection that becomes TLS after it was made."""

    def eof_received(self) -> bool:
        super().eof_received()
        return False  # TLS has no half-closed connections, and asyncio warns of who wants one


class Stream:
    """A TLS connection."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, raw: asyncio.WriteTransport | None = None
    ) -> None:
        self.reader = reader
        self.writer = writer
        self._raw = raw
        self.sent_bytes = 0

    @property
    def protocol(self) -> str | None:
        """What ALPN (RFC 7301) agreed on; None when the peer does not take part in it."""
        return self.tls.selected_alpn_protocol()

    @property
    def peer_der(self) -> bytes:
        """The peer's certificate in DER; empty when there is none."""
        return self.tls.getpeercert(binary_form=True) or b""

    async def receive(self) -> bytes:
        """Return the next bytes, as many as there are, at most CHUNK; none at the end. Raises OSError."""
        return await self.reader.read(CHUNK)

    def write(self, data: bytes) -> None:
        self.sent_bytes += len(data)
        self.writer.write(data)

    async def drain(self) -> None:
        """Wait while too much is queued; raises OSError when the connection is gone."""
        await self.writer.drain()

    def untaken(self) -> int:
        """Return how many bytes the peer's TCP has not confirmed: here queued, or in the kernel. Raises OSError."""
        if self.writer.transport.is_closing():
            raise ConnectionResetError("the connection is gone")
        queued = self.writer.transport.get_write_buffer_size() + (self._raw.get_write_buffer_size() if self._raw else 0)
        found = fcntl.ioctl(self.writer.get_extra_info("socket").fileno(), termios.TIOCOUTQ, b"\0" * 4)
        return queued + int(struct.unpack("i", found)[0])

    def abort(self) -> None:
        self.writer.transport.abort()

    async def close(self) -> None:
        """End it when what is queued was sent, or after two seconds."""
        self.writer.close()
        try:
            async with asyncio.timeout(2):
                await self.writer.wait_closed()
        except (OSError, TimeoutError):
            self.abort()

    @property
    def tls(self) -> ssl.SSLObject:
        tls: ssl.SSLObject = self.writer.get_extra_info("ssl_object")
        return tls


async def connect_tls(host: str, port: int, context: ssl.SSLContext, name: str | None) -> Stream:
    """Connect and complete TLS; `name` is what the server's certificate must be for, where `context` checks that.

    Raises OSError, of which ssl.SSLError is one.
    """
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    protocol = _Protocol(reader)
    raw, _ = await loop.create_connection(lambda: protocol, host, port)
    try:
        watch_over(raw.get_extra_info("socket"))
        tls = await loop.start_tls(raw, protocol, context, server_hostname=name)
    except BaseException:
        raw.abort()
        raise
    if tls is None:
        raise ConnectionResetError("the server ended the connection")
    return Stream(reader, asyncio.StreamWriter(tls, protocol, reader, loop), raw)


async def accept_tls(sock: socket.socket, context: ssl.SSLContext, greeting_seconds: float) -> Stream:
    """Complete TLS on an accepted `sock`; raises OSError.

    The exception raised holds no frames: those hold the connection, which holds the exception and a buffer of 256 KiB.
    Such a cycle stays until the collector reaches its oldest generation, and thousands of failed handshakes would fill
    the memory until then.
    """
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    protocol = _Protocol(reader)
    watch_over(sock)
    try:
        transport, _ = await loop.connect_accepted_socket(
            lambda: protocol, sock, ssl=context, ssl_handshake_timeout=greeting_seconds, ssl_shutdown_timeout=2
        )
    except OSError as error:
        error.__traceback__ = None
        raise ConnectionAbortedError(str(error)) from None
    return Stream(reader, asyncio.StreamWriter(transport, protocol, reader, loop))


def watch_over(sock: socket.socket) -> None:
    """Let TCP itself detect a dead peer (tcp(7)), for plain syslog has no keep-alive."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 20)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 4)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(SILENCE_SECONDS * 1000))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
