# SPDX-License-Identifier: MIT
"""Handles what a client sends to the broker: connect, publish, subscribe, ping.

No task, future or queue per message: what was read is routed and queued before the event loop turns again.
"""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import Callable
from typing import Any, Protocol

from decnet_core.bus.broker.connection import Connection
from decnet_core.bus.broker.logins import Logins
from decnet_core.bus.broker.permissions import Access
from decnet_core.bus.broker.state import BrokerState
from decnet_core.bus.broker.subscription import Subscription
from decnet_core.bus.protocol import frames
from decnet_core.bus.protocol.match import is_pattern, is_queue, is_subject
from decnet_core.bus.protocol.operations import (
    PROTOCOLS,
    SERVER_VERSION,
    Connect,
    Info,
    Malformed,
    Ping,
    Pong,
    Publish,
    Subscribe,
    Unsubscribe,
    raw_of,
    text_of,
)
from decnet_core.bus.protocol.parser import Run

_UNIX_SOCKET = "localhost", 0, ""
_BUILT_WITH = f"python{sys.version_info.major}.{sys.version_info.minor}"


class Admission(Protocol):
    """The broker's registry of connections and their permissions, as used by the connections."""

    def admit(self, peer: Peer, transport: asyncio.Transport) -> Access | None:
        """Return the permissions of the client behind `transport`, or refuse it and return None."""
        ...

    def forget(self, peer: Peer) -> None:
        """Forget `peer`, except for its counts."""
        ...


class Peer(Connection):
    """One client of the broker; with `logins`, one whose credentials say what it may do."""

    def __init__(
        self, state: BrokerState, admission: Admission, client_id: int, *, logins: Logins | None = None
    ) -> None:
        super().__init__(state, client_id)
        self._admission = admission
        self.options = Connect()
        self.subscribed: dict[bytes, Subscription] = {}
        self._access: Access | None = None
        self._logins = logins
        self._greeted = logins is None or logins.anonymous is not None
        self._do: dict[type[Any], Callable[[Any], None]] = {
            Connect: self._connect,
            Subscribe: self._subscribe,
            Unsubscribe: self._unsubscribe,
            Ping: lambda _: self.send_line(frames.PONG),
            Pong: lambda _: None,
            Malformed: lambda malformed: self.refuse(malformed.reason),
        }

    def admitted(self, transport: asyncio.Transport) -> bool:
        self._access = self._admission.admit(self, transport)
        return self._access is not None

    def greeting(self) -> frames.Line:
        host, port, client_ip = self._ends()
        return frames.info(
            Info(
                server_id=self._state.server_id,
                server_name="decnet-bus",
                version=SERVER_VERSION,
                go=_BUILT_WITH,
                proto=1,
                host=host,
                port=port,
                headers=True,
                max_payload=self._state.settings.max_payload_bytes,
                client_id=self.client_id,
                client_ip=client_ip,
                auth_required=self._logins is not None and self._logins.anonymous is None,
                ldm=self._state.lame,
                dropped=self.send_queue.dropped,
            )
        )

    def handle(self, runs: list[Run]) -> None:
        for operation, bodies in runs:
            if type(operation) is Publish and self._greeted:
                self._publish(operation, bodies)
            elif self._greeted or type(operation) is Connect:
                self._do[type(operation)](operation)
            else:
                self.refuse("Authorization Violation")
            if self.closing:
                return

    def disconnected(self) -> None:
        for subscription in list(self.subscribed.values()):
            self._end(subscription)
        self._admission.forget(self)

    def send(self, subscription: Subscription, publish: Publish, bodies: list[bytes]) -> None:
        if publish.header_size and not self.options.headers:
            self.send_queue.push_run(*_without_headers(subscription.sid, publish, bodies))
        elif len(bodies) == 1:
            self.send_queue.push(b"".join((publish.before, subscription.sid, publish.after, bodies[0])))
        else:
            self.send_queue.push_run(b"".join((publish.before, subscription.sid, publish.after)), bodies)
        if not self.dirty:
            self._state.mark_dirty(self)
        subscription.delivered += len(bodies)
        if subscription.last and subscription.delivered >= subscription.last:
            self._end(subscription)

    def _ends(self) -> tuple[str, int, str]:
        """Return the server's address and port, and the client's address; a UNIX socket has none of them."""
        if self._transport is None:
            return _UNIX_SOCKET
        here, there = self._transport.get_extra_info("sockname"), self._transport.get_extra_info("peername")
        return (here[0], here[1], there[0]) if isinstance(here, tuple) else _UNIX_SOCKET

    def _publish(self, publish: Publish, bodies: list[bytes]) -> None:
        """Route messages that came under one control line: at once if each goes the same way, else one by one."""
        if len(bodies) > 1 and not self._uniform(publish):
            for body in bodies:
                self._publish(publish, [body])
                if self.closing:
                    return
            return
        state = self._state
        state.in_messages += len(bodies)
        if not self._may_publish(publish):
            state.refused += len(bodies)
            return
        self._ok()
        route = state.routes.match(publish.subject)
        sent = 0
        for subscription in route.plain:
            if subscription.subscriber is not self or self.options.echo:
                subscription.subscriber.send(subscription, publish, bodies)
                sent += 1
        for group in route.groups:
            sent += self._send_to_one(group, publish, bodies)
        if not sent:
            state.unrouted += len(bodies)
            if publish.reply and self.options.no_responders:
                self._send_no_responders(publish)

    def _uniform(self, publish: Publish) -> bool:
        """Return whether a message is answered by nothing, and none changes where the next one goes."""
        if self.options.verbose or self.options.pedantic or publish.reply:
            return False
        if self._access is None or not self._access.may_publish(publish.subject):
            return False
        route = self._state.routes.match(publish.subject)
        return not route.groups and not any(subscription.last for subscription in route.plain)

    def _may_publish(self, publish: Publish) -> bool:
        if self._access is None or not self._access.may_publish(publish.subject):
            self.send_line(frames.err(f'Permissions Violation for Publish to "{publish.subject}"'))
            return False
        if publish.header_size and not self.options.headers:
            self.refuse("Message Headers Not Supported")
            return False
        if self.options.pedantic and not is_subject(publish.subject):
            self.send_line(frames.err("Invalid Publish Subject"))  # and no more than that, as in nats-server
        return True

    def _send_to_one(self, group: tuple[Subscription, ...], publish: Publish, bodies: list[bytes]) -> bool:
        """Queue messages for one member, preferring one that keeps up; not the publisher's own without echo."""
        if not self.options.echo:
            group = tuple(member for member in group if member.subscriber is not self)
            if not group:
                return False
        start = int(random.random() * len(group))  # noqa: S311 - spreads load, hides nothing
        chosen = group[start]
        if chosen.subscriber.send_queue.paused:
            rotated = group[start:] + group[:start]
            chosen = next((member for member in rotated if not member.subscriber.send_queue.paused), chosen)
        chosen.subscriber.send(chosen, publish, bodies)
        return True

    def _send_no_responders(self, publish: Publish) -> None:
        for subscription in self._state.routes.match(text_of(publish.reply)).plain:
            if subscription.subscriber is self:
                self.send_line(frames.no_responders(publish.reply, subscription.sid, raw_of(publish.subject)))
                return

    def _connect(self, options: Connect) -> None:
        access = self._access if self._logins is None else self._logins.access(options)
        if access is None:
            self.refuse("Authorization Violation")
        elif options.protocol not in PROTOCOLS:
            self.refuse("Invalid Client Protocol")
        elif options.no_responders and not options.headers:
            self.refuse("No Responders Requires Headers Support")
        else:
            self.options, self._access = options, access
            self.name = options.name or self.name
            self.wants_info = options.protocol >= 1
            self._greeted = True
            self.cancel_deadline("greeting")
            self._ok()

    def _subscribe(self, subscribe: Subscribe) -> None:
        if not is_pattern(subscribe.pattern) or (subscribe.queue is not None and not is_queue(subscribe.queue)):
            self.send_line(frames.err("Invalid Subject"))
        elif self._access is None or not self._access.may_subscribe(subscribe.pattern):
            self._state.refused += 1
            self.send_line(frames.err(f'Permissions Violation for Subscription to "{subscribe.pattern}"'))
        elif len(self.subscribed) >= self._state.settings.max_subscriptions or self._state.subscriptions_full:
            self.refuse("Maximum Subscriptions Exceeded")
        else:
            self._ok()
            if subscribe.sid not in self.subscribed:
                self._begin(Subscription(self, subscribe))

    def _unsubscribe(self, unsubscribe: Unsubscribe) -> None:
        subscription = self.subscribed.get(unsubscribe.sid)
        if subscription is not None:
            subscription.last = unsubscribe.after
            if subscription.delivered >= unsubscribe.after:
                self._end(subscription)
        self._ok()

    def _ok(self) -> None:
        if self.options.verbose:
            self.send_line(frames.OK)

    def _begin(self, subscription: Subscription) -> None:
        self.subscribed[subscription.sid] = subscription
        self._state.routes.add(subscription.pattern, subscription, subscription.queue)
        self._state.subscribed_bytes += subscription.cost

    def _end(self, subscription: Subscription) -> None:
        if self.subscribed.pop(subscription.sid, None) is not None:
            self._state.subscribed_bytes -= subscription.cost
            self._state.routes.remove(subscription.pattern, subscription, subscription.queue)


def _without_headers(sid: bytes, publish: Publish, bodies: list[bytes]) -> tuple[bytes, list[bytes]]:
    payloads = [body[publish.header_size :] for body in bodies]
    reply = publish.reply + b" " if publish.reply else b""
    head = b"MSG %b %b %b%d\r\n" % (raw_of(publish.subject), sid, reply, len(payloads[0]) - 2)
    return head, payloads
