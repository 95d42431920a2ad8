# SPDX-License-Identifier: MIT
"""Workers: how each is and what it costs, orders to them, their logs."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path, Query

from decnet.cli.errors import NotFoundError
from decnet.fleet import footprint, orders
from decnet.fleet.orders import Op
from decnet.fleet.report import Report
from decnet.fleet.worker_log import MOST_LINES, log_tail
from decnet_core.runtime.shares.share import worker_of
from decnet_web.api.audit import audited
from decnet_web.api.dependencies import Admin, Analyst, InFleet, Viewer
from decnet_web.api.principal import Principal
from decnet_web.api.routes.fleet.workers.asking import report_of
from decnet_web.api.routes.fleet.workers.rows import worker_rows
from decnet_web.api.routes.fleet.workers.shapes import (
    DeadLetterShown,
    FootprintRow,
    FootprintShown,
    FootprintTotal,
    HoldingShown,
    LogShown,
    OrderTaken,
    WorkerDetail,
    WorkerList,
    WorkerShown,
)

router = APIRouter(tags=["workers"])

Name = Annotated[str, Path(max_length=64, description="The worker's name.")]


@router.get("/workers")
async def list_workers(fleet: InFleet, _viewer: Viewer) -> WorkerList:
    """List all workers: state, restarts, wakes, memory, lag, troubles; one entry for each process of a worker."""
    report = await report_of(fleet)
    items = await fleet.thread(lambda: worker_rows(report))
    return WorkerList(items=items, bus=report.bus, bus_reached=report.bus_reached, fleet_pss=report.fleet_pss)


@router.get("/workers/{name}")
async def show_worker(name: Name, fleet: InFleet, _viewer: Viewer) -> WorkerDetail:
    """Show one worker with its processes, its newest dead letters and (PostgreSQL) its leases."""
    report = await report_of(fleet)
    rows = [one for one in await fleet.thread(lambda: worker_rows(report)) if worker_of(one.name) == name]
    if not rows:
        raise NotFoundError(f"there is no worker {name!r}")
    return _detail(report, name, rows)


@router.post("/workers/{name}/restart")
async def restart_worker(name: Name, fleet: InFleet, admin: Admin) -> OrderTaken:
    """Restart a worker, also one that is down for good; no crash is counted."""
    return await _order(fleet, admin, name, "restart")


@router.post("/workers/{name}/pause")
async def pause_worker(name: Name, fleet: InFleet, admin: Admin) -> OrderTaken:
    """Let a worker rest until it is resumed, or the bus is lost; nothing that it would have done is lost."""
    return await _order(fleet, admin, name, "pause")


@router.post("/workers/{name}/resume")
async def resume_worker(name: Name, fleet: InFleet, admin: Admin) -> OrderTaken:
    """Let a paused worker go on."""
    return await _order(fleet, admin, name, "resume")


@router.post("/workers/{name}/reload")
async def reload_worker(name: Name, fleet: InFleet, admin: Admin) -> OrderTaken:
    """Have a worker read again what it holds: rules, certificates, lists."""
    return await _order(fleet, admin, name, "reload")


@router.get("/workers/{name}/log")
async def show_worker_log(
    name: Name,
    fleet: InFleet,
    _analyst: Analyst,
    lines: Annotated[int, Query(ge=1, le=MOST_LINES, description="At most this many.")] = 200,
) -> LogShown:
    """Show the newest lines of a worker's log; `fleet` is the log of its supervisor."""
    return LogShown.model_validate(await fleet.thread(lambda: log_tail(fleet.deployment, name, lines)))


@router.get("/footprint")
async def show_footprint(
    fleet: InFleet,
    _viewer: Viewer,
    seconds: Annotated[float, Query(ge=0.1, le=30, description="How long wake-ups and CPU are sampled.")] = 1.0,
) -> FootprintShown:
    """Measure what every process of the fleet costs: RSS, PSS, USS, threads, wake-ups, CPU."""
    answers = await footprint.answering(fleet.deployment, fleet.bus)
    await asyncio.sleep(footprint.SETTLING_SECONDS)
    sample = await fleet.thread(lambda: footprint.begin(fleet.deployment, answers))
    await asyncio.sleep(seconds)
    rows = await fleet.thread(lambda: footprint.rows_of(sample))
    return FootprintShown(
        workers=[FootprintRow.model_validate(row) for row in rows],
        total=FootprintTotal.model_validate(footprint.total_of(rows)),
        hidden=list(sample.hidden),
    )


def _detail(report: Report, name: str, rows: list[WorkerShown]) -> WorkerDetail:
    progress = report.progress
    whole = next((one for one in rows if one.name == name), rows[0])
    letters = [one for one in progress.newest_dead_letters if one.worker == name] if progress else []
    holdings = [one for one in progress.holdings if one.worker == name] if progress else []
    return WorkerDetail(
        **whole.model_dump(exclude={"next_look", "troubles"}),
        next_look=whole.next_look,
        troubles=whole.troubles,
        processes=rows,
        newest_dead_letters=[DeadLetterShown.model_validate(one) for one in letters],
        holdings=[HoldingShown.model_validate(one) for one in holdings],
    )


async def _order(fleet: InFleet, admin: Principal, name: str, op: Op) -> OrderTaken:
    """Audit the order before it is given: one that ends this worker could not be audited afterwards."""
    await audited(fleet, admin, f"worker.{op}", name)
    answer = await orders.give(fleet.deployment, name, op, fleet.bus)
    return OrderTaken(worker=name, op=op, state=answer.state, pid=answer.pid or None)
