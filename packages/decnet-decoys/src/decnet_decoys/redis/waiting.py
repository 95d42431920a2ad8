# SPDX-License-Identifier: MIT
"""Clients that wait until something is written (BLPOP, XREAD BLOCK): in the order in which they came.

A write wakes the first, which wakes the next when it has tried again: so a write costs the event loop one client's
work at a time, however many wait.
"""

from __future__ import annotations

import asyncio
import time
from typing import NamedTuple

from decnet_decoys.redis.protocol import Reply


class Waits(NamedTuple):
    """What a command returns that found nothing."""

    seconds: float
    """0: for ever."""
    otherwise: Reply
    """The reply when they are over, and to who may not wait: a script, a transaction."""
    words: list[bytes]
    """The arguments with which it is tried again: `$` means the end of a stream when the client began to wait."""


class Waiting:
    """Who waits on one server."""

    def __init__(self) -> None:
        self._writes = 0
        self._futures: dict[asyncio.Future[None], int] = {}
        """By the writes that there had been when each began to wait."""

    def __len__(self) -> int:
        return len(self._futures)

    def wake(self) -> None:
        """Let clients try again, for something was written."""
        if self._futures:
            self._writes += 1
            self.pass_on()

    def pass_on(self) -> None:
        """Wake the first client that has not tried since the last write."""
        first = next(iter(self._futures), None)
        if first is not None and self._futures[first] < self._writes:
            del self._futures[first]
            if not first.done():
                first.set_result(None)

    def joined(self) -> asyncio.Future[None]:
        """Return what is done at the next write, for `written`; who leaves before sets it."""
        future = asyncio.get_running_loop().create_future()
        self._futures[future] = self._writes
        return future

    async def written(self, future: asyncio.Future[None], deadline: float) -> bool:
        """Wait for a write; False: it is later than `deadline` (seconds of the monotonic clock)."""
        try:
            async with asyncio.timeout(max(0.0, deadline - time.monotonic())):
                await future
        except TimeoutError:
            return False
        finally:
            self._futures.pop(future, None)
        return True
