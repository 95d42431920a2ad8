# SPDX-License-Identifier: MIT
"""One after another, but nobody waits long: who takes his turn has it for YOUNG_SECONDS, or until he is done.

Threads of one Python process do not read faster together: they take the interpreter from each other at each row, which
made a page of 100 cost half as much again. So a read begins when the one before has ended; only one that takes long is
overtaken, by as many as there are threads.
"""

from __future__ import annotations

import asyncio
from types import TracebackType

YOUNG_SECONDS = 0.02


class Turns:
    """Hands out turns in the order in which they are asked for, in one event loop at a time."""

    def __init__(self, seconds: float = YOUNG_SECONDS) -> None:
        self._seconds = seconds
        self._loop: asyncio.AbstractEventLoop | None = None
        self._one = asyncio.Semaphore()

    def turn(self) -> Turn:
        """Return a turn, which begins with `async with`."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop, self._one = loop, asyncio.Semaphore()
        return Turn(loop, self._one, self._seconds)


class Turn:
    """The turn of one; the next one's begins when it ends, or has lasted for `seconds`."""

    def __init__(self, loop: asyncio.AbstractEventLoop, one: asyncio.Semaphore, seconds: float) -> None:
        self._loop = loop
        self._one = one
        self._seconds = seconds
        self._timer: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> None:
        await self._one.acquire()
        self._timer = self._loop.call_later(self._seconds, self._pass_on)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._pass_on()

    def _pass_on(self) -> None:
        self._timer = None
        self._one.release()
