# SPDX-License-Identifier: MIT
"""When an attacker did how much: its active minutes, added up, and the kinds of its newest events."""

import msgspec
from sqlalchemy import Connection, func, select

from decnet_models.attackers.tables import attacker_activity
from decnet_models.database.window import ALWAYS_UNTIL, Window
from decnet_models.events.tables import event

_MINUTE = 60
_MINUTE_NS = 60_000_000_000
_SECOND_NS = 1_000_000_000
MOST_EVENTS = 10_000
"""The newest events whose kinds are counted."""


class Bucket(msgspec.Struct, frozen=True):
    """What happened in a step of time that begins at `at` (ns)."""

    at: int
    events: int
    by_kind: dict[str, int]


class Timeline(msgspec.Struct, frozen=True):
    """Steps with events in the order of time; kinds are counted of events from `kinds_since` on (None: all)."""

    step_seconds: int
    buckets: tuple[Bucket, ...]
    kinds_since: int | None


def timeline_of(connection: Connection, address: str, window: Window, step_seconds: int) -> Timeline:
    """Return the timeline of an address in steps of whole minutes, or less than one where the newest events tell."""
    kinds, since = _kinds(connection, address, window, step_seconds)
    if step_seconds < _MINUTE and (not kinds or (since is not None and since > window.since)):
        step_seconds = _MINUTE
        kinds, since = _kinds(connection, address, window, step_seconds)
    totals = _totals(connection, address, window, step_seconds // _MINUTE) if step_seconds >= _MINUTE else {}
    step_ns = step_seconds * _SECOND_NS
    return Timeline(
        step_seconds,
        tuple(
            Bucket(step * step_ns, max(totals.get(step, 0), sum(kinds.get(step, {}).values())), kinds.get(step, {}))
            for step in sorted(totals.keys() | kinds.keys())
        ),
        since,
    )


def _totals(connection: Connection, address: str, window: Window, minutes: int) -> dict[int, int]:
    c = attacker_activity.c
    step = c.minute // minutes
    query = select(step, func.sum(c.events)).where(c.attacker == address, c.minute >= window.since // _MINUTE_NS)
    if window.until != ALWAYS_UNTIL:
        query = query.where(c.minute <= (window.until - 1) // _MINUTE_NS)
    return {int(step): int(events) for step, events in connection.execute(query.group_by(step))}


def _kinds(
    connection: Connection, address: str, window: Window, step_seconds: int
) -> tuple[dict[int, dict[str, int]], int | None]:
    """Count the kinds of the newest events, all in the database; return also since when, None: of all events."""
    c = event.c
    newest = select(c.seq, c.ts, c.kind, c.synthetic).where(c.src_ip == address).order_by(c.seq.desc())
    inner = newest.limit(MOST_EVENTS).subquery()
    rows = newest.with_only_columns(c.seq).limit(MOST_EVENTS).subquery()  # which the index alone has
    step = inner.c.ts // (step_seconds * _SECOND_NS)
    within = (inner.c.ts >= window.since) & (inner.c.ts < window.until) & inner.c.synthetic.is_(False)
    counts: dict[int, dict[str, int]] = {}
    for at, kind, number in connection.execute(
        select(step, inner.c.kind, func.count()).where(within).group_by(step, inner.c.kind)
    ).all():
        counts.setdefault(int(at), {})[kind] = number
    number, first = connection.execute(select(func.count(), func.min(rows.c.seq))).one()
    if number < MOST_EVENTS:
        return counts, None
    return counts, connection.execute(select(c.ts).where(c.seq == first)).scalar_one()
