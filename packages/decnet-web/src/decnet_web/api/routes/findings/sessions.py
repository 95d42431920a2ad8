# SPDX-License-Identifier: MIT
"""Interactive sessions: a list, one with what happened in it, and its recording."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query
from sqlalchemy import Connection
from starlette.responses import Response, StreamingResponse

from decnet.cli.addresses import canonical_address
from decnet.findings import sessions as listing
from decnet.history.playback import header_of, recording_file
from decnet_models.attackers.profile import Session
from decnet_web.api.audit import audited
from decnet_web.api.dependencies import InFleet, InPaging, InWindow, OrderDirection, Viewer
from decnet_web.api.listings.recent import RecentRoute
from decnet_web.api.models import Answer
from decnet_web.api.paging import Page, places_of
from decnet_web.api.routes.findings.answers import (
    ArtifactSighting,
    AttackerCommand,
    SessionItem,
    SessionStory,
    TagItem,
)

router = APIRouter(route_class=RecentRoute, tags=["sessions"])

_CHUNK = 1 << 16
_POSITION = places_of(Session, "last_seen", "attacker", "session")

Name = Annotated[str | None, Query(max_length=255)]


class SessionWhole(Answer):
    """A session with what happened in it; each list is bounded."""

    session: SessionItem
    story: SessionStory
    commands: list[AttackerCommand]
    files: list[ArtifactSighting]
    techniques: list[TagItem]


@router.get("/sessions", response_model=Page[SessionItem])
async def list_sessions(
    *,
    fleet: InFleet,
    paging: InPaging,
    window: InWindow,
    _viewer: Viewer,
    direction: OrderDirection = "desc",
    attacker: Annotated[str | None, Query(max_length=64)] = None,
    decky: Name = None,
    service: Name = None,
    user: Name = None,
    recorded: Annotated[bool | None, Query(description="Only those with, or without, a recording.")] = None,
) -> Response:
    """List interactive sessions, by default last seen first; with a span of time those of which a part lies in it."""
    address = None if attacker is None else canonical_address(attacker)
    wanted = listing.Wanted(attacker=address, decky=decky, service=service, user=user, recorded=recorded, window=window)

    def fetch(connection: Connection, after: listing.Position | None, limit: int) -> Sequence[Any]:
        return listing.session_rows(connection, limit, wanted, after=after, direction=direction)

    return await paging.answer(fleet, fetch, _POSITION, lambda _, rows: paging.rows(rows, lambda row: Session(*row)))


@router.get("/sessions/{session}")
async def show_session(fleet: InFleet, _viewer: Viewer, session: str) -> SessionWhole:
    """Show a session: its story, commands, files, and what rules recognised."""

    def fetch(connection: Connection) -> SessionWhole:
        return SessionWhole.model_validate(listing.whole_session(connection, session))

    return await fleet.read(fetch, (SessionWhole, session))


@router.get(
    "/sessions/{session}/recording",
    response_class=Response,
    responses={200: {"content": {"application/x-asciicast": {}}, "description": "asciicast v2"}},
)
async def play_session(fleet: InFleet, viewer: Viewer, session: str) -> Response:
    """Return the recording of a session: asciicast v2, with whatever the attacker's programs wrote to the terminal."""
    found = await fleet.read(lambda connection: listing.whole_session(connection, session, 1).session)
    file = await fleet.thread(lambda: _checked(recording_file(fleet.deployment.state, found)))
    await audited(fleet, viewer, "recording.play", session)
    headers = {
        "Content-Disposition": f'attachment; filename="{found.recording}.cast"',
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, max-age=3600",
        "ETag": f'"{found.recording}"',
    }
    return StreamingResponse(_pieces(file), media_type="application/x-asciicast", headers=headers)


def _checked(file: Path) -> Path:
    with file.open("rb") as stream:
        header_of(iter(stream))
    return file


def _pieces(file: Path) -> Iterator[bytes]:
    with file.open("rb") as stream:
        while piece := stream.read(_CHUNK):
            yield piece
