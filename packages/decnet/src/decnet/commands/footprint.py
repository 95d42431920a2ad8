# SPDX-License-Identifier: MIT
"""`decnet footprint`: what every worker of the running fleet costs, and their sum."""

import asyncio
import time
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from decnet.cli.errors import OperatorError
from decnet.cli.options import Json, application
from decnet.fleet.bus_access import processes_of, query_all_health, reachable_bus
from decnet.fleet.deployment import Deployment, find_deployment
from decnet.fleet.processes import fleet_processes
from decnet.show import documents
from decnet.show.columns import columns
from decnet_core.bus.subjects import Health
from decnet_core.footprint import Footprint, measure
from decnet_core.runtime import worker_registry
from decnet_core.supervise.status_file import read_status_files

app = application("What the fleet costs.")

_MIB = 1 << 20
_SETTLING_SECONDS = 0.1


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


@app.command()
def footprint(
    as_json: Json = False,
    watch: Annotated[bool, typer.Option("--watch", help="Repeat: a page (or a JSON line) per interval.")] = False,
    seconds: Annotated[float, typer.Option(min=0.1, max=3600, help="How long wake-ups and CPU are sampled.")] = 2.0,
) -> None:
    """Print RSS, PSS, USS, threads, wake-ups, CPU and modules per worker and in all."""
    deployment = find_deployment()
    while True:
        rows = look(deployment, seconds)
        if not rows:
            raise OperatorError(f"no fleet runs in {deployment.state.root}; start one with `decnet up`")
        typer.echo(documents.document({"workers": rows, "total": total_of(rows)}) if as_json else page(rows))
        if not watch:
            return


def look(deployment: Deployment, seconds: float) -> list[Row]:
    """Find the fleet's processes and sample them for `seconds`; raises OperatorError if not permitted."""
    answers = asyncio.run(_health(deployment))
    modules = {name: health.modules for name, health in answers.items()}
    pids = fleet_processes(read_status_files(deployment.state.supervisors), answers)
    time.sleep(_SETTLING_SECONDS)  # to be asked is a wake-up, too, and not one that should be counted
    before = {name: measure(pid) for name, pid in pids.items()}
    hidden = [name for name, first in before.items() if first is None and Path(f"/proc/{pids[name]}").exists()]
    if hidden:
        raise OperatorError(f"only root may inspect {', '.join(hidden)}: it runs as another user")
    started = time.monotonic()
    time.sleep(seconds)
    elapsed = time.monotonic() - started
    rows = []
    for name, first in before.items():
        now = measure(first.pid) if first is not None else None
        if first is not None and now is not None:
            rows.append(_row(name, first, now, elapsed, modules.get(name)))
    return rows


async def _health(deployment: Deployment) -> dict[str, Health]:
    async with reachable_bus(deployment, "decnet-footprint") as bus:
        answers = (
            {}
            if bus is None
            else await query_all_health(bus, processes_of(deployment.settings, worker_registry.names()))
        )
    return {name: health for name, health in answers.items() if health is not None}


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


def page(rows: list[Row]) -> str:
    """Return the table, in MiB, with the fleet's total below."""
    total = total_of(rows)
    heading = ("worker", "pid", "RSS", "PSS", "USS", "clean", "dirty", "threads", "wake-ups/s", "CPU %", "modules")
    body: list[tuple[object, ...]] = [
        (
            row.name,
            row.pid,
            *(_mib(value) for value in (row.rss, row.pss, row.uss, row.private_clean, row.private_dirty)),
            row.threads,
            row.wakeups_per_second,
            row.cpu_percent,
            row.modules,
        )
        for row in rows
    ]
    sums = (None, None, _mib(total.pss), _mib(total.uss), None, None, total.threads)
    body.append(("total", *sums, total.wakeups_per_second, total.cpu_percent, None))
    shared = f"MiB; shared by all: {_mib(total.shared)}; the fleet takes {_mib(total.pss)} (the sum of PSS)"
    return f"{columns(heading, body)}\n{shared}"


def _mib(value: int) -> str:
    return f"{value / _MIB:.1f}"
