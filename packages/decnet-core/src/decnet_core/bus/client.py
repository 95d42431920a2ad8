# SPDX-License-Identifier: MIT
"""The bus as a worker sees it: a client of the embedded broker or of a NATS cluster, that never gives up.

A worker starts before its bus, outlives its bus, and must not care. So `connect` returns at once, what is published
meanwhile waits in a bounded queue, and every subscription is made anew on each new connection.
"""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
from collections.abc import Mapping
from functools import partial
from typing import Protocol

from decnet_core.bus import frames
from decnet_core.bus import headers as header_block
from decnet_core.bus.address import Address, parse
from decnet_core.bus.inbox import Inbox
from decnet_core.bus.interface import BusError, Message
from decnet_core.bus.link import Link
from decnet_core.bus.nkey import signed
from decnet_core.bus.operations import SERVER_VERSION, Deliver, Info, raw_of
from decnet_core.bus.outbox import CHUNK, Outbox
from decnet_core.bus.settings import ClientOptions
from decnet_core.bus.usage import answer_of, check_publish, check_subscribe, encode_headers, finish_reading
from decnet_core.runtime.tasks import Tasks
from decnet_core.text import for_terminal

log = logging.getLogger(__name__)

_ANSWERS = b"0"  # the subscription id of all answers to requests
_MAX_REMEMBERED = 4096


class _Receiver(Protocol):
    def deliver(self, message: Message) -> None: ...


class _Answers:
    """The requests that wait, by the last token of their reply subject."""

    def __init__(self) -> None:
        self.prefix = f"_INBOX.{secrets.token_hex(11)}."
        self.waiting: dict[str, tuple[str, asyncio.Future[Message]]] = {}
        self._count = 0

    def expect(self, subject: str) -> tuple[str, asyncio.Future[Message]]:
        self._count += 1
        answer: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        key = str(self._count)
        self.waiting[key] = (subject, answer)
        answer.add_done_callback(lambda _: self.waiting.pop(key, None))
        return self.prefix + key, answer

    def deliver(self, message: Message) -> None:
        _, answer = self.waiting.get(message.subject.removeprefix(self.prefix), ("", None))
        if answer is not None and not answer.done():
            answer.set_result(message)

    def refuse(self, error: BusError, subject: str | None = None) -> None:
        for asked, answer in list(self.waiting.values()):
            if not answer.done() and subject in (None, asked):
                answer.set_exception(error)


class Client:
    """One client; made by `connect`, closed by `drain` or `close`."""

    def __init__(self, addresses: tuple[Address, ...], name: str, options: ClientOptions) -> None:
        self.last_error = ""
        self._addresses = addresses
        self._name = name
        self._options = options
        self._outbox = Outbox(CHUNK, lambda: options.max_waiting_bytes)
        self._link: Link | None = None
        self._up = asyncio.Event()
        self._tasks = Tasks(f"bus-client.{name}")
        self._loop = asyncio.get_running_loop()
        self._flush_due = False
        self._closed = False
        self._answers = _Answers()
        self._inboxes: dict[bytes, Inbox] = {}
        self._sids: dict[Inbox, bytes] = {}
        self._receivers: dict[bytes, _Receiver] = {}
        self._last_sid = 0
        self._refused_patterns: set[str] = set()
        self._known_subjects: dict[str, bytes] = {}
        self._max_payload = Info().max_payload
        self._received = 0
        self._connections = 0
        self._refused = 0
        self._dropped_before = 0

    @property
    def connected(self) -> bool:
        """Whether messages are flowing now."""
        return self._link is not None

    def counters(self) -> dict[str, float]:
        """Return what has happened so far; `dropped_by_broker` are messages for us that the broker gave up."""
        here = self._link.info.dropped if self._link else 0
        return {
            "published": self._outbox.pushed,
            "sent": self._outbox.sent,
            "dropped_waiting": self._outbox.dropped,
            "waiting": self._outbox.waiting,
            "received": self._received,
            "dropped_unread": sum(inbox.dropped for inbox in self._inboxes.values()),
            "dropped_by_broker": self._dropped_before + here,
            "refused": self._refused,
            "connections": self._connections,
        }

    def publish(
        self,
        subject: str,
        payload: bytes = b"",
        *,
        reply: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Queue a message and return at once; while disconnected the oldest queued are dropped and counted."""
        raw = self._known_subjects.get(subject) or self._known(subject, reply)
        if self._closed:
            raise BusError("the bus is closed")
        if headers or reply or len(payload) > self._max_payload:
            frame = self._special(raw, payload, reply, headers)
        else:
            frame = b"PUB %b %d\r\n%b\r\n" % (raw, len(payload), payload)
        self._outbox.push(frame)
        if not self._flush_due:
            self._flush_due = True
            self._loop.call_soon(self._flush_now)

    async def flush(self, timeout: float = 5.0) -> None:
        """Wait until the server has taken everything published before; TimeoutError when it has not."""
        self._require_open()
        try:
            async with asyncio.timeout(timeout):
                await self._up.wait()
                if self._link is not None:
                    await self._link.ping()
        except ConnectionError as error:
            raise TimeoutError(f"the bus was lost before it confirmed: {error}") from error

    async def subscribe(
        self, pattern: str, *, queue: str | None = None, limit: int = 1024, max_messages: int | None = None
    ) -> Inbox:
        """Receive what matches `pattern`; when connected, the server has confirmed it before this returns.

        BusError when the server refuses. While disconnected it is asked for on the next connection.
        """
        self._require_open()
        check_subscribe(pattern, queue)
        inbox = Inbox(pattern, queue, limit=limit, max_messages=max_messages, on_end=self._forget)
        self._last_sid += 1
        sid = b"%d" % self._last_sid
        self._inboxes[sid] = self._receivers[sid] = inbox
        self._sids[inbox] = sid
        if self._link is not None:
            for line in _subscription_lines(sid, inbox):
                self._outbox.push_line(line)
            await self._confirmed(inbox)
        return inbox

    async def request(
        self,
        subject: str,
        payload: bytes = b"",
        *,
        timeout: float = 2.0,
        headers: Mapping[str, str] | None = None,
    ) -> Message:
        """Publish and return the first answer; NoResponders at once when nobody listens, TimeoutError when late."""
        self._require_open()
        if _ANSWERS not in self._receivers:
            self._receivers[_ANSWERS] = self._answers
            if self._link is not None:
                self._outbox.push_line(frames.sub(self._answers.prefix + "*", _ANSWERS))
        reply, answer = self._answers.expect(subject)
        try:
            self.publish(subject, payload, reply=reply, headers=headers)
            async with asyncio.timeout(timeout):
                return answer_of(subject, await answer)
        except TimeoutError as error:
            raise TimeoutError(f"no answer to a request on {subject} within {timeout} s") from error
        finally:
            answer.cancel()

    async def drain(self, timeout: float = 5.0) -> None:
        """Unsubscribe, deliver what is queued, flush what was published, then close."""
        if self._closed:
            return
        deadline = self._loop.time() + timeout
        inboxes = list(self._inboxes.values())
        for sid in self._inboxes:
            self._order(frames.unsub(sid))
        await self._flush_quietly(deadline)
        for inbox in inboxes:
            inbox.end()
        await finish_reading(inboxes, deadline - self._loop.time())
        await self._flush_quietly(deadline)
        await self.close()

    async def close(self) -> None:
        """Close at once; safe to call twice."""
        if self._closed:
            return
        self._outbox.flush()
        self._closed = True
        self._answers.refuse(BusError("the bus is closed"))
        for inbox in list(self._inboxes.values()):
            inbox.discard()
        link, self._link = self._link, None
        await self._tasks.close()
        if link is not None:
            link.close()

    def start(self) -> None:
        """Begin to connect; `connect` does this."""
        self._tasks.spawn(self._stay_connected(), name="link")

    async def wait_connected(self, timeout: float) -> bool:
        """Wait until messages flow, at most `timeout` seconds; return whether they do."""
        try:
            async with asyncio.timeout(timeout):
                await self._up.wait()
        except TimeoutError:
            return False
        return True

    # --- connection -------------------------------------------------------------------------------

    async def _stay_connected(self) -> None:
        failures = 0
        while True:
            address = self._addresses[(self._connections + failures) % len(self._addresses)]
            link = Link(self._outbox, self._deliver, self._heard_error)
            try:
                async with asyncio.timeout(self._options.dial_seconds):
                    await link.dial(address, partial(self._greeting, address), self._options)
            except (OSError, BusError) as error:  # TimeoutError and ssl.SSLError are OSErrors
                link.abort("")
                failures += 1
                self._note_failure(address, str(error) or type(error).__name__)
                await asyncio.sleep(self._pause(failures))
                continue
            failures = 0
            self._connected(address, link)
            await self._watch(link)
            self._disconnected(address, link)

    def _connected(self, address: Address, link: Link) -> None:
        self._link = link
        self._connections += 1
        self._max_payload = link.info.max_payload
        self.last_error = ""
        if _ANSWERS in self._receivers:
            link.write(frames.sub(self._answers.prefix + "*", _ANSWERS))
        for sid, inbox in self._inboxes.items():
            link.write(b"".join(_subscription_lines(sid, inbox)))
        link.open()
        self._up.set()
        log.info("bus connected url=%s client=%s", address, self._name)

    async def _watch(self, link: Link) -> None:
        """Return when `link` has ended; a silent one is asked, and ended when it does not answer."""
        while not link.lost.done():
            link.heard = False
            await asyncio.wait({link.lost}, timeout=self._options.ping_seconds)
            if link.heard or link.lost.done():
                continue
            try:
                async with asyncio.timeout(self._options.dial_seconds):
                    await link.ping()
            except TimeoutError:
                link.abort("the bus does not answer PING")
                await link.lost
            except ConnectionError:
                return

    def _disconnected(self, address: Address, link: Link) -> None:
        self._link = None
        self._up.clear()
        self._dropped_before += link.info.dropped
        self._note_failure(address, link.lost.result() if link.lost.done() else "connection lost")

    def _note_failure(self, address: Address, reason: str) -> None:
        if reason != self.last_error:
            log.warning("bus away url=%s client=%s reason=%s", address, self._name, for_terminal(reason))
        self.last_error = reason

    def _pause(self, failures: int) -> float:
        longest = self._options.first_retry_seconds * 2.0 ** min(failures - 1, 16)
        return min(longest, self._options.max_retry_seconds) * random.uniform(0.5, 1.0)  # noqa: S311 - jitter

    def _greeting(self, address: Address, info: Info) -> frames.Line:
        options: dict[str, object] = {
            "verbose": False,
            "pedantic": False,
            "echo": True,
            "headers": True,
            "no_responders": info.headers,
            "protocol": 1,
            "name": self._name,
            "lang": "python-decnet",
            "version": SERVER_VERSION,
            "tls_required": address.scheme == "tls",
        }
        if address.user:
            options |= {"user": address.user, "pass": address.password}
        if address.token:
            options["auth_token"] = address.token
        if self._options.nkey_seed_file and info.nonce:
            options |= signed(self._options.nkey_seed_file, info.nonce)
        return frames.connect(options)

    # --- messages ---------------------------------------------------------------------------------

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

    def _heard_error(self, text: str) -> None:
        self._refused += 1
        log.warning("bus refused client=%s reason=%s", self._name, for_terminal(text))
        kind, quote, rest = text.partition('"')
        subject = rest.partition('"')[0]
        if quote and kind.startswith("Permissions Violation for Subscription"):
            self._refused_patterns.add(subject)
        elif quote and kind.startswith("Permissions Violation for Publish"):
            self._answers.refuse(BusError(f"this user may not publish to {subject}"), subject)

    async def _confirmed(self, inbox: Inbox) -> None:
        self._refused_patterns.discard(inbox.pattern)
        await self._flush_quietly(self._loop.time() + self._options.dial_seconds)
        if inbox.pattern in self._refused_patterns:
            await inbox.close()
            raise BusError(f"this user may not subscribe to {inbox.pattern}; see the roles in [bus]")

    async def _flush_quietly(self, deadline: float) -> None:
        """Flush if there is a connection; what cannot be confirmed is left to the next one."""
        if self._link is None:
            return
        try:
            await self.flush(max(0.0, deadline - self._loop.time()))
        except TimeoutError as error:
            log.debug("bus did not confirm client=%s reason=%s", self._name, error)

    def _forget(self, inbox: Inbox) -> None:
        sid = self._sids.pop(inbox)
        self._inboxes.pop(sid, None)
        self._receivers.pop(sid, None)
        self._order(frames.unsub(sid))

    def _order(self, line: frames.Line) -> None:
        if self._link is not None:
            self._outbox.push_line(line)
            self._outbox.flush()

    def _flush_now(self) -> None:
        self._flush_due = False
        self._outbox.flush()

    def _known(self, subject: str, reply: str | None) -> bytes:
        check_publish(subject, reply)
        if len(self._known_subjects) >= _MAX_REMEMBERED:
            self._known_subjects.clear()
        raw = self._known_subjects[subject] = raw_of(subject)
        return raw

    def _special(self, raw: bytes, payload: bytes, reply: str | None, headers: Mapping[str, str] | None) -> bytes:
        """Return the frame of a message with a reply or headers; BusError when it is too large."""
        if reply is not None:
            check_publish(reply, None)
        block = encode_headers(headers)
        if len(block) + len(payload) > self._max_payload:
            raise BusError(f"{len(payload)} bytes are too many for one message; the limit is {self._max_payload}")
        to = raw_of(reply) if reply else b""
        return frames.hpub(raw, block, payload, to) if block else frames.pub(raw, payload, to)

    def _require_open(self) -> None:
        if self._closed:
            raise BusError("the bus is closed")


def _subscription_lines(sid: bytes, inbox: Inbox) -> list[frames.Line]:
    lines = [frames.sub(inbox.pattern, sid, inbox.queue)]
    if inbox.remaining is not None:
        lines.append(frames.unsub(sid, inbox.remaining))
    return lines


async def connect(url: str, *, name: str, wait: float = 0.0, options: ClientOptions | None = None) -> Client:
    """Return a client of the bus at `url`, which keeps trying; wait at most `wait` seconds for the first connection.

    `url`: `unix:///path`, `nats://[user:password@|token@]host[:port]` or `tls://...`; commas join several.
    Raises BusError for a URL that is none, never because the bus is not there.
    """
    client = Client(parse(url), name, options or ClientOptions())
    client.start()
    if wait > 0:
        await client.wait_connected(wait)
    return client
