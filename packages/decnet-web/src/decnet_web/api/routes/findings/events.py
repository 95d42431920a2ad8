# SPDX-License-Identifier: MIT
"""The event log: pages of it by a query, one event, and the texts in events."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, Query
from pydantic import Field
from sqlalchemy import Connection
from starlette.responses import Response

from decnet.cli.addresses import canonical_address
from decnet.cli.errors import NotFoundError
from decnet.cli.event_kinds import known_kinds
from decnet.history.language import FIELDS, LONGEST, Condition, EventQuery, QueryError, parsed
from decnet.history.newest import newest_of
from decnet.history.walk import page_of
from decnet_core.events.catalogue import KINDS
from decnet_core.net.addresses import parse_network
from decnet_core.text import for_terminal
from decnet_models.database.window import Window
from decnet_models.events import queries
from decnet_models.events.queries import StoredEvent, stored
from decnet_models.known.matching import KnownSources
from decnet_models.known.queries import known_sources
from decnet_web.api.dependencies import InFleet, InPaging, InWindow, OrderDirection, Viewer
from decnet_web.api.listings.recent import RecentRoute
from decnet_web.api.models import Answer
from decnet_web.api.moments import Moment, moment_text
from decnet_web.api.paging import Page
from decnet_web.api.problems import Problem

router = APIRouter(route_class=RecentRoute, tags=["events"])

_SUMMARY = 400
_NANOSECONDS = frozenset({"last_ts"})


class EventItem(Answer):
    """One event of the log. Texts in it are the attacker's: show them as text."""

    seq: int
    """Its place in the log: it grows in the order of arrival, and is never reused."""
    id: UUID
    """The UUIDv7 that it was given where it happened."""
    ts: Moment
    """When it happened, by the clock of the sensor."""
    kind: str
    """auth.attempt, http.request, ..."""
    sensor: str
    """The host that recorded it."""
    decky: str | None
    """The decky that was touched."""
    src_ip: str | None
    """The attacker's address."""
    src_port: int | None
    dst_ip: str | None
    dst_port: int | None
    session: str | None
    """What joins the events of one session."""
    synthetic: bool
    """Whether the fleet's own simulated activity caused it."""
    occurrences: int
    """How many events it stands for."""
    summary: str
    """What happened, on one line."""
    payload: dict[str, Any] = Field(json_schema_extra={"additionalProperties": True})
    """The fields of its kind."""


class EventKind(Answer):
    """A kind of event."""

    kind: str
    summary: str
    """What it means."""


class EventLanguage(Answer):
    """What a query of events can consist of."""

    fields: list[str]
    kinds: list[EventKind]


def event_item(stored: StoredEvent) -> EventItem:
    """Return an event as the API shows it."""
    return EventItem.made(**event_values(stored))


def event_values(stored: StoredEvent) -> dict[str, Any]:
    """Return the fields of that."""
    one = stored.event
    return {
        "seq": stored.seq,
        "id": one.id,
        "ts": one.ts,
        "kind": one.kind,
        "sensor": one.sensor,
        "decky": one.decky,
        "src_ip": one.src_ip,
        "src_port": one.src_port,
        "dst_ip": one.dst_ip,
        "dst_port": one.dst_port,
        "session": one.session,
        "synthetic": one.synthetic,
        "occurrences": one.payload.occurrences,
        "summary": for_terminal(one.payload.summary(), _SUMMARY),
        "payload": _plain(msgspec.to_builtins(one.payload)),
    }


def _plain(payload: dict[str, Any]) -> dict[str, Any]:
    """Return the payload with times as RFC 3339: JavaScript cannot hold nanoseconds."""
    if isinstance(repeats := payload.get("repeats"), dict):
        payload["repeats"] = {
            name: moment_text(value) if name in _NANOSECONDS else value for name, value in repeats.items()
        }
    return payload


def query_of(text: str) -> EventQuery:
    """Return the query that was written; raises Problem 422, which says where it is wrong."""
    try:
        return parsed(text)
    except QueryError as error:
        raise Problem(422, "Bad query", str(error), at=error.at, length=error.length) from error


def not_ours(connection: Connection, query: EventQuery) -> KnownSources:
    """Return the known sources whose events are left out: none when the query names sources or a session."""
    if query.known or query.only("src") or query.only("session"):
        return KnownSources()
    return KnownSources(known_sources(connection))


Q = Annotated[
    str,
    Query(
        max_length=LONGEST,
        description='A query, e.g. `kind:auth.attempt src:203.0.113.0/24 -decky:web-1 "text words"`; fields: '
        + ", ".join(FIELDS),
    ),
]
Kinds = Annotated[list[str] | None, Query(description="Only these kinds.")]
Name = Annotated[str | None, Query(max_length=255)]


@router.get("/events", response_model=Page[EventItem])
async def list_events(
    *,
    fleet: InFleet,
    paging: InPaging,
    window: InWindow,
    _viewer: Viewer,
    q: Q = "",
    kind: Kinds = None,
    source: Annotated[str | None, Query(max_length=64, description="Only from this address.")] = None,
    decky: Name = None,
    session: Name = None,
    known: Annotated[bool, Query(description="Also what known sources do.")] = False,
    synthetic: Annotated[bool, Query(description="Also what the fleet simulates.")] = False,
    direction: OrderDirection = "desc",
) -> Response:
    """List events, by default newest first: in the order of arrival, or with a span of time in that of their times.

    Events of known sources are left out unless sources or a session are asked for. A page may have fewer events than
    `limit`, even none, and yet a next one: the server looks at a bounded part of the log for each page.
    """
    query = query_of(q)
    added = [
        *([Condition("kind", known_kinds(kind))] if kind else []),
        *([Condition("src", (parse_network(canonical_address(source)),))] if source else []),
        *([Condition("decky", (decky,))] if decky else []),
        *([Condition("session", (session,))] if session else []),
    ]
    query = msgspec.structs.replace(
        query,
        conditions=(*added, *query.conditions),
        window=_within(query.window, window),
        known=query.known or known,
        synthetic=query.synthetic or synthetic,
    )

    whole = paging.keeps and not (query.conditions or query.texts or query.excluded_texts or query.window.bounded)

    def fetch(
        connection: Connection, after: tuple[int, int] | None, limit: int
    ) -> tuple[list[Any], tuple[int, int] | None]:
        ours = not_ours(connection, query)
        if whole and not ours and direction == "desc":
            found = newest_of(connection, limit, after, synthetic=query.synthetic, known=paging.known, make=shown)
            if found is not None:
                return found
        known_rows = paging.known if paging.keeps else None
        return page_of(connection, query, ours, limit, after, direction=direction, make=shown, known_rows=known_rows)

    def shown(row: Any) -> Any:
        return paging.row((row[0], row[1]), lambda: event_values(stored(row)))

    return await paging.walk(fleet, fetch)


def _within(one: Window, other: Window) -> Window:
    return Window(max(one.since, other.since), min(one.until, other.until))


@router.get("/events/language")
async def show_event_language(_viewer: Viewer) -> EventLanguage:
    """Say which fields and kinds a query can have."""
    return _language()


@cache
def _language() -> EventLanguage:
    kinds = [
        EventKind(kind=name, summary=(payload.__doc__ or name).strip().partition("\n")[0])
        for name, payload in KINDS.items()
    ]
    return EventLanguage(fields=list(FIELDS), kinds=kinds)


@router.get("/events/{event}")
async def show_event(fleet: InFleet, _viewer: Viewer, event: UUID) -> EventItem:
    """Show one event of the log."""
    found = await fleet.read(lambda connection: queries.by_ids(connection, [event]), show_event)
    if not found:
        raise NotFoundError(f"the log has no event {event}; it was never there, or has been forgotten")
    return event_item(found[0])
