# SPDX-License-Identifier: MIT
"""Measures for how long one callback had the event loop, in processor time: other processes are not to blame it on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager

MOST_SECONDS = 0.02
"""Nothing that an attacker drives may take longer."""


class LongestTurn:
    """The longest turn so far, in seconds of processor time of the loop's thread, and whose it was."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.whose = ""


@contextmanager
def watched_turns() -> Iterator[LongestTurn]:
    """Measure each callback of this thread's loop in the body."""
    longest, own = LongestTurn(), asyncio.Handle._run

    def timed(handle: asyncio.Handle) -> None:
        began = time.thread_time()
        own(handle)
        taken = time.thread_time() - began
        if taken > longest.seconds:
            longest.seconds, longest.whose = taken, repr(handle)

    asyncio.Handle._run = timed  # type: ignore[method-assign, assignment]
    try:
        yield longest
    finally:
        asyncio.Handle._run = own  # type: ignore[method-assign]
