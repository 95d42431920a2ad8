# SPDX-License-Identifier: MIT
"""The page of one incident: what it is, its timeline, its evidence, what operators did."""

from collections.abc import Iterator

import msgspec
from sqlalchemy import Connection

from decnet.incidents import rows
from decnet.incidents.acting import find
from decnet.incidents.rows import Summary
from decnet.show.columns import columns
from decnet.show.times import moment
from decnet_core.events.notices import Notice, TechniqueTagged, notice_kind
from decnet_core.text import for_terminal
from decnet_models.incidents import queries
from decnet_models.incidents.values import FIELDS, Action, Counted
from decnet_models.notices.queries import StoredNotice, numbered
from decnet_workers.webhook.incidents.content import Attributed, line_of, title_of
from decnet_workers.webhook.incidents.severity import severity_of


class TimelineEntry(msgspec.Struct, frozen=True):
    """A notice of the incident."""

    seq: int
    ts: int
    kind: str
    severity: str
    decky: str | None
    line: str
    technique: str | None
    event: str
    """The id of the event that it is about; `decnet events --id` shows it."""
    notice: Notice


class Page(msgspec.Struct, frozen=True):
    """All that is known of an incident."""

    summary: Summary
    title: str
    values: list[Counted]
    timeline: list[TimelineEntry]
    actions: list[Action]
    merged: list[int]
    """Numbers of the incidents that are part of this one now."""


def page_of(connection: Connection, number: int, limit: int) -> Page:
    """Read an incident with up to `limit` of its notices; raises NotFoundError."""
    listed = find(connection, number)
    one = listed.incident
    values, merged = queries.values(connection, one.id), queries.merged(connection, one.id)
    stored = numbered(connection, queries.notice_numbers(connection, one.id, limit))
    return Page(
        summary=rows.summary(listed),
        title=title_of(one.attacker, one.attackers, one.counts, _of(values, "decky"), _of(values, "technique")),
        values=values,
        timeline=sorted(map(_step, stored), key=lambda step: (step.ts, step.seq)),
        actions=queries.actions(connection, [one.id, *merged]),
        merged=merged,
    )


def page(found: Page) -> str:
    """Return the page for a terminal, attacker text escaped."""
    return "\n\n".join(_parts(found))


def _parts(found: Page) -> Iterator[str]:
    one = found.summary
    merged = f", with {', '.join(map(str, found.merged))}" if found.merged else ""
    head = [f"incident {one.incident}{merged}: {for_terminal(found.title)}"]
    head.append(f"{one.state}, {one.severity}, score {one.score}, {one.notices} notices")
    head.append(f"{moment(one.first_seen)} to {moment(one.last_seen)}")
    if one.line:
        head.append(f"decisive ({one.line_kind}): {for_terminal(one.line)}")
    yield "\n".join(head)
    about = [
        (field, value.value, value.notices, moment(value.first_seen), moment(value.last_seen))
        for field in FIELDS
        for value in found.values
        if value.field == field
    ]
    yield columns(("what", "which", "notices", "first seen", "last seen"), about)
    steps = [(moment(s.ts), s.kind, s.severity, s.decky, s.technique, s.line, s.event or None) for s in found.timeline]
    yield columns(("when", "notice", "severity", "decky", "technique", "line", "event"), steps)
    if len(found.timeline) < one.notices:
        yield f"the first {len(found.timeline)} of {one.notices} notices; --limit shows more"
    if found.actions:
        did = [(moment(a.created_at), a.who, a.verb, a.note or None) for a in found.actions]
        yield columns(("when", "who", "what", "note"), did)


def _step(stored: StoredNotice) -> TimelineEntry:
    notice = stored.notice
    return TimelineEntry(
        seq=stored.seq,
        ts=notice.ts,
        kind=notice_kind(notice),
        severity=severity_of(notice),
        decky=getattr(notice, "decky", None),
        line=line_of(notice) if isinstance(notice, Attributed) else "",
        technique=notice.technique if isinstance(notice, TechniqueTagged) else None,
        event=notice.event if isinstance(notice, TechniqueTagged) else "",
        notice=notice,
    )


def _of(values: list[Counted], field: str) -> list[str]:
    return [value.value for value in values if value.field == field]
