# SPDX-License-Identifier: MIT
"""What a client says to the broker, obeyed: publish, subscribe, ping.

No task, future or queue per message: a batch is read, routed and handed on before the event loop turns again.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from decnet_core.bus.broker.connection import Connection
from decnet_core.bus.broker.permissions import Access
from decnet_core.bus.protocol import frames
from decnet_core.bus.protocol.match import is_pattern, is_queue, is_subject
from decnet_core.bus.protocol.operations import (
    PROTOCOLS,
    Connect,
    Malformed,
    Operation,
    Ping,
    Pong,
    Publish,
    Subscribe,
    Unsubscribe,
    raw_of,
    text_of,
)

if TYPE_CHECKING:
    from decnet_core.bus.broker.server import Broker


_NODE_BYTES = 400


class Subscribed:
    """One subscription of one peer."""

    __slots__ = ("delivered", "last", "pattern", "peer", "queue", "sid")

    def __init__(self, peer: Peer, subscribe: Subscribe) -> None:
        self.peer = peer
        self.pattern = subscribe.pattern
        self.queue = subscribe.queue
        self.sid = subscribe.sid
        self.delivered = 0
        self.last = 0
        """Deliveries after which it ends by itself; 0 is never."""

    @property
    def cost(self) -> int:
        """About how many bytes it takes: a node of the routing table for each token, and its texts."""
        return (
            _NODE_BYTES * (self.pattern.count(".") + 2) + 2 * len(self.pattern) + len(self.sid) + len(self.queue or "")
        )


class Peer(Connection):
    """One client of the broker; with `token`, one that must show it first."""

    def __init__(self, broker: Broker, client_id: int, *, token: str = "") -> None:
        super().__init__(broker, client_id)
        self.options = Connect()
        self.subscribed: dict[bytes, Subscribed] = {}
        self._access: Access | None = None
        self._token = token
        self._greeted = not token
        self._do: dict[type[Any], Callable[[Any], None]] = {
            Connect: self._connect,
            Subscribe: self._subscribe,
            Unsubscribe: self._unsubscribe,
            Ping: lambda _: self.say(frames.PONG),
            Pong: lambda _: None,
            Malformed: lambda malformed: self.refuse(malformed.reason),
        }

    @property
    def needs_token(self) -> bool:
        """Whether this client must show a token."""
        return bool(self._token)

    def admitted(self, transport: asyncio.Transport) -> bool:
        """Ask the broker what this client may do; False when it may not even stay."""
        self._access = self._broker.admit(self, transport)
        return self._access is not None

    def greeting(self) -> frames.Line:
        """Return the INFO line for this client."""
        return frames.info(self._broker.info(self))

    def obey(self, operations: list[tuple[Operation, bytes]]) -> None:
        """Do what the client says, until it has said something that ends the connection."""
        for operation, body in operations:
            if type(operation) is Publish and self._greeted:
                self._publish(operation, body)
            elif self._greeted or type(operation) is Connect:
                self._do[type(operation)](operation)
            else:
                self.refuse("Authorization Violation")
            if self.closing:
                return

    def left(self) -> None:
        """End all subscriptions."""
        for subscribed in list(self.subscribed.values()):
            self._end(subscribed)
        self._broker.forget(self)

    def send(self, subscribed: Subscribed, publish: Publish, body: bytes) -> None:
        """Queue a message for this client."""
        if publish.header_size and not self.options.headers:
            frame = _without_headers(subscribed.sid, publish, body)
        else:
            frame = b"".join((publish.before, subscribed.sid, publish.after, body))
        self.outbox.push(frame)
        if not self.dirty:
            self._broker.soil(self)
        subscribed.delivered += 1
        if subscribed.last and subscribed.delivered >= subscribed.last:
            self._end(subscribed)

    # --- what clients say -------------------------------------------------------------------------

    def _publish(self, publish: Publish, body: bytes) -> None:
        broker = self._broker
        broker.in_messages += 1
        if not self._may_publish(publish):
            broker.refused += 1
            return
        self._ok()
        route = broker.routes.match(publish.subject)
        sent = 0
        for subscribed in route.plain:
            if subscribed.peer is not self or self.options.echo:
                subscribed.peer.send(subscribed, publish, body)
                sent += 1
        for group in route.groups:
            sent += self._send_to_one(group, publish, body)
        if not sent:
            broker.unrouted += 1
            if publish.reply and self.options.no_responders:
                self._say_no_responders(publish)

    def _may_publish(self, publish: Publish) -> bool:
        if self._access is None or not self._access.may_publish(publish.subject):
            self.say(frames.err(f'Permissions Violation for Publish to "{publish.subject}"'))
            return False
        if publish.header_size and not self.options.headers:
            self.refuse("Message Headers Not Supported")
            return False
        if self.options.pedantic and not is_subject(publish.subject):
            self.say(frames.err("Invalid Publish Subject"))  # and no more than that, as in nats-server
        return True

    def _send_to_one(self, group: tuple[Subscribed, ...], publish: Publish, body: bytes) -> bool:
        """Queue a message for one member: any, but rather one that keeps up, and never the publisher without echo."""
        if not self.options.echo:
            group = tuple(member for member in group if member.peer is not self)
            if not group:
                return False
        start = int(random.random() * len(group))  # noqa: S311 - spreads load, hides nothing
        chosen = group[start]
        if chosen.peer.outbox.paused:
            rotated = group[start:] + group[:start]
            chosen = next((member for member in rotated if not member.peer.outbox.paused), chosen)
        chosen.peer.send(chosen, publish, body)
        return True

    def _say_no_responders(self, publish: Publish) -> None:
        for subscribed in self._broker.routes.match(text_of(publish.reply)).plain:
            if subscribed.peer is self:
                self.say(frames.no_responders(publish.reply, subscribed.sid, raw_of(publish.subject)))
                return

    def _connect(self, options: Connect) -> None:
        if self._token and not self._broker.token_is(self._token, options):
            self.refuse("Authorization Violation")
        elif options.protocol not in PROTOCOLS:
            self.refuse("Invalid Client Protocol")
        elif options.no_responders and not options.headers:
            self.refuse("No Responders Requires Headers Support")
        else:
            self.options = options
            self.name = options.name or self.name
            self.wants_info = options.protocol >= 1
            self._greeted = True
            self.in_time("greeting")
            self._ok()

    def _subscribe(self, subscribe: Subscribe) -> None:
        if not is_pattern(subscribe.pattern) or (subscribe.queue is not None and not is_queue(subscribe.queue)):
            self.say(frames.err("Invalid Subject"))
        elif self._access is None or not self._access.may_subscribe(subscribe.pattern):
            self._broker.refused += 1
            self.say(frames.err(f'Permissions Violation for Subscription to "{subscribe.pattern}"'))
        elif len(self.subscribed) >= self._broker.settings.max_subscriptions or self._broker.subscribed_out:
            self.refuse("Maximum Subscriptions Exceeded")
        else:
            self._ok()
            if subscribe.sid not in self.subscribed:
                self._begin(Subscribed(self, subscribe))

    def _unsubscribe(self, unsubscribe: Unsubscribe) -> None:
        subscribed = self.subscribed.get(unsubscribe.sid)
        if subscribed is not None:
            subscribed.last = unsubscribe.after
            if subscribed.delivered >= unsubscribe.after:
                self._end(subscribed)
        self._ok()

    def _ok(self) -> None:
        if self.options.verbose:
            self.say(frames.OK)

    def _begin(self, subscribed: Subscribed) -> None:
        self.subscribed[subscribed.sid] = subscribed
        self._broker.routes.add(subscribed.pattern, subscribed, subscribed.queue)
        self._broker.subscribed_bytes += subscribed.cost

    def _end(self, subscribed: Subscribed) -> None:
        if self.subscribed.pop(subscribed.sid, None) is not None:
            self._broker.subscribed_bytes -= subscribed.cost
            self._broker.routes.remove(subscribed.pattern, subscribed, subscribed.queue)


def _without_headers(sid: bytes, publish: Publish, body: bytes) -> bytes:
    payload = body[publish.header_size :]
    reply = publish.reply + b" " if publish.reply else b""
    head = b"MSG %b %b %b%d\r\n" % (raw_of(publish.subject), sid, reply, len(payload) - 2)
    return head + payload
