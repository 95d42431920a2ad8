# SPDX-License-Identifier: MIT
"""What every process of the running fleet costs, and their sum."""

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path

import msgspec

from decnet.cli.errors import OperatorError
from decnet.fleet.bus_access import processes_of, query_all_health, reachable_bus
from decnet.fleet.deployment import Deployment
from decnet.fleet.processes import fleet_processes
from decnet_core.bus.interface import Bus
from decnet_core.bus.subjects import Health
from decnet_core.footprint import Footprint, measure
from decnet_core.runtime import worker_registry
from decnet_core.supervise.status_file import read_status_files

SETTLING_SECONDS = 0.1


class Row(msgspec.Struct, frozen=True):
    """One process of the fleet; memory in bytes, rates per second over the sampled time."""

    name: str
    pid: int
    rss: int
    pss: int
    uss: int
    private_clean: int
    private_dirty: int
    threads: int
    wakeups_per_second: float
    cpu_percent: float
    """Of one core."""
    modules: int | None


class Total(msgspec.Struct, frozen=True):
    """The sums; RSS is omitted, because it counts shared pages many times."""

    processes: int
    pss: int
    uss: int
    shared: int
    """PSS minus USS: what the processes share."""
    threads: int
    wakeups_per_second: float
    cpu_percent: float


class Sample(msgspec.Struct, frozen=True):
    """The fleet's processes at one moment; `hidden` are those of another user, which only root may inspect."""

    started: float
    before: dict[str, Footprint]
    modules: dict[str, int]
    hidden: tuple[str, ...] = ()


def look(deployment: Deployment, seconds: float) -> list[Row]:
    """Find the fleet's processes and sample them for `seconds`; raises OperatorError if not permitted."""
    answers = asyncio.run(answering(deployment))
    time.sleep(SETTLING_SECONDS)
    sample = begin(deployment, answers)
    if sample.hidden:
        raise OperatorError(f"only root may inspect {', '.join(sample.hidden)}: it runs as another user")
    time.sleep(seconds)
    return rows_of(sample)


async def answering(deployment: Deployment, kept: Bus | None = None) -> dict[str, Health]:
    """Return the health of the workers that answer. To be asked is a wake-up: sample after SETTLING_SECONDS."""
    async with reachable_bus(deployment, "decnet-footprint", kept=kept) as bus:
        answers = (
            {}
            if bus is None
            else await query_all_health(bus, processes_of(deployment.settings, worker_registry.names()))
        )
    return {name: health for name, health in answers.items() if health is not None}


def begin(deployment: Deployment, answers: Mapping[str, Health]) -> Sample:
    """Find the fleet's processes and measure each."""
    pids = fleet_processes(read_status_files(deployment.state.supervisors), answers)
    measured = {name: measure(pid) for name, pid in pids.items()}
    hidden = [name for name, first in measured.items() if first is None and Path(f"/proc/{pids[name]}").exists()]
    return Sample(
        time.monotonic(),
        {name: first for name, first in measured.items() if first is not None},
        {name: health.modules for name, health in answers.items()},
        tuple(hidden),
    )


def rows_of(sample: Sample) -> list[Row]:
    """Measure the processes of a sample again, and return what each has cost since; those that ended are left out."""
    elapsed = time.monotonic() - sample.started
    again = ((name, first, measure(first.pid)) for name, first in sample.before.items())
    return [_row(name, first, now, elapsed, sample.modules.get(name)) for name, first, now in again if now is not None]


def _row(name: str, first: Footprint, now: Footprint, elapsed: float, modules: int | None) -> Row:
    return Row(
        name=name,
        pid=now.pid,
        rss=now.rss,
        pss=now.pss,
        uss=now.uss,
        private_clean=now.private_clean,
        private_dirty=now.private_dirty,
        threads=now.threads,
        wakeups_per_second=round((now.wakeups - first.wakeups) / elapsed, 2),
        cpu_percent=round(100 * (now.cpu_seconds - first.cpu_seconds) / elapsed, 2),
        modules=modules,
    )


def total_of(rows: list[Row]) -> Total:
    """Return the sums over `rows`."""
    pss, uss = sum(row.pss for row in rows), sum(row.uss for row in rows)
    return Total(
        processes=len(rows),
        pss=pss,
        uss=uss,
        shared=pss - uss,
        threads=sum(row.threads for row in rows),
        wakeups_per_second=round(sum(row.wakeups_per_second for row in rows), 2),
        cpu_percent=round(sum(row.cpu_percent for row in rows), 2),
    )
