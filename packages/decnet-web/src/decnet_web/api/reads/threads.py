# SPDX-License-Identifier: MIT
"""Threads that do blocking work for an event loop, at less than half of what an executor's hop costs.

`run_in_executor` makes two futures with locks of their own for each call: 75 µs of which 45 are not needed, and a page
hops for each of its reads. Here a call is put into a queue, and the loop is told what came of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")

_Call = tuple["asyncio.AbstractEventLoop", "asyncio.Future[Any]", Callable[[], Any]]


class Threads:
    """At most `most` threads, each started when all others are busy; used by one event loop at a time."""

    def __init__(self, most: int, name: str) -> None:
        self._most = most
        self._name = name
        self._calls: SimpleQueue[_Call | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._busy = 0  # calls that have not ended, also those for which nobody waits any more

    async def run(self, function: Callable[[], T]) -> T:
        """Return what `function()` does in a thread; what it raises is raised."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        if self._busy >= len(self._threads) < self._most:
            self._start()
        self._busy += 1
        self._calls.put((loop, future, function))
        try:
            return await future
        finally:
            del future  # else it, its error and the error's traceback would hold each other

    def close(self) -> None:
        """Wait for what runs; what has not begun is done, too."""
        for thread in self.end():
            thread.join()

    def end(self) -> list[threading.Thread]:
        """Have the threads end after what runs and what has not begun; return them."""
        ending, self._threads = self._threads, []
        for _ in ending:
            self._calls.put(None)
        return ending

    def _start(self) -> None:
        name = f"{self._name}_{len(self._threads)}"
        thread = threading.Thread(target=self._work, name=name, daemon=True)
        thread.start()
        self._threads.append(thread)

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            self._do(*call)
            del call  # what a call holds is not kept until the next one

    def _do(self, loop: asyncio.AbstractEventLoop, future: asyncio.Future[Any], function: Callable[[], Any]) -> None:
        result, error = None, None
        try:
            result = function()
        except BaseException as raised:
            error = raised
        with contextlib.suppress(RuntimeError):  # the loop has been closed: nobody waits any more
            loop.call_soon_threadsafe(self._settle, future, result, error)
        del future, error  # whose traceback holds this frame

    def _settle(self, future: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
        self._busy -= 1
        if future.done():  # whoever waited has gone
            return
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)
