# SPDX-License-Identifier: MIT
"""Measures the workers of a running fleet: memory from /proc, lag from the database and the workers' own counters."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from decnet.ask import ask_all
from decnet.errors import OperatorError
from decnet.lag import Progress, lag_text, read_progress
from decnet.place import Place, records
from decnet.up.view import Figures
from decnet_core.bus.interface import Bus
from decnet_core.supervise.fleet import Status
from decnet_core.supervise.policy import Phase

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


async def measure(place: Place, bus: Bus, statuses: Iterable[Status]) -> dict[str, Figures]:
    """Return the figures of each worker that runs."""
    running = [status for status in statuses if status.phase is Phase.READY and status.pid]
    progress = _progress(place)
    health = await ask_all(bus, [status.name for status in running if status.name == "ingest"], 0.5)
    return {
        status.name: Figures(rss_of(status.pid), lag_text(status.name, health.get(status.name), progress))
        for status in running
    }


def rss_of(pid: int | None) -> int | None:
    """Return a process's resident set size in bytes, None when it is gone."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_bytes().split()[1]) * _PAGE_BYTES
    except (OSError, IndexError, ValueError):
        return None


def _progress(place: Place) -> Progress | None:
    try:
        with records(place) as connection:
            return read_progress(connection)
    except OperatorError:
        return None
