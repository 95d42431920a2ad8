# SPDX-License-Identifier: MIT
"""The stream."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from typing import Annotated, Literal

from fastapi import APIRouter, Header, Query, Request
from sqlalchemy import Connection
from starlette.responses import StreamingResponse

from decnet.cli.addresses import canonical_address
from decnet_models.accounts import queries as accounts
from decnet_web.api.dependencies import InFleet, Viewer
from decnet_web.api.fleet import Fleet
from decnet_web.api.live.stream.batch import Wanted, message
from decnet_web.api.live.stream.broadcast import Broadcast
from decnet_web.api.live.stream.listener import Listener
from decnet_web.api.live.stream.position import Position, parse_position
from decnet_web.api.principal import Principal
from decnet_web.api.problems import Problem

router = APIRouter(tags=["live"])

HEARTBEAT_SECONDS = 15.0
"""At most this long nothing is sent, and as often it is seen whether the session has ended."""
MOST_LISTENERS = 500
_RETRY = b"retry: 1000\n"
_GONE = (
    b'{"reason":"position","detail":"what this client has not seen is not kept, or too much: load what is shown again"}'
)
_ENDED = b'{"reason":"session","detail":"the session has ended; log in again"}'


@router.get(
    "/stream",
    responses={200: {"content": {"text/event-stream": {}}, "description": "Messages `event`, `notice`, `skipped`."}},
)
async def stream_news(
    *,
    request: Request,
    fleet: InFleet,
    viewer: Viewer,
    table: Annotated[list[Literal["event", "notice"]] | None, Query(description="Only from these.")] = None,
    kind: Annotated[list[str] | None, Query(max_length=100, description="Only these kinds.")] = None,
    source: Annotated[list[str] | None, Query(max_length=100, description="Only of these addresses.")] = None,
    known: Annotated[bool, Query(description="Also what known sources do.")] = False,
    last_event_id: Annotated[str | None, Header(max_length=64)] = None,
) -> StreamingResponse:
    """Follow the event log and the notices as server-sent events.

    `event` holds what GET /events lists, `notice` a notice. The id of a message names the place in both: sent as
    Last-Event-ID by a client that comes again, it gets each message exactly once. `skipped` says that messages were
    left out, because the client was too slow or away for too long; `ended`, the last, that its session is over.
    """
    broadcast = broadcast_of(request, fleet)
    if len(broadcast) >= MOST_LISTENERS:
        raise Problem(503, detail=f"{MOST_LISTENERS} clients listen; try later", headers={"Retry-After": "10"})
    addresses = frozenset(canonical_address(one) for one in source or ())
    wanted = Wanted(frozenset(table or ()), frozenset(kind or ()), addresses, known)
    position = parse_position(last_event_id) if last_event_id else None
    lost = bool(last_event_id) and position is None
    body = _messages(fleet, broadcast, viewer, wanted, None if lost else position, lost=lost)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(body, media_type="text/event-stream", headers=headers)


def broadcast_of(request: Request, fleet: Fleet) -> Broadcast:
    """Return the application's broadcast."""
    state = request.app.state
    if not hasattr(state, "broadcast"):
        state.broadcast = Broadcast(fleet)
    found: Broadcast = state.broadcast
    return found


async def _messages(
    fleet: Fleet, broadcast: Broadcast, viewer: Principal, wanted: Wanted, position: Position | None, *, lost: bool
) -> AsyncGenerator[bytes]:
    listener, missed = await broadcast.join(wanted, position)
    try:
        yield _RETRY + (message("skipped", listener.position, _GONE) if missed or lost else _beat(listener))
        while not broadcast.attach(listener):
            batch = await broadcast.missed(listener)
            text = batch.text(listener.wanted, listener.position)
            listener.position = batch.end
            if text:
                yield text
        due = time.monotonic() + HEARTBEAT_SECONDS
        while not listener.ended:
            text = await listener.next(max(0.0, due - time.monotonic()))
            if text:
                yield text
            if time.monotonic() >= due:
                if not await fleet.read(lambda connection: _lasts(connection, viewer)):
                    yield message("ended", listener.position, _ENDED)
                    return
                yield _beat(listener)
                due = time.monotonic() + HEARTBEAT_SECONDS
    finally:
        broadcast.leave(listener)


def _beat(listener: Listener) -> bytes:
    """Return a message without content: it moves the client's position past what it does not want."""
    return f"id: {listener.position}\n\n".encode()


def _lasts(connection: Connection, viewer: Principal) -> bool:
    """Return whether the session or token is still valid; a stream is no use that would prolong it."""
    find = accounts.authenticate_session if viewer.means == "session" else accounts.authenticate_token
    return find(connection, viewer.digest, now_ns=time.time_ns()) is not None
