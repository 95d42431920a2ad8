# SPDX-License-Identifier: MIT
"""The receiving end of a subscription: a bounded queue that one or more tasks read."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from decnet_core.bus.interface import BusError, Message


class Inbox:
    """Messages of one pattern, oldest first; when `limit` wait the oldest is dropped and counted."""

    def __init__(
        self,
        pattern: str,
        queue: str | None = None,
        *,
        limit: int = 1024,
        max_messages: int | None = None,
        on_end: Callable[[Inbox], None],
    ) -> None:
        if limit < 1 or (max_messages is not None and max_messages < 1):
            raise BusError("limit and max_messages of a subscription must be at least 1")
        self.pattern = pattern
        self.queue = queue
        self.max_messages = max_messages
        self.received = 0
        self.dropped = 0
        self._waiting: deque[Message] = deque()
        self._limit = limit
        self._on_end = on_end
        self._readers: deque[asyncio.Future[None]] = deque()
        self._emptied: asyncio.Future[None] | None = None
        self._ended = False

    @property
    def remaining(self) -> int | None:
        """Messages still to come before `max_messages`; None without such a limit."""
        return None if self.max_messages is None else self.max_messages - self.received

    def deliver(self, message: Message) -> None:
        """Queue `message`; the last of `max_messages` ends the subscription."""
        if self._ended:
            return
        self.received += 1
        if len(self._waiting) >= self._limit:
            self._waiting.popleft()
            self.dropped += 1
        self._waiting.append(message)
        if self._readers:
            self._wake_one()
        if self.received == self.max_messages:
            self._on_end(self)
            self.end()

    def end(self) -> None:
        """Let readers take what is queued, and accept nothing more."""
        self._ended = True
        while self._readers:
            self._wake_one()

    async def drained(self) -> None:
        """Wait until readers have taken everything that is queued."""
        if self._waiting:
            self._emptied = self._emptied or asyncio.get_running_loop().create_future()
            await asyncio.shield(self._emptied)

    async def next(self, timeout: float | None = None) -> Message:
        """Return the next message; TimeoutError after `timeout` seconds, BusError when there will be none."""
        if not self._waiting:
            async with asyncio.timeout(timeout):
                await self._arrival()
        if not self._waiting:
            raise BusError(f"the subscription to {self.pattern} is closed")
        return self._take()

    def __aiter__(self) -> Inbox:
        return self

    async def __anext__(self) -> Message:
        if not self._waiting:
            await self._arrival()
            if not self._waiting:
                raise StopAsyncIteration
        return self._take()

    async def close(self) -> None:
        if not self._ended:
            self._on_end(self)
        self.discard()

    def discard(self) -> None:
        self._waiting.clear()
        self._say_emptied()
        self.end()

    async def _arrival(self) -> None:
        while not self._waiting and not self._ended:
            reader = asyncio.get_running_loop().create_future()
            self._readers.append(reader)
            try:
                await reader
            except asyncio.CancelledError:
                if reader in self._readers:
                    self._readers.remove(reader)
                elif self._waiting and self._readers:  # woken and cancelled at once: pass it on
                    self._wake_one()
                raise

    def _take(self) -> Message:
        message = self._waiting.popleft()
        if not self._waiting:
            self._say_emptied()
        return message

    def _wake_one(self) -> None:
        reader = self._readers.popleft()
        if not reader.done():
            reader.set_result(None)

    def _say_emptied(self) -> None:
        if self._emptied is not None and not self._emptied.done():
            self._emptied.set_result(None)
