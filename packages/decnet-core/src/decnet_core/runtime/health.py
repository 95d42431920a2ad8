# SPDX-License-Identifier: MIT
"""A worker's health report: state, counters, memory."""

import os
import sys
import time
from pathlib import Path

from decnet_core.bus.subjects import Health
from decnet_core.runtime.context import Context

_PAGE = os.sysconf("SC_PAGE_SIZE")
_STATM = Path("/proc/self/statm")


def rss_bytes() -> int:
    """Return this process's resident set size; 0 where /proc is not mounted."""
    try:
        return int(_STATM.read_bytes().split()[1]) * _PAGE
    except (OSError, IndexError, ValueError):
        return 0


def state_of(ctx: Context) -> str:
    """Return starting, running, paused or stopping."""
    if ctx.stopping.is_set():
        return "stopping"
    if not ctx.unpaused.is_set():
        return "paused"
    return "running" if ctx.ready else "starting"


def report(ctx: Context, started: float, hosting: str) -> Health:
    """Return the worker's health now; `started` is its start on the monotonic clock."""
    return Health(
        worker=ctx.name,
        state=state_of(ctx),
        pid=os.getpid(),
        uptime_seconds=round(time.monotonic() - started, 1),
        rss_bytes=rss_bytes(),
        counters=ctx.counters.snapshot(),
        hosting=hosting,
        modules=len(sys.modules),
    )
