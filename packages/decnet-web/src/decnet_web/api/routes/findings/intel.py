# SPDX-License-Identifier: MIT
"""What other parties say about an indicator: an address, a host name, or a file's SHA-256."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from sqlalchemy import Connection

from decnet.cli.addresses import canonical_address
from decnet.intel.known import known, refresh
from decnet_core.net.addresses import canonical
from decnet_models.intel.queries import Verdict
from decnet_web.api.audit import audited
from decnet_web.api.dependencies import Analyst, InFleet, Viewer
from decnet_web.api.listings.recent import RecentRoute
from decnet_web.api.models import Answer
from decnet_web.api.moments import Moment
from decnet_web.api.routes.findings.answers import IntelFinding

router = APIRouter(route_class=RecentRoute, prefix="/intel", tags=["intel"])


class IntelKnown(Answer):
    """Everything that is known about an indicator."""

    indicator: str
    verdict: Verdict
    """The worst one that holds."""
    since: Moment | None
    """When the verdict became what it is."""
    reasons: list[str]
    findings: list[IntelFinding]
    """Of each provider the last one, also when it no longer holds."""
    waiting: list[str]
    """Providers that are still to be asked."""


@router.get("/{indicator}")
async def show_intel(
    fleet: InFleet, _viewer: Viewer, indicator: Annotated[str, Path(min_length=1, max_length=255)]
) -> IntelKnown:
    """Show what each provider says about an indicator, and what is still being asked."""
    text = canonical(indicator) or indicator.lower()
    return await fleet.read(lambda connection: _answer(connection, text), (_answer, text))


@router.post("/{address}/refresh", status_code=202)
async def refresh_intel(fleet: InFleet, analyst: Analyst, address: Annotated[str, Path(max_length=64)]) -> IntelKnown:
    """Have all providers asked about an address anew; the worker enrich does so within its quotas."""
    text = canonical_address(address)
    await fleet.thread(lambda: refresh(fleet.deployment, text))
    await audited(fleet, analyst, "intel.refresh", text)
    return await fleet.read(lambda connection: _answer(connection, text))


def _answer(connection: Connection, indicator: str) -> IntelKnown:
    return IntelKnown.model_validate(known(connection, indicator))
