# SPDX-License-Identifier: MIT
"""One text, looked for everywhere an index finds it: attackers, sessions, credentials, files, then events."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy import Connection

from decnet.findings import attackers as of_attackers
from decnet.findings import credentials as of_credentials
from decnet.findings.sessions import sessions_beginning_with
from decnet.history.language import QueryError, parsed
from decnet.history.walk import page
from decnet_core.net.addresses import canonical, parse_network
from decnet_models.artifacts.queries import artifact_of, sightings
from decnet_models.history.words import words_in
from decnet_web.api.dependencies import InFleet, Viewer
from decnet_web.api.listings.recent import RecentRoute
from decnet_web.api.models import Answer
from decnet_web.api.routes.findings.answers import SessionItem
from decnet_web.api.routes.findings.attacker_items import AttackerItem, with_origins
from decnet_web.api.routes.findings.credentials import CredentialItem
from decnet_web.api.routes.findings.events import EventItem, event_item, not_ours
from decnet_web.api.routes.findings.files import FileItem, file_item

router = APIRouter(route_class=RecentRoute, tags=["search"])

_DIGEST = 64


class SearchAnswer(Answer):
    """What was found, of each kind at most `limit`; /events?q= goes on with events."""

    attackers: list[AttackerItem]
    """Addresses that begin with the text."""
    sessions: list[SessionItem]
    """Sessions whose id begins with it."""
    credentials: list[CredentialItem]
    """User names, passwords and keys that contain it, those tried most often first."""
    files: list[FileItem]
    """The file with this SHA-256."""
    events: list[EventItem]
    """Events in which it occurs, newest first, as far as one page of the log goes."""


@router.get("/search")
async def search_everything(
    fleet: InFleet,
    _viewer: Viewer,
    q: Annotated[str, Query(min_length=1, max_length=255)],
    limit: Annotated[int, Query(ge=1, le=100)] = 10,
) -> SearchAnswer:
    """Find attackers, sessions, credentials, files and events by a text; nothing in it has a meaning of its own."""
    return await fleet.read(lambda connection: _found(connection, q.strip(), limit))


def _found(connection: Connection, text: str, limit: int) -> SearchAnswer:
    lowered = text.lower()
    network = _network(lowered)
    wanted = of_attackers.Narrowing(network=network)
    attackers = of_attackers.attackers(connection, limit, wanted=wanted) if network else []
    credentials = of_credentials.credentials(connection, limit, of_credentials.Wanted(text=text)) if text else []
    sessions = sessions_beginning_with(connection, text, limit) if text else []
    file = artifact_of(connection, lowered) if len(lowered) == _DIGEST else None
    seen = sightings(connection, 1, sha256=lowered) if file else []
    return SearchAnswer(
        attackers=with_origins(connection, attackers),
        sessions=list(map(SessionItem.model_validate, sessions)),
        credentials=[CredentialItem.model_validate(one) for one in credentials],
        files=[file_item(file, next(iter(seen), None))] if file else [],
        events=_events(connection, text, limit),
    )


def _network(text: str) -> str | None:
    """Return the network, the address or the beginning of one that is meant; None: a text with a slash, as a path."""
    if "/" not in text:
        return canonical(text) or text
    try:
        return str(parse_network(text))
    except ValueError:
        return None


def _events(connection: Connection, text: str, limit: int) -> list[EventItem]:
    if not words_in(text):
        return []
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    try:
        query = parsed(f'"{quoted}"')
    except QueryError:
        return []
    found = page(connection, query, not_ours(connection, query), limit)
    return [event_item(one) for one in found.events]
