# SPDX-License-Identifier: MIT
"""Gives memory back when a process that has worked comes to rest: attacks come in bursts, with hours between them.

What work leaves behind is free blocks inside the C library's heap, and pages of libraries that only the work reads (an
SSH handshake reads 3 MiB of OpenSSL). Both come back when they are needed, by page faults, about a millisecond in all.
Measured half a minute after a drill on 3.13: decoys 13.4 MiB (PSS) instead of 17.1, ttp 12.7 instead of 14.2.
"""

from __future__ import annotations

import asyncio
import gc
import math
import time

from decnet_core.heartbeat_clock import until_beat

WORKED_SECONDS = 0.05
"""So much processor time since it last gave back is worth giving back again; giving back takes a tenth of it."""
CALM_SECONDS = 0.02
"""Processor time between two beats of a process at rest: heartbeats and polls."""


class Rest:
    """Tells from a process's processor time, looked at once a beat, when it has come to rest after work.

    Its start is work, too.
    """

    def __init__(self) -> None:
        self._given_back = -math.inf
        self._seen = 0.0

    def begins(self, used: float) -> bool:
        """Tell whether to give back now; `used` is the processor time so far, in seconds."""
        calm = used - self._seen <= CALM_SECONDS
        worked = used - self._given_back >= WORKED_SECONDS
        self._seen = used
        if calm and worked:
            self._given_back = used
        return calm and worked


async def keep(seconds: float) -> None:
    """Look every `seconds` whether the process has come to rest, and then give back; never returns."""
    rest = Rest()
    while True:
        await asyncio.sleep(until_beat(seconds))
        if rest.begins(time.process_time()):
            give_back()


def give_back() -> None:
    """Give the kernel what lies idle: 2 to 6 ms."""
    from decnet_core import library_pages  # ctypes: nothing that a start should wait for

    gc.collect()
    library_pages.trim()
    library_pages.let_go()
