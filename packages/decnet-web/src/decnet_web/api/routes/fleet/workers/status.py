# SPDX-License-Identifier: MIT
"""The state of the fleet: what is wrong, first."""

from __future__ import annotations

from collections import Counter

from fastapi import APIRouter

from decnet.fleet.report import Report
from decnet.show.deckies import state_words
from decnet_web.api.dependencies import InFleet, Viewer
from decnet_web.api.routes.fleet.workers.asking import report_of
from decnet_web.api.routes.fleet.workers.rows import worker_rows
from decnet_web.api.routes.fleet.workers.status_shapes import FleetTrouble, ReportShown, StatusShown

router = APIRouter(tags=["workers"])


@router.get("/status")
async def show_status(fleet: InFleet, _viewer: Viewer) -> StatusShown:
    """Say first what is wrong, then how the fleet is in a few figures."""
    report = await report_of(fleet)
    return await fleet.thread(lambda: _status(report))


@router.get("/status/report")
async def show_status_report(fleet: InFleet, _viewer: Viewer) -> ReportShown:
    """Show all that `decnet status` knows; it is long with many deckies."""
    return ReportShown.model_validate(await report_of(fleet))


def _status(report: Report) -> StatusShown:
    return StatusShown(
        wrong=report.wrong,
        down=report.down,
        bus=report.bus,
        bus_reached=report.bus_reached,
        database=report.database,
        database_error=report.database_error,
        last_seq=report.progress.last_seq if report.progress else None,
        fleet_pss=report.fleet_pss,
        workers=Counter(row.state for row in worker_rows(report)),
        deckies=Counter(state_words(one, state) for one, state in report.deckies),
        incidents=report.incidents,
        troubles=[FleetTrouble(kind=kind, subject=subject, since=since) for kind, subject, since in report.troubles],
    )
