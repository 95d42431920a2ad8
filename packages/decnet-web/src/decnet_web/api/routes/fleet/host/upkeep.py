# SPDX-License-Identifier: MIT
"""Lines that were put aside; workers that handle events again; what synthetic users do."""

from __future__ import annotations

import operator
import time
from collections.abc import Sequence
from typing import Annotated

import msgspec
from fastapi import APIRouter, Path, Query
from sqlalchemy import Connection
from starlette.responses import Response

from decnet.cli.errors import OperatorError
from decnet.fleet.deployment import transaction
from decnet.orchestrator.agenda import agenda
from decnet.quarantine import lines
from decnet.quarantine.lines import Kept
from decnet_core.text import for_terminal
from decnet_models.following import replay as replays
from decnet_models.following.replay import Plan
from decnet_web.api.audit import audited, record
from decnet_web.api.dependencies import Admin, Analyst, InFleet, InPaging, OrderDirection, Viewer
from decnet_web.api.fleet import Fleet
from decnet_web.api.paging import Page
from decnet_web.api.problems import Problem
from decnet_web.api.routes.fleet.digests import digest_of, refuse_changed
from decnet_web.api.routes.fleet.host.upkeep_shapes import (
    AgendaAction,
    AgendaShown,
    KeptLine,
    KeptLineDetail,
    ReplayBeginAsked,
    ReplayPlanAsked,
    ReplayPlanShown,
    RetriedLines,
    RetryAsked,
)
from decnet_workers.orchestrator.settings import OrchestratorSettings

router = APIRouter(tags=["upkeep"])

_PAGE_CHARACTERS = 4_000_000
"""Of lines on a page, which may have a MiB each."""

All = Annotated[bool, Query(description="Also events that are in the log by now.")]
Whole = Annotated[bool, Query(description="Each with the line itself; a page of long lines has fewer than `limit`.")]
Decky = Annotated[str | None, Query(max_length=63, description="Only on this decky.")]
Most = Annotated[int, Query(ge=1, le=1000, description="At most this many.")]


@router.get("/quarantine", response_model=Page[KeptLine])
async def list_quarantine(
    *,
    fleet: InFleet,
    paging: InPaging,
    _analyst: Analyst,
    everything: All = False,
    whole: Whole = False,
    direction: OrderDirection = "desc",
) -> Response:
    """List lines that were put aside, newest first, each with the reason."""

    def fetch(
        _: Connection, position: tuple[str, str] | None, limit: int
    ) -> tuple[list[KeptLine], tuple[str, str] | None]:
        kept = [one for one in lines.all_kept(fleet.deployment) if everything or not one.stored]
        kept.sort(key=_place, reverse=direction == "desc")
        if position is not None:
            place = (int(position[0]), position[1])
            follows = operator.lt if direction == "desc" else operator.gt
            kept = [one for one in kept if follows(_place(one), place)]
        page = kept[: _fitting(kept[:limit]) if whole else limit]
        following = (str(page[-1].line.at), page[-1].id) if len(page) < len(kept) else None
        return [_row(one, whole=whole) for one in page], following

    return await paging.walk(fleet, fetch)


@router.get("/quarantine/{worker}/{segment}/{offset}")
async def show_quarantined_line(
    worker: Annotated[str, Path(max_length=64, pattern="^[a-z][a-z0-9-]*$")],
    segment: Annotated[int, Path(ge=0, le=2**53)],
    offset: Annotated[int, Path(ge=0, le=2**53)],
    fleet: InFleet,
    _analyst: Analyst,
) -> KeptLineDetail:
    """Show one line, whole."""
    (one,) = await fleet.thread(lambda: lines.named(fleet.deployment, [f"{worker}/{segment}/{offset}"]))
    text = for_terminal(one.line.line, len(one.line.line))
    return KeptLineDetail(**dict(_row(one, whole=True)), text=text)


@router.post("/quarantine/retry")
async def retry_quarantined(asked: RetryAsked, fleet: InFleet, analyst: Analyst) -> RetriedLines:
    """Store events once more, when the reason is mended; one that is in the log already is not stored twice."""
    done = await fleet.thread(lambda: lines.retry(fleet.deployment, asked.ids))
    await audited(fleet, analyst, "quarantine.retry", None, stored=done.stored, refused=len(done.refused))
    return RetriedLines(
        stored=done.stored, known=done.known, refused=[for_terminal(one, 1024) for one in done.refused[:1000]]
    )


@router.post("/replays/plan")
async def plan_replay(asked: ReplayPlanAsked, fleet: InFleet, _admin: Admin) -> ReplayPlanShown:
    """Show what it does to let a worker handle events again. Nothing is changed."""
    return _shown(await fleet.read(lambda connection: _plan(connection, asked)))


@router.post("/replays", status_code=202)
async def begin_replay(asked: ReplayBeginAsked, fleet: InFleet, admin: Admin) -> ReplayPlanShown:
    """Let a worker handle events again, as it was planned; its lag in GET /workers says how far it is."""
    return _shown(await fleet.thread(lambda: _begin(fleet, asked, admin)))


@router.get("/orchestrator/agenda")
async def show_agenda(fleet: InFleet, _viewer: Viewer, decky: Decky = None, limit: Most = 200) -> AgendaShown:
    """Show what synthetic users did in the last 24 hours, and what is planned for the next ones."""
    settings = fleet.deployment.settings.section("orchestrator", OrchestratorSettings)
    found = await fleet.read(lambda connection: agenda(connection, settings, decky, limit, time.time_ns()))
    items = [AgendaAction.model_validate(one) for one in found.actions]
    return AgendaShown(enabled=found.enabled, hosts=found.hosts, items=items)


def _place(one: Kept) -> tuple[int, str]:
    return one.line.at, one.id


def _fitting(kept: Sequence[Kept]) -> int:
    """Return how many lines are on a page that has them whole, at least one."""
    size = 0
    for number, one in enumerate(kept):
        size += len(one.line.line) + len(one.line.exact)
        if size > _PAGE_CHARACTERS:
            return max(1, number)
    return len(kept)


def _row(one: Kept, *, whole: bool = False) -> KeptLine:
    return KeptLine(
        id=one.id,
        worker=one.worker,
        at=one.line.at,
        source=for_terminal(one.line.source, 255),
        reason=for_terminal(one.line.reason, 1024),
        bytes=len(one.line.content()),
        stored=one.stored,
        line=one.line.line if whole else None,
        exact=one.line.exact if whole else None,
    )


def _plan(connection: Connection, asked: ReplayPlanAsked) -> Plan:
    if (asked.since is None) == (asked.since_time is None):
        raise Problem(422, "Bad input", "say from where on: either `since` or `since_time`")
    first = asked.since if asked.since is not None else replays.row_at(connection, asked.since_time or 0)
    return replays.plan(connection, asked.worker, first)


def _begin(fleet: Fleet, asked: ReplayBeginAsked, admin: Admin) -> Plan:
    """Begin it as the command does: it empties tables of the worker, which `operator` does not own."""
    with transaction(fleet.deployment, write=True) as connection:
        plan = _plan(connection, asked)
        refuse_changed(_lasting(plan), asked.digest, f"what a replay of {asked.worker} does")
        if plan.forgotten and not asked.lose_forgotten:
            raise OperatorError(
                f"{plan.worker} counts all events, and retention has removed {plan.forgotten} of them; what they added "
                "would be lost. If that is intended, send lose_forgotten"
            )
        replays.begin(connection, plan)
        record(connection, admin, "worker.replay", plan.worker, first=plan.first, events=plan.events)
    return plan


def _shown(plan: Plan) -> ReplayPlanShown:
    from decnet.commands.replay import words

    fields = {name: getattr(plan, name) for name in Plan.__struct_fields__}
    return ReplayPlanShown.model_validate({**fields, "words": words(plan), "digest": digest_of(_lasting(plan))})


def _lasting(plan: Plan) -> Plan:
    """Return what a plan says without how many events there are: more come while somebody reads it."""
    return msgspec.structs.replace(plan, last=0, events=0)
