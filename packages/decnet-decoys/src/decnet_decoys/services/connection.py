# SPDX-License-Identifier: MIT
"""One client of a service: a TCP connection, or what one UDP endpoint sends. Bounded in time and bytes."""

import asyncio
import socket
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import inf
from typing import Any

from decnet_core.events.catalogue import ServiceRequest
from decnet_decoys.errors import DecoysError
from decnet_decoys.evidence.connection_recorder import ConnectionRecorder
from decnet_decoys.memory_budget import MemoryLease
from decnet_decoys.services.other_protocol import note_other_protocol
from decnet_decoys.services.received import Received
from decnet_decoys.settings import LimitSettings

MOST_AT_ONCE = 64 << 10
"""Bytes that one `read` returns at most."""
NO_REQUEST = "no request"
"""The action of what was sent and was no request, log-in or command of the service."""
HANDSHAKE_ONLY = "handshake only"
"""The action of a client that agreed on keys and said nothing more, as health checks and certificate surveys do."""
MAX_WAITING = 64
"""Datagrams of one client that wait to be read; more are dropped, as a kernel does."""


class ConnectionEnded(DecoysError):
    """The client sent more than it may, or the service has had enough of it."""


class Connection(ABC):
    """What a service reads from and writes to."""

    def __init__(
        self,
        sock: socket.socket,
        recorder: ConnectionRecorder,
        limits: LimitSettings,
        idle_seconds: float,
        lease: MemoryLease,
    ) -> None:
        self.socket = sock
        """Of TCP the client's, which a service may hand to a protocol library; of UDP that of all clients."""
        self.recorder = recorder
        self.received = Received()
        self.lease = lease
        """Memory for what this client sends; what a service keeps of it beyond a few KiB, it holds here."""
        self._idle_seconds = min(idle_seconds, limits.idle_seconds)
        self._left = limits.session_bytes
        self._held = 0
        self.delay_seconds = 0.0
        """How long what the client sent waits before it is returned (`tarpit`)."""
        self.other_protocol: str | None = None
        """Which protocol the client spoke first, if it is another service's; None until it has said something."""

    async def read(self, at_most_seconds: float = inf) -> bytes:
        """Return what the client sent: by TCP b"" at its end, by UDP one datagram; waits no longer than is asked.

        Raises OSError, TimeoutError and ConnectionEnded.
        """
        await asyncio.sleep(0)  # what has arrived is returned at once: a client that floods must not starve the others
        async with asyncio.timeout(min(self._idle_seconds, at_most_seconds)):
            data = await self._receive()
        if self.delay_seconds:
            await asyncio.sleep(self.delay_seconds)
        self._account(data)
        return data

    def _account(self, data: bytes) -> None:
        """Count what the client sent; raises ConnectionEnded if it is more than it may."""
        self.received.add(data)
        self._left -= len(data)
        if self._left < 0:
            self.recorder.counters.add("decoys_connections_cut")
            raise ConnectionEnded("the client sent more than [decoys.limits] session_bytes")

    async def write(self, data: bytes) -> None:
        """Send all of `data`, waiting while the client does not take it; raises OSError, TimeoutError."""
        async with asyncio.timeout(self._idle_seconds):
            await self._send(data)

    async def write_urgent(self, data: bytes) -> None:
        """Send a byte as urgent data (RFC 9293, section 3.8.5) where there is such a thing and room for it."""
        await self.write(data)

    def hold(self, size: int) -> None:
        """Hold `size` bytes of memory in all for what the client sent; raises ConnectionEnded if there is none left."""
        if not self.lease.hold(size - self._held):
            raise ConnectionEnded("no memory for what the client sent")
        self._held = size

    @abstractmethod
    async def _receive(self) -> bytes: ...

    @abstractmethod
    async def _send(self, data: bytes) -> None: ...

    def record_received(self) -> None:
        """Record what the client sent, unless an event tells of it; called when the connection has ended."""
        if self.received.total and not self.recorder.told:
            action = HANDSHAKE_ONLY if self.received.handshake_only else NO_REQUEST
            self.record_not_understood(action)

    def record_not_understood(self, action: str, reason: str | None = None) -> None:
        """Record what the client has sent as what the service does not speak, with the reason if there is one."""
        detail = {} if reason is None else {"reason": reason}
        detail |= self.received.detail()
        self.recorder.emit(ServiceRequest(service=self.recorder.service, action=action, detail=detail))

    def close(self) -> None:
        """Release what only this client holds."""
        self.lease.close()


class TcpConnection(Connection):
    """What waits for a silent client is a future and a reader: `loop.sock_recv` keeps half a KiB more for each."""

    async def _receive(self) -> bytes:
        while True:
            try:
                data = self.socket.recv(MOST_AT_ONCE)
                break
            except (BlockingIOError, InterruptedError):
                loop = asyncio.get_running_loop()
                arrived = loop.create_future()
                loop.add_reader(self.socket, _set, arrived)
                try:
                    await arrived
                finally:
                    loop.remove_reader(self.socket)
        if self.other_protocol is None and data:
            self.other_protocol = note_other_protocol(self.recorder, data)
        return data

    @contextmanager
    def overheard(self, hear: Callable[[bytes], bool]) -> Iterator[None]:
        """Hand what arrives to `hear` while the block runs, b"" at the connection's end, until it returns False.

        So the end is noticed by who waits for something else than the client, and with it for the next bytes.
        """
        loop = asyncio.get_running_loop()

        def arrived() -> None:
            try:
                data = self.socket.recv(MOST_AT_ONCE)
                self._account(data)
            except (BlockingIOError, InterruptedError):
                return
            except (OSError, ConnectionEnded):
                data = b""
            if not (hear(data) and data):
                loop.remove_reader(self.socket)

        loop.add_reader(self.socket, arrived)
        try:
            yield
        finally:
            loop.remove_reader(self.socket)

    async def _send(self, data: bytes) -> None:
        await asyncio.get_running_loop().sock_sendall(self.socket, data)

    async def write_urgent(self, data: bytes) -> None:
        try:
            sent = self.socket.send(data, socket.MSG_OOB)
        except (BlockingIOError, InterruptedError):
            sent = 0
        if sent < len(data):
            await self.write(data[sent:])

    def close(self) -> None:
        super().close()
        self.socket.close()


def _set(arrived: asyncio.Future[None]) -> None:
    if not arrived.done():
        arrived.set_result(None)


class UdpConversation(Connection):
    """The datagrams of one client; it ends when the service has had enough or the client is silent."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._waiting: deque[bytes] = deque()
        self._arrived = asyncio.Event()

    def deliver(self, data: bytes) -> None:
        """Let `read` return a datagram; one too many is dropped and counted."""
        if len(self._waiting) >= MAX_WAITING:
            self.recorder.counters.add("decoys_datagrams_dropped")
            return
        self._waiting.append(data)
        self._arrived.set()

    async def _receive(self) -> bytes:
        while not self._waiting:
            self._arrived.clear()
            await self._arrived.wait()
        return self._waiting.popleft()

    async def _send(self, data: bytes) -> None:
        await asyncio.get_running_loop().sock_sendto(self.socket, data, self.recorder.info.src)

    def close(self) -> None:
        super().close()
        self._waiting.clear()
