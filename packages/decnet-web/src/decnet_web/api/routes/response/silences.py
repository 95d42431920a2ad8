# SPDX-License-Identifier: MIT
"""Silences: incidents of which nobody is told for a time; they are recorded as ever."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter
from pydantic import Field
from sqlalchemy import Connection

from decnet.cli.time_window import time_ahead
from decnet.incidents import silencing
from decnet.incidents.acting import nudge
from decnet.webhook.selecting import Wish
from decnet_models.incidents.silences import Silence
from decnet_web.api.audit import record
from decnet_web.api.dependencies import Analyst, InFleet, Viewer
from decnet_web.api.models import Answer, Asked, RowNumber
from decnet_web.api.moments import Moment
from decnet_workers.webhook.incidents.selection import selection_of

router = APIRouter(prefix="/silences", tags=["incidents"])

Texts = Annotated[tuple[Annotated[str, Field(max_length=255)], ...], Field(max_length=100)]


class SilenceItem(Answer):
    """Incidents that fit all that is named are silent until a time."""

    id: int
    until: Moment
    who: str
    reason: str
    created_at: Moment
    sources: list[str]
    """Networks of attackers."""
    deckies: list[str]
    """Globs."""
    techniques: list[str]
    tags: list[str]
    """Globs of canary tokens, their labels, or titles of rules."""


class Silences(Answer):
    """The silences that last."""

    items: list[SilenceItem]


class AskedSilence(Asked):
    """What to be silent about; at least one list is not empty."""

    sources: Texts = ()
    deckies: Texts = ()
    techniques: Texts = ()
    tags: Texts = ()
    until: Annotated[str, Field(max_length=64)] = "8h"
    """How long (30m, 2h, 7d), or until when (RFC 3339)."""
    reason: Annotated[str, Field(max_length=4096)] = ""


def _item(one: Silence) -> SilenceItem:
    about: Any = selection_of(one.filter)
    lists = {name: list(getattr(about, name)) for name in ("sources", "deckies", "techniques", "tags")}
    return SilenceItem.model_validate({**msgspec.structs.asdict(one), **lists})


@router.get("")
async def list_silences(fleet: InFleet, _viewer: Viewer) -> Silences:
    """List the silences that last."""
    return await fleet.read(lambda connection: Silences(items=list(map(_item, silencing.lasting(connection)))))


@router.post("", status_code=201)
async def add_silence(fleet: InFleet, analyst: Analyst, asked: AskedSilence) -> SilenceItem:
    """Tell nobody of incidents for a time."""
    lists = {name: getattr(asked, name) or None for name in ("sources", "deckies", "techniques", "tags")}
    until = time_ahead("until", asked.until)

    def write(connection: Connection) -> SilenceItem:
        who = analyst.account.name
        number = silencing.add(connection, Wish(**lists), until, who, asked.reason)
        record(connection, analyst, "silence.add", str(number), **{k: v for k, v in lists.items() if v})
        return next(_item(one) for one in silencing.lasting(connection) if one.id == number)

    made = await fleet.write(write)
    await fleet.thread(lambda: nudge(fleet.deployment))
    return made


@router.delete("/{number}", status_code=204)
async def end_silence(fleet: InFleet, analyst: Analyst, number: RowNumber) -> None:
    """End a silence now."""

    def write(connection: Connection) -> None:
        silencing.end(connection, number)
        record(connection, analyst, "silence.end", str(number))

    await fleet.write(write)
    await fleet.thread(lambda: nudge(fleet.deployment))
