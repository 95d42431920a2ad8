# SPDX-License-Identifier: MIT
"""One subscription of one client, as the routing table holds it."""

from __future__ import annotations

from typing import Protocol

from decnet_core.bus.protocol.operations import Publish, Subscribe
from decnet_core.bus.protocol.send_queue import SendQueue

_NODE_BYTES = 400


class Subscriber(Protocol):
    """The part of a client's connection that routing needs."""

    send_queue: SendQueue

    def send(self, subscription: Subscription, publish: Publish, bodies: list[bytes]) -> None:
        """Queue a message of each body for this client; more than one only while the subscription has no end."""
        ...


class Subscription:
    """The client, its subjects, the subscription id, and the number of deliveries."""

    __slots__ = ("delivered", "last", "pattern", "queue", "sid", "subscriber")

    def __init__(self, subscriber: Subscriber, subscribe: Subscribe) -> None:
        self.subscriber = subscriber
        self.pattern = subscribe.pattern
        self.queue = subscribe.queue
        self.sid = subscribe.sid
        self.delivered = 0
        self.last = 0
        """Deliveries after which it ends; 0 is never."""

    @property
    def cost(self) -> int:
        """Estimated bytes: a node of the routing table for each token, and its texts."""
        return (
            _NODE_BYTES * (self.pattern.count(".") + 2) + 2 * len(self.pattern) + len(self.sid) + len(self.queue or "")
        )
