# SPDX-License-Identifier: MIT
"""The requests of one client that await a reply: one wildcard subscription serves them all."""

import asyncio
import os

from decnet_core.bus.interface import BusError, Message
from decnet_core.bus.protocol import frames


class Replies:
    """Requests by the last token of their reply subject."""

    def __init__(self) -> None:
        self.prefix = f"_INBOX.{os.urandom(11).hex()}."
        self.waiting: dict[str, tuple[str, asyncio.Future[Message]]] = {}
        self._count = 0

    def line(self, sid: bytes) -> frames.Line:
        return frames.sub(self.prefix + "*", sid)

    def expect(self, subject: str) -> tuple[str, asyncio.Future[Message]]:
        """Return the reply subject of a new request to `subject`, and the future of its reply."""
        self._count += 1
        answer: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        key = str(self._count)
        self.waiting[key] = (subject, answer)
        answer.add_done_callback(lambda _: self.waiting.pop(key, None))
        return self.prefix + key, answer

    def deliver(self, message: Message) -> None:
        """Resolve the request that awaits `message`; later replies are ignored."""
        _, answer = self.waiting.get(message.subject.removeprefix(self.prefix), ("", None))
        if answer is not None and not answer.done():
            answer.set_result(message)

    def refuse(self, error: BusError, subject: str | None = None) -> None:
        """Fail the requests to `subject`, or all."""
        for requested, answer in list(self.waiting.values()):
            if not answer.done() and subject in (None, requested):
                answer.set_exception(error)
