# SPDX-License-Identifier: MIT
"""Lines that were put aside, events that workers handle again, and what synthetic users do."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pydantic import Field

from decnet_web.api.models import Answer, Asked, RowNumber
from decnet_web.api.moments import Moment


class KeptLine(Answer):
    """A line that a worker could not read, or that the database would not store."""

    id: str
    """WORKER/SEGMENT/OFFSET."""
    worker: str
    at: Moment
    source: str
    """Where it came from."""
    reason: str
    bytes: int
    stored: bool | None
    """Whether the event in it is in the log by now; null: it holds none, or nobody knows."""
    line: str | None = None
    """As it was; null where it was not asked for."""
    exact: str | None = None
    """The line in base64 where its bytes are not UTF-8, and `line` shows them escaped; else empty."""


class KeptLineDetail(KeptLine):
    """One line, whole."""

    text: str
    """Safe to show: control characters are escaped."""
    line: str
    exact: str


class RetryAsked(Asked):
    """Which events are to be stored once more."""

    ids: list[str] | None = Field(None, min_length=1, max_length=2_500)
    """Absent: all that ingest put aside."""


class RetriedLines(Answer):
    """What came of it."""

    stored: int
    known: int
    """How many were in the log already."""
    refused: list[str]
    """A sentence for each that was refused again."""


class ReplayPlanAsked(Asked):
    """A worker that is to handle events again."""

    worker: str = Field(max_length=64)
    since: RowNumber | None = None
    """The first event's number in the log."""
    since_time: Moment | None = None
    """Instead: the time from which on events happened."""


class ReplayBeginAsked(ReplayPlanAsked):
    """The same, with the digest of its plan."""

    digest: str = Field(max_length=64)
    lose_forgotten: bool = False
    """Even if retention has removed events that were counted: what they added is lost."""


class ReplayPlanShown(Answer):
    """What it would do, or has begun."""

    worker: str
    asked: int
    first: int
    last: int
    events: int
    emptied: list[str]
    """Tables that are emptied now and rebuilt; until it is done they are incomplete."""
    kept: list[str]
    """Tables that are kept and added to."""
    forgotten: int
    """Events that retention has removed, whose part in sums would be lost."""
    words: str
    digest: str
    """What to send to begin it."""


class AgendaAction(Answer):
    """What a synthetic user does."""

    id: UUID
    kind: str
    decky: str
    peer: str | None
    persona: str
    protocol: str | None
    token: str | None
    body: dict[str, Any]
    due_at: Moment
    state: str
    started_at: Moment | None
    ended_at: Moment | None
    error: str | None


class AgendaShown(Answer):
    """What synthetic users did in the last 24 hours, and will do in the next ones."""

    enabled: bool
    hosts: int
    """Deckies that are played and have a persona."""
    items: list[AgendaAction]
