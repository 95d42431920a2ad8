# SPDX-License-Identifier: MIT
"""What happened since a time, for a first look: from counts by hour and a few indexes, never from the log at length.

The span begins with the hour in which `since` lies, since counts are by the hour. What the worker history has not
counted yet is added from the log, up to MOST_UNCOUNTED events; `behind` says how many more there are.
"""

import time
from collections import Counter

import msgspec
from sqlalchemy import Connection, func, select

from decnet.findings.attackers import attackers
from decnet.findings.origins import origins
from decnet.findings.techniques import NamedTechnique, named
from decnet.history.recount import Recount
from decnet.history.tally import WORKER
from decnet.incidents.rows import open_by_severity
from decnet_core.timing.durations import HOUR_NS
from decnet_models.artifacts.tables import artifact
from decnet_models.attackers.profile import Attacker, CanaryHit
from decnet_models.attackers.queries import canary_hits
from decnet_models.attackers.tables import attacker, attacker_session
from decnet_models.canary.queries import label_of
from decnet_models.database.window import Window
from decnet_models.events.queries import last_seq, occurred_after
from decnet_models.fleet.states import count_by_phase
from decnet_models.history.tables import hourly_count
from decnet_models.incidents import queries as incidents
from decnet_models.incidents.queries import Listed
from decnet_models.incidents.values import ACKNOWLEDGED, NEW
from decnet_models.known.matching import KnownSources
from decnet_models.known.queries import added_since, known_sources
from decnet_models.progress.queries import count_dead_letters, cursor_of
from decnet_models.troubles.queries import told
from decnet_models.ttp.queries import first_recognised, techniques_in

MOST_UNCOUNTED = 5_000
_PLACED = 500
"""The attackers last seen whose countries are counted."""


class Counted(msgspec.Struct):
    """Counts of events from attackers."""

    kinds: Counter[str] = msgspec.field(default_factory=Counter)
    hours: Counter[int] = msgspec.field(default_factory=Counter)
    deckies: Counter[str] = msgspec.field(default_factory=Counter)
    accepted: int = 0
    behind: int = 0
    """Rows of the log that are not counted yet."""


class TokenHit(msgspec.Struct, frozen=True):
    """A use of a canary token, and the token's label (None: it was removed)."""

    hit: CanaryHit
    label: str | None


class Health(msgspec.Struct, frozen=True):
    """What the database knows of the fleet's health; what workers say of themselves is not in it."""

    deckies: dict[str, int]
    """By phase."""
    troubles: dict[str, int]
    """Since when each lasts (ns)."""
    dead_letters: int
    last_event_at: int | None
    """When the newest event of the log happened."""


class Overview(msgspec.Struct, frozen=True):
    """What happened; each list begins with what matters most and is short."""

    since: int
    until: int
    counted: Counted
    made_known: int
    """Known sources that were added since then: attackers no longer, but their events are counted."""
    attackers: int
    new_attackers: int
    sessions: int
    files: int
    top_attackers: tuple[Attacker, ...]
    countries: dict[str, int]
    techniques: int
    new_techniques: tuple[NamedTechnique, ...]
    canary_hits: tuple[TokenHit, ...]
    open_incidents: dict[str, int]
    incidents: tuple[Listed, ...]
    health: Health


def overview_of(connection: Connection, since: int, limit: int = 10, *, now_ns: int | None = None) -> Overview:
    """Return what happened from the hour of `since` on, with at most `limit` entries in each list."""
    now = time.time_ns() if now_ns is None else now_ns
    begin = since // HOUR_NS * HOUR_NS
    here, new = _attackers(connection, begin)
    techniques, new_techniques = _techniques(connection, begin)
    return Overview(
        since=begin,
        until=now,
        counted=_counted(connection, begin // HOUR_NS),
        made_known=added_since(connection, begin),
        attackers=here,
        new_attackers=new,
        sessions=_number(connection, select(func.count()).where(attacker_session.c.last_seen >= begin)),
        files=_number(connection, select(func.count()).where(artifact.c.kind == "file", artifact.c.last_seen >= begin)),
        top_attackers=tuple(attackers(connection, limit, order="score", window=Window(begin))),
        countries=_countries(connection, begin),
        techniques=techniques,
        new_techniques=tuple(new_techniques[:limit]),
        canary_hits=_hits(connection, begin, limit),
        open_incidents=open_by_severity(connection),
        incidents=_open(connection, limit),
        health=_health(connection),
    )


def _counted(connection: Connection, first: int) -> Counted:
    c, sums = hourly_count.c, Counted()
    events = func.sum(c.events)
    for hour, kind, number, accepted in connection.execute(
        select(c.hour, c.kind, events, func.sum(c.accepted)).where(c.hour >= first).group_by(c.hour, c.kind)
    ):
        sums.hours[hour] += int(number)
        sums.kinds[kind] += int(number)
        sums.accepted += int(accepted)
    for decky, number in connection.execute(
        select(c.decky, events).where(c.hour >= first, c.decky != "").group_by(c.decky)
    ):
        sums.deckies[decky] += int(number)
    through = cursor_of(connection, WORKER)
    rest = occurred_after(connection, through, MOST_UNCOUNTED)
    recount = Recount(KnownSources(known_sources(connection)))
    recount.add([one for one in rest if one[1] >= first * HOUR_NS])
    for place in recount.places():
        sums.hours[place.hour] += place.events
        sums.kinds[place.kind] += place.events
        sums.accepted += place.accepted
        if place.decky:
            sums.deckies[place.decky] += place.events
    if len(rest) == MOST_UNCOUNTED:
        sums.behind = last_seq(connection) - rest[-1][0]
    return sums


def _attackers(connection: Connection, since: int) -> tuple[int, int]:
    """Return how many were active since a time, and how many of them had never been here before."""
    c = attacker.c
    active = _number(connection, select(func.count()).where(c.last_seen >= since))
    return active, _number(connection, select(func.count()).where(c.first_seen >= since))


def _number(connection: Connection, query: object) -> int:
    return int(connection.execute(query).scalar_one())  # type: ignore[call-overload]  # a select of one number


def _techniques(connection: Connection, since: int) -> tuple[int, list[NamedTechnique]]:
    """Return how many techniques were ever recognised, and those that never were before a time, the latest first."""
    first = first_recognised(connection)
    fresh = [number for number, ts in first.items() if ts >= since]
    used = [named(one, first) for one in techniques_in(connection, Window(since), fresh)]
    return len(first), sorted(used, key=lambda one: -one.first_seen)


def _countries(connection: Connection, since: int) -> dict[str, int]:
    c = attacker.c
    query = select(c.ip).where(c.last_seen >= since).order_by(c.last_seen.desc()).limit(_PLACED)
    found = origins(connection, connection.execute(query).scalars().all())
    return dict(Counter(one.country for one in found.values() if one.country).most_common())


def _hits(connection: Connection, since: int, limit: int) -> tuple[TokenHit, ...]:
    found = [one for one in canary_hits(connection, limit) if one.ts >= since]
    labels = {token: label_of(connection, token) for token in {one.token for one in found}}
    return tuple(TokenHit(one, labels[one.token]) for one in found)


def _open(connection: Connection, limit: int) -> tuple[Listed, ...]:
    return tuple(incidents.incidents(connection, limit, incidents.Selection(states=(NEW, ACKNOWLEDGED))))


def _health(connection: Connection) -> Health:
    newest = occurred_after(connection, last_seq(connection) - 1, 1)
    troubles = {" ".join(map(str, key)): since for key, since in told(connection).items()}
    dead = sum(count_dead_letters(connection).values())
    return Health(count_by_phase(connection), troubles, dead, newest[0][1] if newest else None)
