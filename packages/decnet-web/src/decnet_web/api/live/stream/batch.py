# SPDX-License-Identifier: MIT
"""What was committed after a position, as messages; each is encoded once, however many listeners get it."""

from __future__ import annotations

import logging
from typing import Any, Literal

import msgspec
from pydantic import Field
from sqlalchemy import Connection

from decnet_core.events.codec import BadEventError
from decnet_models.events import queries as events
from decnet_models.known.matching import KnownSourcesCache
from decnet_models.notices import queries as notices
from decnet_web.api.live.stream.position import Position
from decnet_web.api.models import Answer
from decnet_web.api.moments import Moment, moment_text
from decnet_web.api.routes.findings.events import event_item

log = logging.getLogger(__name__)

Table = Literal["notice", "event"]

AT_ONCE = 500
"""Rows of each table in one batch."""
_LARGEST_EXACT = 1 << 53
"""Of JavaScript's integers. What is larger in a notice is a time in nanoseconds since the Unix epoch."""


class LiveNotice(Answer):
    """A notice, as webhooks get it. Texts in it are the attacker's: show them as text."""

    seq: int
    """Its place in the outbox."""
    kind: str
    """attacker.observed, ttp.tagged, ..."""
    ts: Moment
    """The time of the event that caused it."""
    created_at: Moment
    """When it was written."""
    body: dict[str, Any] = Field(json_schema_extra={"additionalProperties": True})
    """What else its kind has; times as RFC 3339."""


class Wanted(msgspec.Struct, frozen=True):
    """What a listener wants; empty sets stand for everything."""

    tables: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()
    known: bool = False
    """Also what known sources do."""


class Frame(msgspec.Struct, frozen=True):
    """One message."""

    table: Table
    seq: int
    kind: str
    source: str | None
    known: bool
    wire: bytes

    def wanted_by(self, wanted: Wanted) -> bool:
        return (
            (not wanted.tables or self.table in wanted.tables)
            and (not wanted.kinds or self.kind in wanted.kinds)
            and (not wanted.sources or self.source in wanted.sources)
            and (wanted.known or not self.known)
        )

    def after(self, position: Position) -> bool:
        return self.seq > (position.event if self.table == "event" else position.notice)


class Batch:
    """Messages from one position to another."""

    def __init__(self, start: Position, frames: list[Frame], reached: Position, *, more: bool) -> None:
        self.start = start
        self.frames = frames
        self.end = reached
        self.more = more
        """Whether there was more than a batch takes."""
        self._texts: dict[Wanted, bytes] = {}

    def text(self, wanted: Wanted, position: Position) -> bytes:
        """Return what somebody at `position` is to be sent, once made for all who want the same from the start."""
        if position != self.start:
            return b"".join(one.wire for one in self.frames if one.after(position) and one.wanted_by(wanted))
        if wanted not in self._texts:
            self._texts[wanted] = b"".join(one.wire for one in self.frames if one.wanted_by(wanted))
        return self._texts[wanted]


class Reader:
    """Reads batches, in a database thread; remembers the known sources between them."""

    def __init__(self) -> None:
        self._known = KnownSourcesCache()

    def read(self, connection: Connection, start: Position) -> Batch:
        """Return the batch after `start`: events first, then notices, both in the order of commit."""
        through = events.last_seq(connection)
        rows = events.rows_after(connection, start.event, through=through, limit=AT_ONCE, kinds=(), synthetic=False)
        known = self._known.current(connection)
        frames, position = [], start
        for row in rows:
            position = position._replace(event=row[0])
            try:
                stored = events.stored(row)
            except BadEventError:
                continue
            content = event_item(stored).model_dump_json().encode()
            source = stored.event.src_ip
            wire = message("event", position, content)
            ours = known.match(stored.event) is not None
            frames.append(Frame("event", stored.seq, stored.event.kind, source, ours, wire))
        whole = len(rows) < AT_ONCE
        position = position._replace(event=max(position.event, through)) if whole else position
        lines = notices.lines_after(connection, start.notice, AT_ONCE)
        for line in lines:
            position = position._replace(notice=line.seq)
            frames.append(_notice(line, position))
        return Batch(start, frames, position, more=not whole or len(lines) == AT_ONCE)


def message(event: str, position: Position, content: bytes) -> bytes:
    """Return a message on the wire; `content` is JSON, and so one line."""
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (str(position).encode(), event.encode(), content)


def _notice(line: notices.OutboxLine, position: Position) -> Frame:
    body = msgspec.json.decode(line.body, type=dict[str, Any])
    rest = {name: _plain(value) for name, value in body.items() if name not in ("kind", "ts")}
    shown = LiveNotice.model_construct(seq=line.seq, kind=line.kind, ts=line.ts, created_at=line.created_at, body=rest)
    attacker = body.get("attacker")
    source = attacker if isinstance(attacker, str) else None
    wire = message("notice", position, shown.model_dump_json().encode())
    return Frame("notice", line.seq, line.kind, source, known=False, wire=wire)


def _plain(value: Any) -> Any:
    if isinstance(value, int) and value >= _LARGEST_EXACT:
        return moment_text(value)
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    return value
