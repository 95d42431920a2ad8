# SPDX-License-Identifier: MIT
"""One connection of a client to a server: greeting, TLS, liveness; it ends once and is never used again.

It reads at most 16 KiB per turn of the event loop, so that a subscriber that keeps up is never handed more messages
at once than its queue holds by default.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, cast

from decnet_core.bus.address import Address
from decnet_core.bus.interface import BusError
from decnet_core.bus.protocol import frames
from decnet_core.bus.protocol.operations import Deliver, Err, Info, Malformed, Operation, Ping, Pong
from decnet_core.bus.protocol.parser import Parser, lines_from_server
from decnet_core.bus.protocol.send_queue import SendQueue
from decnet_core.bus.server_identity import check_server
from decnet_core.bus.settings import ClientOptions
from decnet_core.bus.tls import client_context
from decnet_core.text import for_terminal

READ_SIZE = 16_384
MAX_INFO_LINE = 65_536  # bytes; a large cluster lists its members in INFO
MAX_PAYLOAD = 67_108_864  # bytes; the largest a nats-server can be set to


class Link(asyncio.BufferedProtocol):
    """One connection; `lost` resolves when it is over, with the reason."""

    def __init__(
        self,
        queue: SendQueue,
        on_message: Callable[[Deliver, bytes], None],
        on_error: Callable[[str], None],
        on_lost: Callable[[Link], None],
    ) -> None:
        loop = asyncio.get_running_loop()
        self.greeted: asyncio.Future[Info] = loop.create_future()
        self.lost: asyncio.Future[str] = loop.create_future()
        self.dismissed: asyncio.Future[None] = loop.create_future()
        """Done when the server has said that it is going away (`ldm` in its INFO)."""
        self.info = Info()
        self.active = False
        self._queue = queue
        self._on_message = on_message
        self._on_error = on_error
        self._on_lost = on_lost
        self._parser = Parser(lines_from_server(MAX_PAYLOAD), MAX_INFO_LINE)
        self._buffer = memoryview(bytearray(READ_SIZE))  # a view: asyncio's TLS slices it and expects no copy
        self._pings: deque[asyncio.Future[None]] = deque()
        self._transport: asyncio.Transport | None = None
        self._reason = ""
        self._paused = False
        self._tls_wanted = False
        self._open = False
        self._unprotected = False

    async def dial(self, address: Address, greeting: Callable[[Info], frames.Line], options: ClientOptions) -> None:
        """Connect, upgrade to TLS when either side wants it, and send CONNECT; OSError or BusError when that fails."""
        loop = asyncio.get_running_loop()
        self._tls_wanted = address.scheme == "tls"
        if address.path:
            transport, _ = await loop.create_unix_connection(lambda: self, address.path)
            check_server(transport.get_extra_info("socket"), address.path)
        else:
            await loop.create_connection(lambda: self, address.host, address.port)
        info = await self.greeted
        if self._unprotected:
            await self._upgrade(address, info, options)
        self.write(greeting(info) + frames.PING)
        pong = loop.create_future()
        self._pings.append(pong)
        await pong

    def open(self) -> None:
        """Begin to send what is queued."""
        if self._transport is not None:
            self._open = True
            self._queue.open(self._transport)
            self._queue.paused = self._paused
            self._queue.flush()

    def write(self, data: bytes) -> None:
        """Send `data` at once, ahead of the queue."""
        if self._transport is not None:
            self._transport.write(data)

    async def ping(self) -> None:
        """Wait until the server has taken everything in the queue; ConnectionError when the connection ends."""
        if self.lost.done():
            raise ConnectionError(self.lost.result())
        pong = asyncio.get_running_loop().create_future()
        self._pings.append(pong)
        self._queue.push_line(frames.PING)
        self._queue.flush()
        await pong

    async def leave(self) -> None:
        """Close when the server has taken everything queued; ConnectionError when it ends the connection first."""
        await self.ping()
        self._reason = "the server is going away (lame duck mode)"
        self.close()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def abort(self, reason: str) -> None:
        self._reason = self._reason or reason
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # called once more after the TLS upgrade

    def connection_lost(self, exc: Exception | None) -> None:
        if self._open:
            self._queue.close()
        self._on_lost(self)
        reason = self._reason or str(exc or "the server closed the connection")
        if not self.lost.done():
            self.lost.set_result(reason)
        _fail(self.greeted, reason)
        for pong in self._pings:
            _fail(pong, reason)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - asyncio's interface
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        self.active = True
        on_message, is_open = self._on_message, self._open
        for operation, body in self._parser.feed(bytes(self._buffer[:nbytes])):
            if type(operation) is Deliver and is_open:
                on_message(operation, body)
            else:
                self._handle(operation)

    def pause_writing(self) -> None:
        self._paused = True
        if self._open:
            self._queue.paused = True

    def resume_writing(self) -> None:
        self._paused = False
        if self._open:
            self._queue.paused = False
            self._queue.flush()

    def _handle(self, operation: Operation) -> None:
        if violation := self._violation(operation):
            self.abort(violation)
        elif isinstance(operation, Ping):
            self.write(frames.PONG)
        elif isinstance(operation, Pong):
            if self._pings and not (pong := self._pings.popleft()).done():
                pong.set_result(None)
        elif isinstance(operation, Info):
            self.info = operation
            if operation.ldm and not self.dismissed.done():
                self.dismissed.set_result(None)
            if not self.greeted.done():
                self._unprotected = self._tls_wanted or operation.tls_required
                self.greeted.set_result(operation)
        elif isinstance(operation, Err):
            self._reason = for_terminal(operation.text)
            if self._open:
                self._on_error(operation.text)

    def _violation(self, operation: Operation) -> str:
        """Return why a server must not send `operation` now; empty when it may."""
        if self._unprotected:
            return "the server continued in plaintext where TLS had to begin; this may be a man in the middle"
        if isinstance(operation, Deliver):
            return "the server sent messages before it had taken our greeting"
        if isinstance(operation, Malformed):
            return f"what the server sent is not the NATS protocol: {operation.reason}"
        return ""

    async def _upgrade(self, address: Address, info: Info, options: ClientOptions) -> None:
        if not (info.tls_required or info.tls_available):
            raise BusError(f"{address} offers no TLS; set [bus] url to nats:// or give the server a certificate")
        if self._transport is None or self._transport.is_closing():
            raise ConnectionError(self._reason)
        if self._parser.held:  # it would be read as the beginning of what comes through TLS
            raise BusError(f"{address} sent more than its INFO before TLS; this may be a man in the middle")
        loop, context = asyncio.get_running_loop(), client_context(options)
        self._unprotected = False  # start_tls stops reading before anything else can be read
        upgraded: Any = await loop.start_tls(self._transport, self, context, server_hostname=address.host)
        self._transport = upgraded


def _fail(waiting: asyncio.Future[Any], reason: str) -> None:
    if not waiting.done():
        waiting.set_exception(ConnectionError(reason))
        waiting.exception()  # or asyncio would report an exception that nobody retrieved
