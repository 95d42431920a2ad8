# SPDX-License-Identifier: MIT
"""Incidents: the inbox, one with its timeline, and what people do with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Query
from pydantic import Field
from sqlalchemy import Connection
from starlette.responses import Response

from decnet.cli.addresses import canonical_address
from decnet.incidents import rows
from decnet.incidents.acting import ActionOutcome, act, nudge
from decnet.incidents.page import Page as IncidentPage
from decnet.incidents.page import page_of
from decnet_models.incidents import queries
from decnet_models.incidents.queries import Selection
from decnet_models.incidents.values import ACKNOWLEDGED, CLOSED, NOTE, Incident
from decnet_web.api.audit import record
from decnet_web.api.dependencies import Analyst, InFleet, InPaging, InWindow, OrderDirection, Viewer
from decnet_web.api.fleet import Fleet
from decnet_web.api.listings.recent import RecentRoute
from decnet_web.api.models import Answer, Asked, RowNumber
from decnet_web.api.moments import Moment
from decnet_web.api.paging import Page, places_of
from decnet_web.api.principal import Principal
from decnet_web.api.routes.response.incident_items import (
    IncidentItem,
    IncidentState,
    OpenIncidents,
    Severity,
    incident_item,
)
from decnet_workers.webhook.incidents.severity import NUMBERS

router = APIRouter(route_class=RecentRoute, prefix="/incidents", tags=["incidents"])

_POSITION = places_of(Incident, "last_seen", "id")


class IncidentValue(Answer):
    """An address, decky, service, technique or token of an incident."""

    field: str
    value: str
    notices: int
    first_seen: Moment
    last_seen: Moment


class IncidentStep(Answer):
    """A notice of an incident."""

    seq: int
    ts: Moment
    kind: str
    severity: Severity
    decky: str | None
    line: str
    technique: str | None
    event: str
    """The id of the event that it is about; empty: none."""
    notice: dict[str, Any] = Field(json_schema_extra={"additionalProperties": True})


class IncidentAction(Answer):
    """What a person did with an incident."""

    seq: int
    incident: int
    verb: Literal["acknowledged", "closed", "note"]
    who: str
    note: str
    created_at: Moment


class IncidentWhole(Answer):
    """All that is known of an incident."""

    summary: IncidentItem
    title: str
    values: list[IncidentValue]
    timeline: list[IncidentStep]
    """Up to `limit` of its notices, oldest first."""
    actions: list[IncidentAction]
    merged: list[int]
    """Numbers of the incidents that are part of this one now."""


class AskedAction(Asked):
    """What others should know."""

    note: Annotated[str, Field(max_length=queries.MAX_NOTE)] = ""


class AskedNote(Asked):
    """A note."""

    note: Annotated[str, Field(min_length=1, max_length=queries.MAX_NOTE)]


class AskedActions(Asked):
    """The same for several incidents: all of them, or none when one does not exist."""

    incidents: Annotated[list[RowNumber], Field(min_length=1, max_length=200)]
    note: Annotated[str, Field(max_length=queries.MAX_NOTE)] = ""


class IncidentOutcome(Answer):
    """What came of acting on an incident."""

    incident: int
    done: bool
    """False: somebody was first, and nothing was written."""
    earlier: IncidentAction | None
    """Who was first, and when."""


class IncidentOutcomes(Answer):
    """What came of acting on several."""

    items: list[IncidentOutcome]


@router.get("", response_model=Page[IncidentItem])
async def list_incidents(
    *,
    fleet: InFleet,
    paging: InPaging,
    window: InWindow,
    _viewer: Viewer,
    direction: OrderDirection = "desc",
    state: Annotated[list[IncidentState] | None, Query(description="Only in one of these states.")] = None,
    severity: Annotated[Severity, Query(description="Only at least so severe.")] = "low",
    min_score: Annotated[int, Query(ge=0, le=100)] = 0,
    attacker: Annotated[str | None, Query(max_length=64)] = None,
    decky: Annotated[str | None, Query(max_length=255)] = None,
    technique: Annotated[str | None, Query(max_length=16)] = None,
    token: Annotated[str | None, Query(max_length=255)] = None,
) -> Response:
    """List incidents, by default those with the latest events first."""
    selection = Selection(
        states=tuple(state or ()),
        least_severity=NUMBERS[severity],
        least_score=min_score,
        window=window if window.bounded else None,
        attacker=None if attacker is None else canonical_address(attacker),
        decky=decky,
        technique=technique,
        token=token,
    )

    def fetch(connection: Connection, after: tuple[int, int] | None, limit: int) -> Sequence[Any]:
        return queries.incident_rows(connection, limit, selection, before=after, direction=direction)

    return await paging.answer(fleet, fetch, _POSITION, lambda _, rows: paging.rows(rows, _of_row))


def _of_row(row: Sequence[Any]) -> IncidentItem:
    return incident_item(queries.listed_of(row))


@router.get("/open")
async def count_open_incidents(fleet: InFleet, _viewer: Viewer) -> OpenIncidents:
    """Count the incidents that nobody has closed."""
    return OpenIncidents(**await fleet.read(rows.open_by_severity))


@router.post("/acknowledge")
async def acknowledge_incidents(fleet: InFleet, analyst: Analyst, asked: AskedActions) -> IncidentOutcomes:
    """Take charge of several incidents."""
    return IncidentOutcomes(items=await _act(fleet, analyst, asked.incidents, ACKNOWLEDGED, asked.note))


@router.post("/close")
async def close_incidents(fleet: InFleet, analyst: Analyst, asked: AskedActions) -> IncidentOutcomes:
    """Close several incidents."""
    return IncidentOutcomes(items=await _act(fleet, analyst, asked.incidents, CLOSED, asked.note))


@router.get("/{number}")
async def show_incident(
    fleet: InFleet, _viewer: Viewer, number: RowNumber, limit: Annotated[int, Query(ge=1, le=1000)] = 200
) -> IncidentWhole:
    """Show an incident, or the one that it was merged into: who, what, where, its timeline, who does what about it."""
    return await fleet.read(lambda connection: _whole(page_of(connection, number, limit), connection, number))


def _whole(found: IncidentPage, connection: Connection, number: int) -> IncidentWhole:
    listed = queries.find(connection, number)
    assert listed is not None  # the page was found
    steps = [{**msgspec.structs.asdict(one), "notice": _plain(one.notice)} for one in found.timeline]
    return IncidentWhole.model_validate(
        {
            **{name: getattr(found, name) for name in ("title", "values", "actions", "merged")},
            "summary": incident_item(listed),
            "timeline": steps,
        }
    )


def _plain(notice: Any) -> dict[str, Any]:
    """Return the notice without its time, which stands beside it."""
    content: dict[str, Any] = msgspec.to_builtins(notice)
    return {name: value for name, value in content.items() if name != "ts"}


@router.post("/{number}/acknowledge")
async def acknowledge_incident(
    fleet: InFleet, analyst: Analyst, number: RowNumber, asked: AskedAction
) -> IncidentOutcome:
    """Take charge of an incident: nothing more is told of it unless it becomes more severe."""
    return (await _act(fleet, analyst, [number], ACKNOWLEDGED, asked.note))[0]


@router.post("/{number}/close")
async def close_incident(fleet: InFleet, analyst: Analyst, number: RowNumber, asked: AskedAction) -> IncidentOutcome:
    """Close an incident: what these attackers do next is a new one."""
    return (await _act(fleet, analyst, [number], CLOSED, asked.note))[0]


@router.post("/{number}/notes")
async def add_incident_note(fleet: InFleet, analyst: Analyst, number: RowNumber, asked: AskedNote) -> IncidentOutcome:
    """Add a note to an incident."""
    return (await _act(fleet, analyst, [number], NOTE, asked.note))[0]


async def _act(fleet: Fleet, analyst: Principal, numbers: list[int], verb: str, note: str) -> list[IncidentOutcome]:
    def write(connection: Connection) -> list[ActionOutcome]:
        outcomes = act(connection, numbers, verb, analyst.account.name, note)
        for one in outcomes:
            if one.earlier is None:
                record(connection, analyst, f"incident.{verb}", str(one.number))
        return outcomes

    outcomes = await fleet.write(write)
    await fleet.thread(lambda: nudge(fleet.deployment))
    return [
        IncidentOutcome.model_validate({"incident": one.number, "done": one.earlier is None, "earlier": one.earlier})
        for one in outcomes
    ]
