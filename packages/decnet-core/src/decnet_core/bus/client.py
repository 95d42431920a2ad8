# SPDX-License-Identifier: MIT
"""A worker's client of the bus (the embedded broker or a NATS cluster); reconnects for ever.

A worker may start before its bus and outlive it. So `connect` returns at once, messages published meanwhile wait in a
bounded queue, and every subscription is repeated on each new connection.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

from decnet_core.bus.address import Address, parse
from decnet_core.bus.inbox import Inbox
from decnet_core.bus.interface import BusError, Message
from decnet_core.bus.protocol import frames
from decnet_core.bus.protocol import headers as header_block
from decnet_core.bus.protocol.operations import Deliver, raw_of
from decnet_core.bus.replies import Replies
from decnet_core.bus.settings import ClientOptions
from decnet_core.bus.uplink import Uplink
from decnet_core.bus.validation import check_publish, check_subscribe, checked_reply, encode_headers, finish_reading
from decnet_core.tasks import Tasks
from decnet_core.text import for_terminal

log = logging.getLogger(__name__)

_REPLIES = b"0"  # the subscription id of all replies to requests
_MAX_REMEMBERED = 4096


class _Receiver(Protocol):
    def deliver(self, message: Message) -> None: ...


class Client:
    """One client; made by `connect`, closed by `drain` or `close`."""

    def __init__(self, addresses: tuple[Address, ...], name: str, options: ClientOptions) -> None:
        """Begin to connect; call it inside a running event loop."""
        self._name = name
        self._options = options
        self._loop = asyncio.get_running_loop()
        self._uplink = Uplink(
            addresses, name, options, standing=self._standing, on_message=self._deliver, on_error=self._on_error
        )
        self._send_queue = self._uplink.send_queue
        self._flush_due = False
        self._closed = False
        self._replies = Replies()
        self._inboxes: dict[bytes, Inbox] = {}
        self._sids: dict[Inbox, bytes] = {}
        self._receivers: dict[bytes, _Receiver] = {}
        self._last_sid = 0
        self._refused_patterns: set[str] = set()
        self._known_subjects: dict[str, bytes] = {}
        self._received = self._refused = self._dropped_unread = 0
        self.last_refusal = ""
        """The text of the last -ERR; the connection continues."""
        self._tasks = Tasks(f"bus-client.{name}")
        self._tasks.spawn(self._uplink.stay_connected(), name="uplink")

    @property
    def connected(self) -> bool:
        return self._uplink.link is not None

    def on_change(self, listener: Callable[[], None]) -> None:
        self._uplink.changed.append(listener)

    @property
    def last_error(self) -> str:
        """Why there is no connection; empty while there is one."""
        return self._uplink.last_error

    def counters(self) -> dict[str, float]:
        """Return what has happened so far; `dropped_by_broker` are messages for us that the broker dropped."""
        return {
            "published": self._send_queue.pushed,
            "sent": self._send_queue.sent,
            "waiting": self._send_queue.waiting,
            "dropped_waiting": self._send_queue.dropped,
            "received": self._received,
            "dropped_unread": self._dropped_unread + sum(inbox.dropped for inbox in self._inboxes.values()),
            "dropped_by_broker": self._uplink.dropped_by_broker,
            "refused": self._refused,
            "connections": self._uplink.connections,
        }

    def publish(
        self, subject: str, payload: bytes = b"", *, reply: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        raw = self._known_subjects.get(subject) or self._known(subject)
        if self._closed:
            raise BusError("the bus is closed")
        if headers or reply is not None or len(payload) > self._uplink.info.max_payload:
            frame = self._special(raw, payload, reply, headers)
        else:
            frame = b"PUB %b %d\r\n%b\r\n" % (raw, len(payload), payload)
        self._send_queue.push(frame)
        if not self._flush_due:
            self._flush_due = True
            self._loop.call_soon(self._flush_now)

    async def flush(self, timeout: float = 5.0) -> None:
        self._require_open()
        try:
            async with asyncio.timeout(timeout):
                await self._uplink.confirmed()
        except ConnectionError as error:
            raise TimeoutError(f"the bus was lost before it confirmed: {error}") from error

    async def subscribe(
        self, pattern: str, *, queue: str | None = None, limit: int = 1024, max_messages: int | None = None
    ) -> Inbox:
        """Receive what matches `pattern`; when connected, the server has confirmed it before this returns.

        BusError when the server refuses. While disconnected, the subscription is made on the next connection.
        """
        self._require_open()
        check_subscribe(pattern, queue)
        inbox = Inbox(pattern, queue, limit=limit, max_messages=max_messages, on_end=self._forget)
        self._last_sid += 1
        sid = b"%d" % self._last_sid
        self._inboxes[sid] = self._receivers[sid] = inbox
        self._sids[inbox] = sid
        if self.connected:
            self._uplink.send_lines(*_lines(sid, inbox))
            await self._confirmed(inbox)
        return inbox

    async def request(
        self, subject: str, payload: bytes = b"", *, timeout: float = 2.0, headers: Mapping[str, str] | None = None
    ) -> Message:
        self._require_open()
        if _REPLIES not in self._receivers:
            self._receivers[_REPLIES] = self._replies
            self._uplink.send_lines(self._replies.line(_REPLIES))
        reply, answer = self._replies.expect(subject)
        try:
            self.publish(subject, payload, reply=reply, headers=headers)
            async with asyncio.timeout(timeout):
                return checked_reply(subject, await answer)
        except TimeoutError as error:
            raise TimeoutError(f"no answer to a request on {subject} within {timeout} s") from error
        finally:
            answer.cancel()

    async def drain(self, timeout: float = 5.0) -> None:
        if self._closed:
            return
        deadline = self._loop.time() + timeout
        inboxes = list(self._inboxes.values())
        self._uplink.send_lines(*(frames.unsub(sid) for sid in self._inboxes))
        await self._flush_quietly(deadline)
        for inbox in inboxes:
            inbox.end()
        await finish_reading(inboxes, deadline - self._loop.time())
        await self._flush_quietly(deadline)
        await self.close()

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._uplink.changed.clear()  # a close that was asked for is no news
        self._replies.refuse(BusError("the bus is closed"))
        for inbox in list(self._inboxes.values()):
            inbox.discard()
        self._uplink.close()
        await self._tasks.close()

    async def wait_connected(self, timeout: float) -> bool:
        """Wait until messages flow, at most `timeout` seconds; return whether they do."""
        try:
            async with asyncio.timeout(timeout):
                await self._uplink.up.wait()
        except TimeoutError:
            return False
        return True

    def _deliver(self, head: Deliver, body: bytes) -> None:
        receiver = self._receivers.get(head.sid)
        if receiver is None:
            return
        self._received += 1
        if head.header_size:
            headers = header_block.decode(body[: head.header_size])
            message = Message(head.subject, body[head.header_size : -2], head.reply, headers)
        else:
            message = Message(head.subject, body[:-2], head.reply)
        receiver.deliver(message)

    def _on_error(self, text: str) -> None:
        self._refused += 1
        self.last_refusal = for_terminal(text)
        log.warning("bus refused client=%s reason=%s", self._name, self.last_refusal)
        kind, quote, rest = text.partition('"')
        subject = rest.partition('"')[0]
        if quote and kind.startswith("Permissions Violation for Subscription"):
            self._refused_patterns.add(subject)
        elif quote and kind.startswith("Permissions Violation for Publish"):
            self._replies.refuse(BusError(f"this user may not publish to {subject}"), subject)

    async def _confirmed(self, inbox: Inbox) -> None:
        self._refused_patterns.discard(inbox.pattern)
        await self._flush_quietly(self._loop.time() + self._options.dial_seconds)
        if inbox.pattern in self._refused_patterns:
            await inbox.close()
            raise BusError(f"this user may not subscribe to {inbox.pattern}; see the roles in [bus]")

    async def _flush_quietly(self, deadline: float) -> None:
        """Flush if there is a connection; what cannot be confirmed is sent on the next one."""
        if not self.connected:
            return
        try:
            await self.flush(max(0.0, deadline - self._loop.time()))
        except TimeoutError as error:
            log.debug("bus did not confirm client=%s reason=%s", self._name, error)

    def _forget(self, inbox: Inbox) -> None:
        sid = self._sids.pop(inbox)
        self._inboxes.pop(sid, None)
        self._receivers.pop(sid, None)
        self._dropped_unread += inbox.dropped
        self._uplink.send_lines(frames.unsub(sid))

    def _standing(self) -> Iterator[frames.Line]:
        if _REPLIES in self._receivers:
            yield self._replies.line(_REPLIES)
        for sid, inbox in self._inboxes.items():
            yield from _lines(sid, inbox)

    def _flush_now(self) -> None:
        self._flush_due = False
        self._send_queue.flush()

    def _known(self, subject: str) -> bytes:
        check_publish(subject, None)
        if len(self._known_subjects) >= _MAX_REMEMBERED:
            self._known_subjects.clear()
        raw = self._known_subjects[subject] = raw_of(subject)
        return raw

    def _special(self, raw: bytes, payload: bytes, reply: str | None, headers: Mapping[str, str] | None) -> bytes:
        """Return the frame of a message with a reply or headers; BusError when it is too large."""
        if reply is not None:
            check_publish(reply, None)
        block = encode_headers(headers)
        limit = self._uplink.info.max_payload
        if len(block) + len(payload) > limit:
            raise BusError(f"{len(payload)} bytes are too many for one message; the limit is {limit}")
        to = raw_of(reply) if reply else b""
        return frames.hpub(raw, block, payload, to) if block else frames.pub(raw, payload, to)

    def _require_open(self) -> None:
        if self._closed:
            raise BusError("the bus is closed")


def _lines(sid: bytes, inbox: Inbox) -> Iterator[frames.Line]:
    yield frames.sub(inbox.pattern, sid, inbox.queue)
    if inbox.remaining is not None:
        yield frames.unsub(sid, inbox.remaining)


async def connect(url: str, *, name: str, wait: float = 0.0, options: ClientOptions | None = None) -> Client:
    """Return a client of the bus at `url`, which keeps trying; wait at most `wait` seconds for the first connection.

    `url`: `unix:///path`, `nats://[user:password@|token@]host[:port]` or `tls://...`; commas join several.
    Raises BusError for a URL that is none, never because the bus is not there.
    """
    client = Client(parse(url), name, options or ClientOptions())
    if wait > 0:
        await client.wait_connected(wait)
    return client
