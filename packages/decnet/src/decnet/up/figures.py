# SPDX-License-Identifier: MIT
"""Measures the workers of a running fleet: memory from proc(5), lag from the database and the workers' own counters."""

import asyncio
import os
from collections.abc import Iterable

from decnet.cli.errors import OperatorError
from decnet.fleet.bus_access import query_all_health
from decnet.fleet.deployment import Deployment, transaction
from decnet.fleet.lag import Progress, lag_text, read_progress
from decnet.fleet.processes import fleet_processes, total_pss
from decnet.up.view import Figures
from decnet_core import footprint
from decnet_core.bus.interface import Bus
from decnet_core.runtime.restarts.policy import Phase
from decnet_core.supervise.lifecycle import Status
from decnet_core.supervise.status_file import read_status_files


async def measure(deployment: Deployment, bus: Bus, statuses: Iterable[Status]) -> dict[str, Figures]:
    """Return the figures of each worker that runs."""
    running = [status for status in statuses if status.phase is Phase.READY and status.pid]
    progress = await asyncio.to_thread(_progress, deployment)  # which may wait for a lock
    health = await query_all_health(bus, [status.name for status in running if status.name == "ingest"], 0.5)
    return {
        status.name: Figures(memory_of(status.pid), lag_text(status.name, health.get(status.name), progress))
        for status in running
    }


def memory_of(pid: int | None) -> int | None:
    """Return the proportional memory of a worker and the processes that it has forked, in bytes."""
    if not pid:
        return None
    found = [footprint.measure(one) for one in (pid, *footprint.children_of(pid))]
    return sum(one.pss for one in found if one is not None) or None


def memory_of_fleet(deployment: Deployment) -> int | None:
    """Return the proportional memory of all workers, their zygotes, their supervisor and this process, in bytes."""
    reports = read_status_files(deployment.state.supervisors)
    return total_pss({*fleet_processes(reports, {}).values(), os.getpid()})


def _progress(deployment: Deployment) -> Progress | None:
    try:
        with transaction(deployment) as connection:
            return read_progress(connection)
    except OperatorError:
        return None
