# SPDX-License-Identifier: MIT
"""GET /metrics, for Prometheus: with a token, or from this host without a proxy between."""

from __future__ import annotations

from importlib.metadata import version

from fastapi import APIRouter, Request
from sqlalchemy import Connection
from starlette.responses import PlainTextResponse

from decnet_core.net.addresses import parse_address
from decnet_models.events import queries as events
from decnet_models.notices import queries as notices
from decnet_web.api.accounts.authentication import authenticate
from decnet_web.api.dependencies import InFleet
from decnet_web.api.live.exposition import CONTENT_TYPE, exposition
from decnet_web.api.live.figures import Totals, figures
from decnet_web.api.passage.clients import LOCAL
from decnet_web.api.routes.fleet.workers.asking import report_of
from decnet_web.api.routes.fleet.workers.rows import worker_rows

router = APIRouter(tags=["live"])
root_router = APIRouter(tags=["live"])


@root_router.get("/metrics", response_class=PlainTextResponse, name="show_metrics_at_root")
@router.get("/metrics", response_class=PlainTextResponse)
async def show_metrics(request: Request, fleet: InFleet) -> PlainTextResponse:
    """Show the fleet's figures in the text format of Prometheus.

    A program on the same host may ask without a token, at `[api] listen` or its UNIX socket; through `web` or any
    other proxy, and from elsewhere, it needs one.
    """
    if not _near(request):
        await authenticate(request, fleet)
    report = await report_of(fleet)
    workers = await fleet.thread(lambda: worker_rows(report))
    broadcast = getattr(request.app.state, "broadcast", None)

    def count(connection: Connection) -> tuple[int, int]:
        return events.last_seq(connection), notices.last_seq(connection)

    stored, written = await fleet.read(count)
    listeners = len(broadcast) if broadcast is not None else 0
    totals = Totals(version("decnet-web"), stored, written, listeners, request.app.state.policy_reports.number)
    return PlainTextResponse(exposition(figures(report, workers, totals)), media_type=CONTENT_TYPE)


def _near(request: Request) -> bool:
    if request.client is None or "x-forwarded-for" in request.headers or "forwarded" in request.headers:
        return False
    address = parse_address(request.client.host)
    return request.client.host == LOCAL or (address is not None and address.is_loopback)
