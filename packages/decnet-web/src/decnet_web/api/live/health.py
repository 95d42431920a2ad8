# SPDX-License-Identifier: MIT
"""GET /healthz and /readyz, for whoever watches the process: open to everybody, and without any detail."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter

from decnet.cli.errors import CommandError
from decnet_models.events import queries as events
from decnet_web.api.dependencies import InFleet
from decnet_web.api.models import Answer
from decnet_web.api.problems import Problem

router = APIRouter(tags=["live"])
root_router = APIRouter(tags=["live"])


class Health(Answer):
    """How the API is."""

    status: Literal["ok"] = "ok"


@root_router.get("/healthz", name="show_health_at_root")
@router.get("/healthz")
async def show_health() -> Health:
    """Say that the process answers."""
    return Health()


@root_router.get("/readyz", name="show_readiness_at_root")
@router.get("/readyz")
async def show_readiness(fleet: InFleet) -> Health:
    """Say that requests can be answered: the database is there, and of this version."""
    try:
        await fleet.read(events.last_seq)
    except CommandError as error:
        raise Problem(503, detail="the database cannot be used; `decnet status` says why") from error
    return Health()
