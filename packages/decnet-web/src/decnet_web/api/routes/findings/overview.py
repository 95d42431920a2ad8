# SPDX-License-Identifier: MIT
"""The first look: what happened since a time."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy import Connection

from decnet.cli.time_window import time_window
from decnet.findings.overview import Overview, TokenHit, overview_of
from decnet_core.timing.durations import HOUR_NS
from decnet_web.api.dependencies import InFleet, Viewer
from decnet_web.api.models import Answer
from decnet_web.api.moments import Moment
from decnet_web.api.routes.findings.answers import CanaryHitItem, TechniqueItem
from decnet_web.api.routes.findings.attacker_items import AttackerItem, with_origins
from decnet_web.api.routes.response.incident_items import IncidentItem, OpenIncidents, incident_item

router = APIRouter(tags=["overview"])


class ActivityHour(Answer):
    """Events of an hour; hours without any are left out."""

    at: Moment
    events: int


class LabelledHit(CanaryHitItem):
    """A use of a canary token with the token's label."""

    label: str | None
    """Null: the token was removed."""


class FleetTrouble(Answer):
    """A trouble of the fleet that has not ended."""

    trouble: str
    """Its kind, and what it is about."""
    since: Moment


class FleetHealth(Answer):
    """What the database knows of the fleet's health; /workers has what workers say of themselves."""

    deckies: dict[str, int]
    """By phase."""
    troubles: list[FleetTrouble]
    dead_letters: int
    """Events that a worker could not handle."""
    last_event_at: Moment | None


class OverviewAnswer(Answer):
    """What happened since a time, to the hour; each list is short and begins with what matters most."""

    since: Moment
    until: Moment
    events: int
    kinds: dict[str, int]
    deckies: dict[str, int]
    hours: list[ActivityHour]
    accepted_logins: int
    uncounted: int
    """Events of the log that are not in these counts yet."""
    made_known: int
    """Known sources added since then: what came from them before is in the counts of events, in no others."""
    attackers: int
    new_attackers: int
    """How many of them had never been here before."""
    sessions: int
    files: int
    top_attackers: list[AttackerItem]
    countries: dict[str, int]
    """Of the 500 attackers last seen, those whose country is known, by ISO 3166 code."""
    techniques: int
    """Techniques that were ever recognised."""
    new_techniques: list[TechniqueItem]
    """Those that never were before, the latest first."""
    canary_hits: list[LabelledHit]
    open_incidents: OpenIncidents
    incidents: list[IncidentItem]
    """Those that nobody has closed, the latest first."""
    health: FleetHealth


@router.get("/overview")
async def show_overview(
    fleet: InFleet,
    _viewer: Viewer,
    since: Annotated[str, Query(max_length=64, description="RFC 3339, or ago as `24h`, `7d`.")] = "24h",
    limit: Annotated[int, Query(ge=1, le=100)] = 10,
) -> OverviewAnswer:
    """Sum up what happened since a time: counts, activity by hour, attackers, techniques, canaries, incidents."""
    begin = time_window(since, None, names=("since", "until")).since
    return await fleet.read(lambda connection: _answer(connection, overview_of(connection, begin, limit)))


def _answer(connection: Connection, found: Overview) -> OverviewAnswer:
    counted, health = found.counted, found.health
    troubles = [FleetTrouble(trouble=name, since=since) for name, since in sorted(health.troubles.items())]
    return OverviewAnswer(
        since=found.since,
        until=found.until,
        events=counted.kinds.total(),
        kinds=dict(counted.kinds.most_common()),
        deckies=dict(counted.deckies.most_common(50)),
        hours=[ActivityHour(at=hour * HOUR_NS, events=events) for hour, events in sorted(counted.hours.items())],
        accepted_logins=counted.accepted,
        uncounted=counted.behind,
        made_known=found.made_known,
        attackers=found.attackers,
        new_attackers=found.new_attackers,
        sessions=found.sessions,
        files=found.files,
        top_attackers=with_origins(connection, found.top_attackers),
        countries=found.countries,
        techniques=found.techniques,
        new_techniques=[TechniqueItem.model_validate(one) for one in found.new_techniques],
        canary_hits=list(map(_hit, found.canary_hits)),
        open_incidents=OpenIncidents(**found.open_incidents),
        incidents=list(map(incident_item, found.incidents)),
        health=FleetHealth(
            deckies=health.deckies,
            troubles=troubles,
            dead_letters=health.dead_letters,
            last_event_at=health.last_event_at,
        ),
    )


def _hit(one: TokenHit) -> LabelledHit:
    names = CanaryHitItem.model_fields
    return LabelledHit(**{name: getattr(one.hit, name) for name in names}, label=one.label)
