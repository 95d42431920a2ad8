# SPDX-License-Identifier: MIT
"""Taking over from a predecessor: everything is loaded and ready to go when the old process leaves.

A worker's spool, sockets and cursor can have one owner at a time, so a successor cannot hold them beside its
predecessor. It does all that does not need them, says STANDBY=1, and goes on the moment the old process has ended.
"""

from __future__ import annotations

import asyncio
import contextlib
import os

from decnet_core.runtime.notify import Notifier

SUCCEEDS = "DECNET_SUCCEEDS"
"""Names the pid of the process to be succeeded."""

_UNHEARD_SECONDS = 0.1


async def take_over(notifier: Notifier) -> None:
    """Return when the predecessor that the environment names is gone; at once when it names none."""
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
        while not gone.is_set() and not notifier.send("STANDBY=1"):  # unheard, it would be taken for one that hangs
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(gone.wait(), _UNHEARD_SECONDS)
        await gone.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)
