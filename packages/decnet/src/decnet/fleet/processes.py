# SPDX-License-Identifier: MIT
"""The processes of a running fleet on this host, and the memory that they take.

The one figure for memory is PSS: shared pages are divided among those that share them, so the sum is what the fleet
takes. Only root, or who runs the fleet, may read it.
"""

from collections.abc import Iterable, Mapping

from decnet_core.bus.subjects import Health
from decnet_core.footprint import children_of, measure
from decnet_core.supervise.status_file import SupervisorStatus


def fleet_processes(reports: Iterable[SupervisorStatus], workers: Mapping[str, Health]) -> dict[str, int]:
    """Return the pids by name: supervisors, their zygotes, and workers; as tasks they share one.

    `workers` are those that answered: units have no common supervisor that reports them.
    """
    pids: dict[str, int] = {}
    seen: set[int] = set()
    for report in reports:
        hosted = [(status.name, status.pid) for status in report.workers]
        children = [(name, child) for name, pid in hosted if pid for child in children_of(pid)]
        for name, pid in (*report.parents.items(), *hosted, *children):
            if pid and pid not in seen:
                seen.add(pid)
                pids[f"{name} {pid}" if name in pids else name] = pid
    return pids or {name: health.pid for name, health in workers.items() if health.pid}


def pss_of(pid: int) -> int | None:
    """Return the proportional memory of a process in bytes; None if it is gone or not ours to read."""
    found = measure(pid) if pid else None
    return found.pss if found is not None else None


def total_pss(pids: Iterable[int]) -> int | None:
    """Return the proportional memory of all of them; None if one cannot be read."""
    found = [pss_of(pid) for pid in pids]
    known = [one for one in found if one is not None]
    return sum(known) if known and len(known) == len(found) else None
