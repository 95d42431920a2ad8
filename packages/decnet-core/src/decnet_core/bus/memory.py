# SPDX-License-Identifier: MIT
"""The bus inside one process: same interface, same rules, no socket; for tests and for workers hosted as tasks."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Mapping

from decnet_core.bus.inbox import Inbox
from decnet_core.bus.interface import BusError, Message
from decnet_core.bus.protocol import headers as header_block
from decnet_core.bus.protocol.match import Routes
from decnet_core.bus.protocol.operations import raw_of
from decnet_core.bus.protocol.parser import MAX_PAYLOAD
from decnet_core.bus.validation import check_publish, check_subscribe, checked_reply, encode_headers, finish_reading


class MemoryBus:
    """One end of a bus in memory; `share()` gives further ends, each closed on its own."""

    def __init__(self, routes: Routes[Inbox] | None = None) -> None:
        self._routes: Routes[Inbox] = Routes() if routes is None else routes
        self._inboxes: dict[Inbox, None] = {}
        self._closed = False

    def share(self) -> MemoryBus:
        """Return another end of this bus."""
        return MemoryBus(self._routes)

    @property
    def connected(self) -> bool:
        return not self._closed

    def on_change(self, listener: Callable[[], None]) -> None:
        """Do nothing: a bus in memory is never disconnected."""

    def publish(
        self, subject: str, payload: bytes = b"", *, reply: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        self._require_open()
        check_publish(subject, reply)
        block = encode_headers(headers)
        if len(block) + len(payload) > MAX_PAYLOAD:
            raise BusError(f"{len(payload)} bytes are too many for one message; the limit is {MAX_PAYLOAD}")
        given = header_block.decode(block) if block else ()
        message = Message(subject, bytes(payload), reply, given)
        route = self._routes.match(subject)
        for inbox in route.plain:
            inbox.deliver(message)
        for group in route.groups:
            group[int(random.random() * len(group))].deliver(message)  # noqa: S311 - spreads load, hides nothing
        if reply and not route:
            self._send_no_responders(reply, subject)

    async def flush(self, timeout: float = 5.0) -> None:  # noqa: ARG002 - the interface of every bus
        """Return at once: what was published is already delivered."""
        self._require_open()

    async def subscribe(
        self, pattern: str, *, queue: str | None = None, limit: int = 1024, max_messages: int | None = None
    ) -> Inbox:
        self._require_open()
        check_subscribe(pattern, queue)
        inbox = Inbox(pattern, queue, limit=limit, max_messages=max_messages, on_end=self._forget)
        self._inboxes[inbox] = None
        self._routes.add(pattern, inbox, queue)
        return inbox

    async def request(
        self, subject: str, payload: bytes = b"", *, timeout: float = 2.0, headers: Mapping[str, str] | None = None
    ) -> Message:
        inbox = await self.subscribe(f"_INBOX.{os.urandom(11).hex()}", max_messages=1)
        try:
            self.publish(subject, payload, reply=inbox.pattern, headers=headers)
            return checked_reply(subject, await inbox.next(timeout))
        except TimeoutError as error:
            raise TimeoutError(f"no answer to a request on {subject} within {timeout} s") from error
        finally:
            await inbox.close()

    async def drain(self, timeout: float = 5.0) -> None:
        if not self._closed:
            await finish_reading(self._unsubscribed(), timeout)
        await self.close()

    async def close(self) -> None:
        self._closed = True
        for inbox in list(self._inboxes):
            await inbox.close()

    def _unsubscribed(self) -> list[Inbox]:
        inboxes = list(self._inboxes)
        for inbox in inboxes:
            self._routes.remove(inbox.pattern, inbox, inbox.queue)
            inbox.end()
        return inboxes

    def _forget(self, inbox: Inbox) -> None:
        self._routes.remove(inbox.pattern, inbox, inbox.queue)
        self._inboxes.pop(inbox, None)

    def _send_no_responders(self, reply: str, subject: str) -> None:
        status = header_block.decode(header_block.NO_RESPONDERS % raw_of(subject))
        for inbox in self._routes.match(reply).plain:
            if inbox in self._inboxes:
                inbox.deliver(Message(reply, headers=status))

    def _require_open(self) -> None:
        if self._closed:
            raise BusError("the bus is closed")
