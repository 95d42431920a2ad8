# SPDX-License-Identifier: MIT
"""A TCP connection of either receiver: counted, with a deadline, closed if the client does not read; without a task."""

import asyncio
from typing import Any

from decnet_core.net.addresses import peer_address, source_of
from decnet_core.net.places import Place
from decnet_workers.canary.receiver import Receiver


class Connection(asyncio.Protocol):
    """One client; a subclass handles its bytes."""

    def __init__(self, receiver: Receiver) -> None:
        self.receiver = receiver
        self.peer = ("", 0)
        self.local = ("", 0)
        self._place: Place | None = None
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start the deadline; of too many connections end this one, or another of whoever has most: none lasts long."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.peer = endpoint(transport.get_extra_info("peername"))
        self.local = endpoint(transport.get_extra_info("sockname"))
        self._place = self.receiver.connections.take(source_of(self.peer[0]))
        if self._place is None:
            self.receiver.counters.add("connections_refused")
            transport.abort()
            return
        self._place.evict = transport.abort
        self.receiver.open.add(transport)
        self.receiver.came += 1
        self.wait()
        self.receiver.unanswered.add(transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's signature
        if self._deadline is not None:
            self._deadline.cancel()
        if self._place is not None:
            self._place.free()
            self.receiver.open.discard(self.transport)
            self.receiver.unanswered.discard(self.transport)

    def pause_writing(self) -> None:
        """Close the connection of a client that does not read: answers are small, so it does so on purpose."""
        self.receiver.counters.add("slow_readers")
        self.transport.abort()

    def wait(self) -> None:
        """Restart the deadline for the next complete request."""
        self.receiver.unanswered.discard(self.transport)
        if self._deadline is not None:
            self._deadline.cancel()
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(self.receiver.settings.head_seconds, self._late)

    def _late(self) -> None:
        """Close silently, as nginx does when a request does not come."""
        self.receiver.counters.add("deadlines")
        self.transport.close()


def endpoint(name: Any) -> tuple[str, int]:
    """Return address and port of a socket name; a closed connection has none."""
    return (peer_address(name[0]), name[1]) if name else ("", 0)
