# SPDX-License-Identifier: MIT
"""Orders key exchanges: one at a time, the client that has used least first, and for part of the processor only.

A key exchange costs 5 to 25 ms before a client has said who it is, so a flood of them is the cheapest way to keep
others waiting. Those that would wait behind too many are refused: closed, as by OpenSSH's MaxStartups.

Each is computed in steps, for the larger groups of Diffie and Hellman take 10 ms a step (group18, 8192 bits) and all
steps of one would be more than a turn may take. Threads would not help: Python's OpenSSL bindings hold the interpreter
lock meanwhile. The steps are no callbacks of the client's, which the scheduler might let wait while others wait for
this one; what they cost is charged to it all the same.
"""

from __future__ import annotations

import asyncio
import contextvars
import heapq
import itertools
from collections import Counter
from collections.abc import Generator
from time import thread_time
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from decnet_decoys.processor.account import Account

if TYPE_CHECKING:
    from decnet_decoys.processor.scheduler import LoopScheduler

T = TypeVar("T")
Steps = Generator[None, None, T]
"""A computation that yields after each step."""

MOST_WAITING = 64
MOST_WAITING_OF_SOURCE = 8
SHARE = 0.5
"""Of the processor that key exchanges get while some wait."""


class _Exchange(Generic[T]):
    """One that waits or is computed."""

    def __init__(self, steps: Steps[T], account: Account, done: asyncio.Future[T]) -> None:
        self.steps = steps
        self.account = account
        self.done = done


class KeyExchanges:
    """The key exchanges of all SSH servers of a process."""

    def __init__(self, processor: LoopScheduler) -> None:
        self.refused = 0
        self._processor = processor
        self._queue: list[tuple[float, int, _Exchange[Any]]] = []
        self._numbers = itertools.count()
        self._waiting: Counter[str] = Counter()
        self._current: _Exchange[Any] | None = None
        self._free_at = 0.0
        self._timer: asyncio.Handle | None = None
        self._own = contextvars.copy_context()

    def counters(self) -> dict[str, float]:
        """Return how many wait, and how many were refused."""
        return {"decoys_key_exchanges_waiting": len(self._queue), "decoys_key_exchanges_refused": self.refused}

    async def computed(self, steps: Steps[T], account: Account, source: str) -> T | None:
        """Return the result of `steps` when it is the client's turn; None when there are too many before it.

        Raises what a step raises.
        """
        if len(self._queue) >= MOST_WAITING or self._waiting[source] >= MOST_WAITING_OF_SOURCE:
            self.refused += 1
            return None
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        self._waiting[source] += 1
        try:
            entry = _Exchange(steps, account, done)
            heapq.heappush(self._queue, (account.rank(loop.time()), next(self._numbers), entry))
            self._go_on()
            return await done
        finally:
            self._waiting[source] -= 1
            if not self._waiting[source]:
                del self._waiting[source]

    def _go_on(self) -> None:
        """Have the next step computed, unless it will be."""
        if self._timer is None and (self._current is not None or self._queue):
            loop = asyncio.get_running_loop()
            when = loop.time() if self._current is not None else max(loop.time(), self._free_at)
            self._timer = loop.call_at(when, self._step, context=self._own)

    def _step(self) -> None:
        self._timer = None
        if self._current is None:
            self._current = self._next()
        if self._current is not None:
            self._compute(self._current)
        self._go_on()

    def _next(self) -> _Exchange[Any] | None:
        """Take the one whose client has used least; those that have left are forgotten."""
        while self._queue:
            exchange = heapq.heappop(self._queue)[2]
            if not exchange.done.done():
                return exchange
        return None

    def _compute(self, exchange: _Exchange[Any]) -> None:
        began = thread_time()
        finished = True
        try:
            next(exchange.steps)
            finished = exchange.done.done()  # its client has left
        except StopIteration as end:
            if not exchange.done.done():
                exchange.done.set_result(end.value)
        except Exception as error:  # the client's: raised where its connection is served
            if not exchange.done.done():
                exchange.done.set_exception(error)
        spent = thread_time() - began
        self._processor.charge(exchange.account, spent)
        now = asyncio.get_running_loop().time()
        self._free_at = max(now, self._free_at) + spent * (1 / SHARE - 1)
        if finished:
            self._current = None
