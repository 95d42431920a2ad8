# SPDX-License-Identifier: MIT
"""Takes over from a predecessor: everything is loaded and ready when the old process ends.

A worker's spool, sockets and cursor can have one owner at a time, so a successor cannot hold them beside its
predecessor. It does everything that does not need them, sends STANDBY=1, and continues when the old process has ended.
"""

import asyncio
import contextlib
import os

from decnet_core.runtime.notify import Notifier

SUCCEEDS = "DECNET_SUCCEEDS"
"""Names the pid of the process to be succeeded."""

_RETRY_SECONDS = 0.1


async def take_over(notifier: Notifier) -> None:
    """Return when the predecessor named by the environment has ended; at once when none is named."""
    number = os.environ.pop(SUCCEEDS, "")
    if not number.isdecimal():
        return
    try:
        descriptor = os.pidfd_open(int(number))
    except ProcessLookupError:
        return
    loop, gone = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(descriptor, gone.set)
    try:
        while not gone.is_set() and not notifier.send(
            "STANDBY=1"
        ):  # without it the supervisor would take us for a process that hangs
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(gone.wait(), _RETRY_SECONDS)
        await gone.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)
