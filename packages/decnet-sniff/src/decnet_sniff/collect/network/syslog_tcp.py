# SPDX-License-Identifier: MIT
"""Syslog over TCP (RFC 6587), both framing methods; senders that are too fast, or too many, have to wait."""

import asyncio
import contextlib
import logging
import socket
import time
from collections.abc import Awaitable

from decnet_core.net.addresses import peer_address, source_of
from decnet_core.net.connections import ConnectionLimiter
from decnet_core.net.sockets import listening
from decnet_core.text import for_terminal
from decnet_sniff.collect.input_sink import InputSink
from decnet_sniff.collect.network.framing import Framing, FramingError
from decnet_sniff.collect.network.syslog_port import SyslogPort
from decnet_sniff.collect.settings import NetworkSettings

log = logging.getLogger(__name__)

_READ_BYTES = 65_536
_LONGEST_WAIT = 5.0
_AT_ONCE = 64
"""Messages that are taken before others have their turn: a read may bring 32,000 of the shortest."""


class SyslogTcpInput(SyslogPort):
    """One TCP port and the connections to it."""

    transport = "tcp"

    def __init__(self, sink: InputSink, limits: NetworkSettings) -> None:
        super().__init__(sink, limits)
        self._connections = ConnectionLimiter(limits.connections, limits.connections_per_address)
        self._open: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self._waits: set[asyncio.Timeout] = set()
        self._ended = False

    def _bind(self, host: str, port: int) -> socket.socket:
        return listening(host, port)

    async def run(self) -> None:
        server = await asyncio.start_server(self._serve, sock=self._socket, limit=_READ_BYTES)
        try:
            await asyncio.Event().wait()
        finally:
            server.close()
            await self._end()

    async def _end(self) -> None:
        """Read no more, and take what was read: its sender's TCP has been told that it is here."""
        self._ended = True
        for writer in self._open.values():
            writer.transport.abort()
        for wait in self._waits:
            wait.reschedule(asyncio.get_running_loop().time())
        if self._open:
            await asyncio.wait(self._open)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        address = peer_address(writer.get_extra_info("peername")[0])
        sender = source_of(address)
        if not self._is_allowed(address) or not self._connections.acquire(sender):
            self._sink.count("network_refused")
            writer.transport.abort()
            return
        task = asyncio.current_task()
        assert task is not None
        self._open[task] = writer
        try:
            await self._receive(reader, address, sender)
        except FramingError as error:
            self._sink.count("network_framing")
            log.warning("connection closed peer=%s: %s", for_terminal(address), error)
        except TimeoutError:
            self._sink.count("network_idle")
        except OSError as error:
            log.debug("connection lost peer=%s: %s", for_terminal(address), error)
        finally:
            self._connections.release(sender)
            del self._open[task]
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _receive(self, reader: asyncio.StreamReader, address: str, sender: str) -> None:
        framing = Framing(self._limits.message_bytes)
        while True:
            await self._wait(self._sink.room())
            async with asyncio.timeout(self._limits.idle_seconds):
                data = await reader.read(_READ_BYTES)
            if not data and self._ended:
                return  # what is left is the beginning of a message
            frames = framing.feed(data) if data else framing.end()
            for number, frame in enumerate(frames):
                self._take(frame, address)
                if number % _AT_ONCE == _AT_ONCE - 1:
                    await asyncio.sleep(0)  # the other senders' turn
            if not data:
                return
            ahead = self._rates.delay(sender, time.monotonic(), len(frames))
            if ahead:
                self._sink.count("network_limited")
                await self._wait(asyncio.sleep(min(ahead, _LONGEST_WAIT)))

    async def _wait(self, for_what: Awaitable[None]) -> None:
        """Wait, but not beyond the end of the port."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0 if self._ended else None) as wait:
                self._waits.add(wait)
                try:
                    await for_what
                finally:
                    self._waits.discard(wait)
