# SPDX-License-Identifier: MIT
"""One client's connection as the broker sees it: obeys its operations, holds what waits for it, watches its pulse.

Everything happens inside `buffer_updated`: no task, future or queue per message. A batch of messages is read,
routed and handed on before the event loop turns again.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from decnet_core.bus import frames
from decnet_core.bus.match import is_pattern, is_queue, is_subject
from decnet_core.bus.operations import (
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
from decnet_core.bus.outbox import CHUNK, Outbox
from decnet_core.bus.protocol import Parser
from decnet_core.bus.roles import Access

if TYPE_CHECKING:
    from decnet_core.bus.broker import Broker

LINGER_SECONDS = 2.0  # to read the last -ERR before the connection is cut


class Subscribed:
    """One subscription of one peer."""

    __slots__ = ("delivered", "last", "pattern", "peer", "queue", "sid")

    def __init__(self, peer: Peer, subscribe: Subscribe) -> None:
        self.peer = peer
        self.pattern = subscribe.pattern
        self.queue = subscribe.queue
        self.sid = subscribe.sid
        self.delivered = 0
        self.last = 0  # deliveries after which it ends by itself; 0 is never


class Peer(asyncio.BufferedProtocol):
    """One connection to the broker."""

    def __init__(self, broker: Broker, client_id: int, *, token: str = "") -> None:
        self.client_id = client_id
        self.options = Connect()
        self.outbox = Outbox(CHUNK, broker.allowance)
        self.dirty = False
        self.subscribed: dict[bytes, Subscribed] = {}
        self.access: Access | None = None
        self._broker = broker
        self._token = token
        self._parser = Parser(broker.lines)
        self._transport: asyncio.Transport | None = None
        self._greeted = False
        self._closing = False
        self._unanswered = 0
        self._told_dropped = 0
        self._held = 0
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._obey: dict[type[Any], Callable[[Any], None]] = {
            Connect: self._connect,
            Subscribe: self._subscribe,
            Unsubscribe: self._unsubscribe,
            Ping: self._ping,
            Pong: self._pong,
            Malformed: self._malformed,
        }

    @property
    def name(self) -> str:
        """The name the client gave, or its number."""
        return self.options.name or f"client-{self.client_id}"

    @property
    def needs_token(self) -> bool:
        """Whether this client must show a token."""
        return bool(self._token)

    # --- asyncio's calls --------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet, and give the client a while to answer."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=65_536, low=16_384)
        self.outbox.open(self._transport)
        self.access = self._broker.admit(self, self._transport)
        if self.access is None:
            return
        self.outbox.push_line(frames.info(self._broker.info(self)))
        self.outbox.flush()
        self._later("greeting", self._broker.settings.handshake_seconds, self._never_greeted)
        self._later("pulse", self._broker.settings.ping_seconds, self._check_pulse)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's interface
        """Forget everything about this client."""
        for timer in self._timers.values():
            timer.cancel()
        self.outbox.discard()
        self.outbox.close()
        self._closing = True
        self._broker.forget(self)
        self.subscribed.clear()

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - asyncio's interface
        """Return where to read to: one buffer serves all peers, for it is emptied before the next is read."""
        return self._broker.buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Obey what the client says, then hand on what that made ready."""
        broker = self._broker
        broker.in_bytes += nbytes
        self._unanswered = 0
        for operation, body in self._parser.feed(bytes(broker.buffer[:nbytes])):
            if type(operation) is Publish:
                self._publish(operation, body)
            else:
                self._do(operation)
            if self._closing:
                break
        self._account_held()
        broker.flush()
        if self.outbox.stuffed and not self._closing:
            self.refuse("Slow Consumer")

    def pause_writing(self) -> None:
        """Hold what comes for this client, and give it a while to read."""
        self.outbox.paused = True
        self._broker.congested.add(self)
        self._later("reading", self._broker.settings.slow_seconds, self._too_slow)

    def resume_writing(self) -> None:
        """Hand on what was held, and say what had to be dropped meanwhile."""
        self.outbox.paused = False
        self._broker.congested.discard(self)
        self._cancel("reading")
        if self.outbox.dropped != self._told_dropped and self.options.protocol >= 1:
            self._told_dropped = self.outbox.dropped
            self.outbox.push_line(frames.info(self._broker.info(self)))
        self.outbox.flush()

    # --- what clients say -------------------------------------------------------------------------

    def _publish(self, publish: Publish, body: bytes) -> None:
        broker = self._broker
        broker.in_messages += 1
        subject = publish.subject
        if not self._may_publish(publish):
            broker.refused += 1
            return
        route = broker.routes.match(subject)
        delivered = 0
        for subscribed in route.plain:
            if subscribed.peer is not self or self.options.echo:
                subscribed.peer.send(subscribed, publish, body)
                delivered += 1
        for group in route.groups:
            delivered += self._send_to_one(group, publish, body)
        if not delivered:
            broker.unrouted += 1
            if publish.reply and self.options.no_responders:
                self._say_no_responders(publish.reply)
        if self.options.verbose:
            self.outbox.push_line(frames.OK)
            broker.soil(self)

    def send(self, subscribed: Subscribed, publish: Publish, body: bytes) -> None:
        """Queue a message for this client."""
        if publish.header_size and not self.options.headers:
            frame = _without_headers(subscribed.sid, publish, body)
        else:
            frame = b"".join((publish.before, subscribed.sid, publish.after, body))
        self.outbox.push(frame)
        if not self.dirty:
            self._broker.soil(self)
        if subscribed.last:
            subscribed.delivered += 1
            if subscribed.delivered >= subscribed.last:
                self._end(subscribed)
        else:
            subscribed.delivered += 1

    def _may_publish(self, publish: Publish) -> bool:
        if self.access is None or not self.access.may_publish(publish.subject):
            self._complain(f'Permissions Violation for Publish to "{publish.subject}"')
            return False
        if publish.header_size and not self.options.headers:
            self.refuse("Message Headers Not Supported")
            return False
        if self.options.pedantic and not is_subject(publish.subject):
            self._complain("Invalid Publish Subject")
            return False
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

    def _say_no_responders(self, reply: bytes) -> None:
        for subscribed in self._broker.routes.match(text_of(reply)).plain:
            if subscribed.peer is self:
                self.outbox.push_line(frames.no_responders(reply, subscribed.sid))
                self._broker.soil(self)
                return

    def _do(self, operation: Operation) -> None:
        if not self._greeted and self._token and not isinstance(operation, (Connect, Malformed)):
            self.refuse("Authorization Violation")
            return
        self._obey.get(type(operation), self._malformed)(operation)

    def _connect(self, options: Connect) -> None:
        if self._token and not self._broker.token_is(self._token, options):
            self.refuse("Authorization Violation")
        elif options.no_responders and not options.headers:
            self.refuse("No Responders Requires Headers Support")
        else:
            self.options = options
            self._greeted = True
            self._cancel("greeting")
            self._ok()

    def _subscribe(self, subscribe: Subscribe) -> None:
        queue = subscribe.queue
        if not is_pattern(subscribe.pattern) or (queue is not None and not is_queue(queue)):
            self._complain("Invalid Subject")
        elif self.access is None or not self.access.may_subscribe(subscribe.pattern):
            self._broker.refused += 1
            self._complain(f'Permissions Violation for Subscription to "{subscribe.pattern}"')
        elif len(self.subscribed) >= self._broker.settings.max_subscriptions:
            self.refuse("Maximum Subscriptions Exceeded")
        else:
            if subscribe.sid not in self.subscribed:
                subscribed = self.subscribed[subscribe.sid] = Subscribed(self, subscribe)
                self._broker.routes.add(subscribe.pattern, subscribed, queue)
            self._ok()

    def _unsubscribe(self, unsubscribe: Unsubscribe) -> None:
        subscribed = self.subscribed.get(unsubscribe.sid)
        if subscribed is not None:
            subscribed.last = unsubscribe.after
            if subscribed.delivered >= unsubscribe.after:
                self._end(subscribed)
        self._ok()

    def _ping(self, _ping: Ping) -> None:
        self.outbox.push_line(frames.PONG)
        self._broker.soil(self)

    def _pong(self, _pong: Pong) -> None:
        self._unanswered = 0

    def _malformed(self, malformed: Malformed) -> None:
        self.refuse(malformed.reason)

    def _ok(self) -> None:
        if self.options.verbose and not self._closing:
            self.outbox.push_line(frames.OK)
            self._broker.soil(self)

    def _end(self, subscribed: Subscribed) -> None:
        if self.subscribed.pop(subscribed.sid, None) is not None:
            self._broker.routes.remove(subscribed.pattern, subscribed, subscribed.queue)

    # --- ends and deadlines -----------------------------------------------------------------------

    def refuse(self, text: str) -> None:
        """Say why, then close; cut it when the client does not read that."""
        if self._closing or self._transport is None:
            return
        self._closing = True
        self._broker.note_closed(self, text)
        self.outbox.push_line(frames.err(text))
        self.outbox.flush()
        self._transport.close()
        self._later("linger", LINGER_SECONDS, self._transport.abort)

    def abort(self) -> None:
        """Cut the connection."""
        if self._transport is not None:
            self._transport.abort()

    def _complain(self, text: str) -> None:
        self.outbox.push_line(frames.err(text))
        self._broker.soil(self)

    def _never_greeted(self) -> None:
        self.refuse("Authentication Timeout")

    def _too_slow(self) -> None:
        self._broker.slow_consumers += 1
        self.refuse("Slow Consumer")
        self.abort()

    def _check_pulse(self) -> None:
        if self._unanswered >= 2:
            self.refuse("Stale Connection")
            return
        self._unanswered += 1
        self.outbox.push_line(frames.PING)
        self.outbox.flush()
        self._later("pulse", self._broker.settings.ping_seconds, self._check_pulse)

    def _account_held(self) -> None:
        held = self._parser.held
        self._broker.held_bytes += held - self._held
        self._held = held
        if self._broker.held_bytes > self._broker.settings.max_held_bytes and held:
            self.refuse("Maximum Payload Violation")

    def _later(self, what: str, seconds: float, do: Callable[[], None]) -> None:
        self._cancel(what)
        self._timers[what] = asyncio.get_running_loop().call_later(seconds, do)

    def _cancel(self, what: str) -> None:
        timer = self._timers.pop(what, None)
        if timer is not None:
            timer.cancel()


def _without_headers(sid: bytes, publish: Publish, body: bytes) -> bytes:
    payload = body[publish.header_size :]
    reply = publish.reply + b" " if publish.reply else b""
    head = b"MSG %b %b %b%d\r\n" % (raw_of(publish.subject), sid, reply, len(payload) - 2)
    return head + payload
