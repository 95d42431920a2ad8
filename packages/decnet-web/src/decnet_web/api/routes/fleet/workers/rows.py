# SPDX-License-Identifier: MIT
"""The rows of the list of workers, from a report of the fleet and what the kernel says of their memory."""

from __future__ import annotations

from typing import Literal, TypeAlias

from decnet.fleet.lag import FOLLOW_NOTICES, Progress
from decnet.fleet.report import Report
from decnet.show.troubles import troubles
from decnet_core.bus.subjects import Health
from decnet_core.footprint import measure
from decnet_core.runtime.restarts.policy import Phase
from decnet_core.runtime.shares.share import worker_of
from decnet_core.supervise.lifecycle import Status
from decnet_core.text import for_terminal
from decnet_web.api.routes.fleet.workers.shapes import WorkerShown, WorkerTrouble

Unit: TypeAlias = Literal["events", "notices", "bytes"]


def worker_rows(report: Report) -> list[WorkerShown]:
    """Return a row for each process that should run, and for each worker that is off."""
    found: dict[str, list[WorkerTrouble]] = {}
    for name, count, what in troubles(report.workers, report.supervised):
        found.setdefault(name, []).append(WorkerTrouble(count=count, what=for_terminal(what, 1024)))
    rows = [_row(name, health, report, found.get(name, [])) for name, health in report.workers.items()]
    return rows + [_off(name, setting) for name, setting in sorted(report.off.items())]


def _row(name: str, health: Health | None, report: Report, found: list[WorkerTrouble]) -> WorkerShown:
    worker = worker_of(name)
    status = report.supervised.get(worker) or Status(worker, Phase.READY)
    supervised = worker in report.supervised
    pid = health.pid if health is not None and health.pid else None
    measured = measure(pid) if pid else None
    lag, unit = _lag(name, health, report.progress)
    return WorkerShown(
        name=name,
        worker=worker,
        state=_state(health, status if supervised else None),
        pid=pid,
        hosting=health.hosting if health is not None else None,
        uptime_seconds=health.uptime_seconds if pid and health is not None else None,
        restarts=_restarts(health, status if supervised else None),
        recycled=status.recycled,
        wakes=status.wakes,
        woken_by=for_terminal(status.woken_by, 256) or None,
        idle_wakes=status.idle_wakes,
        refused=status.refused,
        reason=for_terminal(status.reason, 1024) if status.reason else None,
        next_look=report.next_looks.get(worker) if health is not None and health.state == "parked" else None,
        off_until=None,
        rss=(measured.rss if measured else health.rss_bytes if health is not None and pid else None),
        pss=measured.pss if measured else None,
        uss=measured.uss if measured else None,
        shared=measured.pss - measured.uss if measured else None,
        modules=health.modules or None if health is not None else None,
        lag=lag,
        lag_unit=unit,
        dead_letters=report.progress.dead_letters.get(name, 0) if report.progress else 0,
        counters=health.counters if health is not None else {},
        troubles=found,
    )


def _off(name: str, setting: str) -> WorkerShown:
    return WorkerShown(
        name=name, worker=name, state="off", pid=None, hosting=None, uptime_seconds=None, restarts=None, recycled=0,
        wakes=0, woken_by=None, idle_wakes=0, refused=0, reason=None, next_look=None, off_until=f"[{name}] {setting}",
        rss=None, pss=None, uss=None, shared=None, modules=None, lag=None, lag_unit=None, dead_letters=0, counters={},
        troubles=[],
    )  # fmt: skip


def _state(health: Health | None, status: Status | None) -> str:
    """Return its own word, else its supervisor's; a hung one may count as ready there."""
    if health is not None:
        return health.state
    return "no answer" if status is None or status.phase is Phase.READY else status.phase.value


def _restarts(health: Health | None, status: Status | None) -> int | None:
    alone = health.counters.get("decoys_process_restarts") if health else None
    return status.restarts + int(alone or 0) if status else (int(alone) if alone is not None else None)


def _lag(name: str, health: Health | None, progress: Progress | None) -> tuple[int | None, Unit | None]:
    behind = progress.behind(name) if progress else None
    if behind is not None:
        return behind, "notices" if name in FOLLOW_NOTICES else "events"
    if health is not None and "lag_bytes" in health.counters:
        return int(health.counters["lag_bytes"]), "bytes"
    return None, None
