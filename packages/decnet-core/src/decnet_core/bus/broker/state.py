# SPDX-License-Identifier: MIT
"""State shared by all connections of one broker: routes, limits, counters, and the connections to flush."""

import logging
import os
import time
from typing import Protocol

from decnet_core.bus.broker.subscription import Subscription
from decnet_core.bus.protocol.match import Routes
from decnet_core.bus.protocol.parser import lines_from_client
from decnet_core.bus.protocol.send_queue import CHUNK, SendQueue
from decnet_core.bus.settings import BusSettings
from decnet_core.text import for_terminal

log = logging.getLogger(__name__)

READ_SIZE = 131_072
"""Bytes of one read: where messages are large, a turn of the event loop costs more than what it moves."""
_LOG_SECONDS = 1.0  # one line at most in this time: clients must not be able to fill the log


class Sharer(Protocol):
    """The part of a connection that the shared limits act on."""

    send_queue: SendQueue
    dirty: bool

    def give_up(self) -> None:
        """Disconnect the client and drop the half of a message that it has sent."""
        ...


class BrokerState:
    """Shared by the broker and its connections; every attribute is read and counted by the connections themselves."""

    def __init__(self, settings: BusSettings) -> None:
        self.settings = settings
        self.server_id = os.urandom(11).hex().upper()
        self.lines = lines_from_client(settings.max_payload_bytes)
        self.routes: Routes[Subscription] = Routes()
        self.buffer = memoryview(bytearray(READ_SIZE))
        self.lame = False
        """Whether the broker is going away, and has told its clients."""
        self.congested: set[Sharer] = set()
        self.holding: dict[Sharer, None] = {}
        """Connections with half a message received, the oldest half first."""
        self.in_messages = self.in_bytes = self.refused = self.unrouted = 0
        self.slow_consumers = self.held_bytes = self.subscribed_bytes = self.errors = 0
        self._dirty: list[Sharer] = []
        self._log_again = 0.0
        self._unlogged = 0

    @property
    def subscriptions_full(self) -> bool:
        """Whether the subscriptions have reached their memory limit."""
        return self.subscribed_bytes >= self.settings.max_subscribed_bytes

    def relieve(self) -> None:
        """Disconnect the client that has held half a message for longest, until the other halves have room."""
        while self.held_bytes > self.settings.max_held_bytes and self.holding:
            next(iter(self.holding)).give_up()

    def allowance(self) -> int:
        """Return how many bytes may wait for a slow subscriber: its limit, or a fair share of the total."""
        share = self.settings.max_total_waiting_bytes // max(1, len(self.congested))
        return max(CHUNK, min(self.settings.max_waiting_bytes, share))

    def mark_dirty(self, connection: Sharer) -> None:
        """Flush `connection` in the next `flush`."""
        if not connection.dirty:
            connection.dirty = True
            self._dirty.append(connection)

    def flush(self) -> None:
        """Pass the frames queued by this batch of operations to the transports."""
        dirty, self._dirty = self._dirty, []
        for connection in dirty:
            connection.dirty = False
            connection.send_queue.flush()

    def note_closed(self, name: str, text: str) -> None:
        """Count and log that the client `name` was disconnected because of `text`."""
        self.errors += 1
        now = time.monotonic()
        if now < self._log_again:
            self._unlogged += 1
            return
        more, self._unlogged, self._log_again = self._unlogged, 0, now + _LOG_SECONDS
        log.warning("bus client closed client=%s reason=%s unlogged=%d", for_terminal(name), for_terminal(text), more)
