# SPDX-License-Identifier: MIT
"""Measures what blocks an event loop that many workers share, and attributes it to the worker.

Every callback of a loop runs through `asyncio.Handle._run`, in the context of who scheduled it. Timing that one method
covers tasks, timers, readers and protocols alike, for about 0.1 µs a callback; debug mode would cost ten times as much,
and a watching thread would wake up ten times a second. It is done only where workers share a loop.

There, one worker must not end the others either: a `sys.exit` in a callback would end the loop. It is only logged; if a
task raised it, that task has failed with it, and its owner with the task.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Iterator
from contextvars import Context, ContextVar

log = logging.getLogger(__name__)

WORKER: ContextVar[str] = ContextVar("worker")
"""The worker on whose behalf code runs; inherited by all tasks and callbacks that it makes."""

STALL_SECONDS = 0.1

NOBODY = "(runtime)"


class Stalls:
    """How often, and for how long at most, each worker blocked the loop for STALL_SECONDS or more."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.longest: dict[str, float] = {}

    def blame(self, worker: str, seconds: float) -> None:
        """Count one stall of `seconds` against `worker`."""
        self.counts[worker] = self.counts.get(worker, 0) + 1
        self.longest[worker] = max(seconds, self.longest.get(worker, 0.0))
        log.warning("%s: blocked the event loop for %.3f s", worker, seconds)

    def counters_of(self, worker: str) -> dict[str, float]:
        """Return the worker's counters for its health report."""
        return {
            "loop_stalls": self.counts.get(worker, 0),
            "loop_stall_longest_seconds": round(self.longest.get(worker, 0.0), 3),
        }


def _worker_of(handle: asyncio.Handle) -> str:
    context: Context = handle._context  # type: ignore[attr-defined]
    return context.get(WORKER, NOBODY)


@contextlib.contextmanager
def watched() -> Iterator[Stalls]:
    """Time every callback of this process's loops until the context ends."""
    stalls = Stalls()
    unwatched = asyncio.Handle._run  # see the module's first paragraph
    counted_until = 0.0

    def run(handle: asyncio.Handle) -> None:
        nonlocal counted_until
        started = time.perf_counter()
        try:
            unwatched(handle)
        except SystemExit as error:
            log.error("%s: called sys.exit(%s), ignored", _worker_of(handle), error.code)  # noqa: TRY400
        now = time.perf_counter()
        seconds = now - max(started, counted_until)  # a callback may run others, as a scheduler's does
        counted_until = now
        if seconds >= STALL_SECONDS:
            stalls.blame(_worker_of(handle), seconds)

    asyncio.Handle._run = run  # type: ignore[method-assign, assignment]
    try:
        yield stalls
    finally:
        asyncio.Handle._run = unwatched  # type: ignore[method-assign]
