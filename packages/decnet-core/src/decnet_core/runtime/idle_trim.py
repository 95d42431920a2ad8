# SPDX-License-Identifier: MIT
"""Returns memory to the kernel when a process becomes idle after work: attacks come in bursts, hours apart.

What work leaves behind is free blocks inside the C library's heap, and pages of libraries that only the work reads (an
SSH handshake reads 3 MiB of OpenSSL). Both come back when they are needed, by page faults, about a millisecond in all.
Measured half a minute after a drill on 3.13: decoys 13.4 MiB (PSS) instead of 17.1, ttp 12.7 instead of 14.2.
"""

import asyncio
import gc
import math
import time

from decnet_core.timing.heartbeat_clock import until_beat

WORKED_SECONDS = 0.05
"""Processor time since the last trim that makes another one worthwhile; a trim takes a tenth of it."""
CALM_SECONDS = 0.02
"""Processor time that an idle process uses between two heartbeats: heartbeats and polls."""


class IdleDetector:
    """Detects from the processor time, sampled once a heartbeat, that a process is idle after work, e.g. its start."""

    def __init__(self) -> None:
        self._trimmed = -math.inf
        self._seen = 0.0

    def worked(self, used: float) -> bool:
        """Return whether to return the free heap now; ask when `became_idle` was False, with the same `used`.

        Decoys that bots visit day and night are never idle, and would keep what the last attack made them take.
        """
        due = used - self._trimmed >= WORKED_SECONDS
        if due:
            self._trimmed = used
        return due

    def became_idle(self, used: float) -> bool:
        """Return whether to trim now; `used` is the processor time so far, in seconds."""
        calm = used - self._seen <= CALM_SECONDS
        worked = used - self._trimmed >= WORKED_SECONDS
        self._seen = used
        if calm and worked:
            self._trimmed = used
        return calm and worked


async def trim_when_idle(seconds: float) -> None:
    """Check every `seconds` whether the process has become idle, and then trim; never returns."""
    detector = IdleDetector()
    while True:
        await asyncio.sleep(until_beat(seconds))
        used = time.process_time()
        if detector.became_idle(used):
            trim()
        elif detector.worked(used):
            trim_heap()


def trim_heap() -> None:
    """Return free heap; takes 1 to 3 ms."""
    from decnet_core import library_pages  # ctypes: nothing that a start should wait for

    library_pages.trim_heap()


def trim() -> None:
    """Collect garbage and return free heap and clean library pages; takes 2 to 6 ms."""
    from decnet_core import library_pages  # ctypes: nothing that a start should wait for

    gc.collect()
    library_pages.trim_heap()
    library_pages.drop_clean_pages()
