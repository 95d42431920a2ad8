# SPDX-License-Identifier: MIT
"""A plain connection as `terminal.ByteChannel`: Telnet's bytes on the wire, those of a terminal inside."""

import asyncio

from decnet_decoys.processor import turn
from decnet_decoys.services.connection import Connection, ConnectionEnded
from decnet_decoys.telnet.inetutils import Negotiation
from decnet_decoys.telnet.options import Options
from decnet_decoys.terminal.terminal import Terminal

DATA_MARK = b"\xff\xf2"
READ_AT_ONCE = 1 << 10
"""Bytes of which options are taken apart before others have their turn: a hundred questions that are answered."""
MOST_WAITING = 64 << 10
"""Bytes that wait to be sent; the session waits beyond that."""


class SocketChannel:
    """Reads and sends in two tasks of its owner's, so that the terminal never waits for the network."""

    def __init__(self, connection: Connection, options: Options | Negotiation, idle_seconds: float) -> None:
        self.terminal = Terminal(self, pty=True, idle_seconds=idle_seconds, on_waiting=self._unread_changed)
        self._connection = connection
        self._options = options
        self._waiting = bytearray()
        self._urgent = -1
        """Where in `_waiting` the IAC of the last data mark is, which is sent as urgent data (RFC 854)."""
        self._unread = 0
        self._held = 0
        self._more = asyncio.Event()
        self._sent = asyncio.Event()
        self._sent.set()
        self._reading = asyncio.Event()
        self._reading.set()
        self._room = asyncio.Event()
        self._room.set()
        self._negotiated = asyncio.Event()

    def write(self, data: bytes, *, error: bool = False) -> None:  # noqa: ARG002  # a terminal has one screen
        self.send(self._options.escaped(data))

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._waiting += data
        if len(self._waiting) > MOST_WAITING:
            self.terminal.pause_writing()
            self._room.clear()
        self._sent.clear()
        self._more.set()
        self._hold()

    def pause_reading(self) -> None:
        self._reading.clear()

    def resume_reading(self) -> None:
        self._reading.set()

    async def read(self, data: bytes) -> None:
        """Give the terminal `data`, and what the client sends after it, until it leaves.

        A client that does not take its answers is not listened to, as by a server whose write(2) waits.
        """
        try:
            while data:
                for start in range(0, len(data), READ_AT_ONCE):
                    self._received(data[start : start + READ_AT_ONCE])
                    await turn.give_way()
                    await self._room.wait()
                await self._reading.wait()
                data = b"" if self._options.left else await self._connection.read()
            self.terminal.eof_received()
        except (OSError, ConnectionEnded):
            self.terminal.connection_lost()
        finally:
            self._negotiated.set()

    async def negotiated(self) -> bool:
        """Wait until the client sees what login prints; False if it left before."""
        await self._negotiated.wait()
        return self._options.ready

    def _received(self, data: bytes) -> None:
        typed, answers = self._options.feed(data)
        if answers:
            mark = answers.rfind(DATA_MARK)
            self._urgent = len(self._waiting) + mark if mark >= 0 else self._urgent
            self.send(answers)
        if self._options.ready:
            self._negotiated.set()
        if typed:
            self.terminal.data_received(typed)

    async def write_out(self) -> None:
        """Send what waits, until the client leaves."""
        try:
            while True:
                await self._more.wait()
                self._more.clear()
                data, urgent = bytes(self._waiting), self._urgent
                self._waiting.clear()
                self._urgent = -1
                if urgent >= 0:
                    await self._connection.write(data[:urgent])
                    await self._connection.write_urgent(data[urgent : urgent + 1])
                await self._connection.write(data[urgent + 1 :])
                self._hold()
                if not self._waiting:
                    self._sent.set()
                    self._room.set()
                    self.terminal.resume_writing()
        except (OSError, ConnectionEnded):
            self.gone()

    def gone(self) -> None:
        """End what the session waits for: nothing comes any more, and nothing is taken."""
        self._sent.set()
        self._room.set()
        self._negotiated.set()
        self.terminal.connection_lost()

    async def sent(self) -> None:
        """Wait until everything was sent, or the client is gone."""
        await self._sent.wait()

    def _unread_changed(self, size: int) -> None:
        self._unread = size
        self._hold()

    def _hold(self) -> None:
        """Take of the budget what the client sent and nobody reads, and what it is sent and does not take."""
        size = self._unread + len(self._waiting)
        if self._connection.lease.hold(size - self._held):
            self._held = size
        else:
            self._connection.recorder.counters.add("decoys_connections_cut")
            self.terminal.connection_lost()
