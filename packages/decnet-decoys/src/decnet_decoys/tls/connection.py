# SPDX-License-Identifier: MIT
"""A connection inside TLS (RFC 8446, RFC 5246): what a service reads and writes is what the client means."""

import asyncio
import ssl
from collections.abc import Callable, Sequence
from typing import TypeAlias

from decnet_decoys.processor import turn
from decnet_decoys.services.connection import MOST_AT_ONCE, Connection, ConnectionEnded
from decnet_decoys.tls.client_hello import protocols_offered
from decnet_decoys.tls.errors import ClearTextError, NotTlsError

Clear: TypeAlias = Callable[[bytes], bool]
"""Whether a server takes the first bytes of a client for no TLS."""
_NO_APPLICATION_PROTOCOL = b"\x15\x03\x03\x00\x02\x02\x78"
"""The alert that OpenSSL sends; Python's ssl goes on instead."""
RECORD = 16 << 10
"""Bytes of one TLS record."""


class TlsConnection(Connection):
    """Wraps a client's connection after `secured`; closing it closes that."""

    def __init__(self, plain: Connection, context: ssl.SSLContext, first: bytes) -> None:
        """Take over `plain`, of which `first` was read: its budget of bytes, its time limits and its memory."""
        vars(self).update(vars(plain))
        self._plain = plain
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._incoming.write(first)
        self._agreed = False
        """Whether the handshake is over."""

    async def handshake(self) -> None:
        """Agree on keys; raises ConnectionEnded when the client does not speak TLS, after the alert that says so."""
        while True:
            try:
                self._tls.do_handshake()
                await self._flush()
            except ssl.SSLWantReadError:
                await self._flush()
                await self._feed()
            except ssl.SSLError as error:
                await self._flush()
                raise NotTlsError(error.reason or "unknown") from None
            else:
                self._agreed = True
                self.received.encrypted()
                return

    @property
    def protocol(self) -> str | None:
        """What ALPN chose (RFC 7301)."""
        return self._tls.selected_alpn_protocol()

    async def _receive(self) -> bytes:
        while True:
            try:
                return self._tls.read(MOST_AT_ONCE)
            except ssl.SSLWantReadError:
                await self._flush()
                await self._feed()
            except ssl.SSLZeroReturnError:
                return b""
            except ssl.SSLError as error:
                if isinstance(error, ssl.SSLEOFError):
                    return b""
                await self._flush()
                raise ConnectionEnded(f"no TLS: {error.reason}") from None

    async def _feed(self) -> None:
        async with asyncio.timeout(self._idle_seconds):
            data = await self._plain._receive()
        if not self._agreed:
            self.received.add(data)
        if data:
            self._incoming.write(data)
        elif self._incoming.eof:
            raise ConnectionEnded("the client left")
        else:
            self._incoming.write_eof()

    async def _send(self, data: bytes) -> None:
        for start in range(0, len(data), RECORD):
            self._tls.write(data[start : start + RECORD])
            await self._flush()
            await turn.give_way()

    async def _flush(self) -> None:
        while self._outgoing.pending:
            await self._plain._send(self._outgoing.read())

    def close(self) -> None:
        self._plain.close()


async def secured(
    connection: Connection, context: ssl.SSLContext, protocols: Sequence[str] = (), clear: Clear | None = None
) -> TlsConnection:
    """Return the connection inside TLS; raises ConnectionEnded, OSError.

    A client that offers protocols, but none of `protocols` if there are any, is refused. Raises ClearTextError where
    the first bytes are `clear`.
    """
    async with asyncio.timeout(connection._idle_seconds):
        first = await connection._receive()  # until then it costs no TLS, which takes 12 KiB
    if not first:
        raise ConnectionEnded("the client left")
    connection.received.add(first)
    if clear is not None and clear(first):
        raise ClearTextError(first)
    offered = protocols_offered(first) if protocols else []
    if offered and not {name.encode() for name in protocols} & set(offered):
        await connection._send(_NO_APPLICATION_PROTOCOL)
        raise NotTlsError("NO_APPLICATION_PROTOCOL")
    tls = TlsConnection(connection, context, first)
    await tls.handshake()
    return tls
