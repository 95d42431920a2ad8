# SPDX-License-Identifier: MIT
"""One listener: what waits to be sent to it, bounded, and where it is."""

from __future__ import annotations

import asyncio
from collections import deque

from decnet_web.api.live.stream.batch import Batch, Wanted, message
from decnet_web.api.live.stream.position import Position

MOST_BYTES = 1 << 20
"""What may wait; a client that is slower gets a gap, and is told so."""
SKIPPED = b'{"reason":"slow","detail":"more came than this client took: load what is shown again"}'


class Listener:
    """The queue between the broadcast and one client."""

    def __init__(self, wanted: Wanted, position: Position) -> None:
        self.wanted = wanted
        self.position = position
        """Up to where it was given what it wants."""
        self.live = False
        """Whether it is given what is new; before that it reads from the tables what it has missed."""
        self.ended = False
        """Whether nothing more will come: the client is to come again."""
        self.skips = 0
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self._skipped = False
        self._came = asyncio.Event()

    def put(self, batch: Batch) -> None:
        """Take what is new; when it is too much, all that waits is dropped."""
        text = batch.text(self.wanted, self.position)
        self.position = self.position.later(batch.end)
        if text and self._size + len(text) > MOST_BYTES:
            self.skip()
        elif text:
            self._waiting.append(text)
            self._size += len(text)
            self._came.set()

    def skip(self) -> None:
        """Drop what waits and tell the client so."""
        self._waiting.clear()
        self._size = 0
        self._skipped = True
        self.skips += 1
        self._came.set()

    def end(self) -> None:
        """Give no more: what is new cannot be read."""
        self.ended = True
        self._came.set()

    async def next(self, seconds: float) -> bytes:
        """Return all that waits, empty when nothing has come for `seconds`."""
        if not self._came.is_set():
            try:
                async with asyncio.timeout(seconds):
                    await self._came.wait()
            except TimeoutError:
                return b""
        self._came.clear()
        pieces = [message("skipped", self.position, SKIPPED)] if self._skipped else []
        pieces += self._waiting
        self._waiting.clear()
        self._size, self._skipped = 0, False
        return b"".join(pieces)
