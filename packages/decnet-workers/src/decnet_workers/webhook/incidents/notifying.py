# SPDX-License-Identifier: MIT
"""Writes the notices of incidents: of those that are due, of what operators did, and the digest of a storm."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection

from decnet_core.events.notices import (
    IncidentAcknowledged,
    IncidentClosed,
    IncidentDigest,
    IncidentEscalated,
    IncidentGrew,
    IncidentOpened,
    Notice,
)
from decnet_core.timing.durations import MINUTE_NS
from decnet_models.incidents import keeping
from decnet_models.incidents.silences import silences as active_silences
from decnet_models.incidents.values import (
    ATTACKER,
    CLOSED,
    DECKY,
    FIELDS,
    NEW,
    NOTE,
    SERVICE,
    TECHNIQUE,
    TOKEN,
    Action,
    Counted,
    Incident,
)
from decnet_workers.webhook.incidents import policy as policies
from decnet_workers.webhook.incidents.content import title_of
from decnet_workers.webhook.incidents.policy import GREW, OPENED, Policy
from decnet_workers.webhook.incidents.selection import Facts, Selection, selection_of
from decnet_workers.webhook.incidents.severity import WORDS
from decnet_workers.webhook.incidents.storm import StormLimit, minute_end

MOST_NAMED = 20
"""Deckies, services and techniques that a notice names of each."""
_WORST = 10
_MOST_VALUES = 200
"""Values of an incident that are compared with silences."""
_BATCH = 200
"""Incidents that one transaction decides about."""

Keyed = tuple[str, Notice]


def due_notices(connection: Connection, policy: Policy, storm: StormLimit, now: int) -> Iterator[Keyed]:
    """Yield key and notice of what is due, and record that it was told."""
    due = keeping.due(connection, now, _BATCH)
    states = keeping.states(connection, [one.id for one in due])
    silences = [selection_of(each.filter) for each in active_silences(connection, now)] if due else []
    exceeded: set[int] = set()
    for one in due:
        state = states.get(one.id, NEW)
        what = policies.decide(one, state, policy, now)
        if what is not None and _is_silenced(connection, one, silences):
            one.due_at = None  # its next notice makes it due again
            keeping.save(connection, [one])
            continue
        if what is not None and not storm.allows(one.severity, now):
            exceeded.add(one.severity)
            continue
        if what is not None:
            yield _notice(one, what, _common(connection, one, state, now))
        policies.told(one, what, state, policy, now)
        keeping.save(connection, [one])
    for severity in sorted(exceeded):
        keeping.hold(connection, severity, now, minute_end(now))


def storm_digest(connection: Connection, now: int) -> Iterator[Keyed]:
    """Yield the digest of what was held for now, if there is anything."""
    held = keeping.held(connection, now)
    if held.severities:
        worst = keeping.worst_held(connection, now, _WORST)
        told = _digest(connection, "storm", (held.since, now), held.severities, worst)
        keeping.mark_told(connection, now)
        yield f"incident.digest:storm:{now // MINUTE_NS}", told


def quiet_digest(
    connection: Connection, webhook_id: str, selection: Selection, span: tuple[int, int]
) -> Iterator[Keyed]:
    """Yield the digest of what quiet hours kept from an endpoint, if there is anything."""
    severities = keeping.told_between(connection, *span, selection.breaks_quiet)
    severities = {severity: number for severity, number in severities.items() if severity >= selection.severity}
    if severities:
        worst = keeping.worst_told_between(connection, *span, selection.breaks_quiet, _WORST)
        told = _digest(connection, "quiet hours", span, severities, worst)
        yield f"incident.digest:{webhook_id}:{span[1]}", msgspec.structs.replace(told, webhook=webhook_id)


def _digest(
    connection: Connection,
    reason: str,
    span: tuple[int, int],
    severities: Mapping[int, int],
    worst: Sequence[Incident],
) -> IncidentDigest:
    values = keeping.values_of(connection, [one.id for one in worst], (DECKY, TECHNIQUE), 4 * MOST_NAMED)
    return IncidentDigest(
        ts=span[1],
        reason=reason,
        since=span[0],
        until=span[1],
        incidents=sum(severities.values()),
        severities={WORDS[severity]: number for severity, number in sorted(severities.items())},
        worst=tuple(one.id for one in worst),
        attackers=tuple(one.attacker for one in worst),
        deckies=_of(values, DECKY),
        techniques=_of(values, TECHNIQUE),
    )


def action_notices(connection: Connection, actions: Sequence[Action], now: int) -> Iterator[Keyed]:
    """Yield key and notice of what operators did, but for notes."""
    deciding = [action for action in actions if action.verb != NOTE]
    incidents = keeping.read(connection, [action.incident for action in deciding])
    for action in deciding:
        one = incidents[action.incident]
        common = _common(connection, one, action.verb, now) | {"who": action.who, "note": action.note}
        shape = IncidentClosed(**common) if action.verb == CLOSED else IncidentAcknowledged(**common)
        yield f"incident.{action.verb}:{one.id}", shape


def _is_silenced(connection: Connection, one: Incident, silences: Sequence[Selection]) -> bool:
    if not silences:
        return False
    values = keeping.values_of(connection, [one.id], FIELDS, _MOST_VALUES)
    facts = Facts(
        severity=one.severity,
        score=one.score,
        attackers=_of(values, ATTACKER),
        deckies=_of(values, DECKY),
        techniques=_of(values, TECHNIQUE),
        tags=(*_of(values, TOKEN), one.line),
    )
    return any(silence.admits(facts) for silence in silences)


def _notice(one: Incident, what: str, common: dict[str, Any]) -> Keyed:
    if what == OPENED:
        return f"incident.opened:{one.id}", IncidentOpened(**common)
    if what == GREW:
        return f"incident.grew:{one.id}:{one.notifications}", IncidentGrew(**common)
    key = f"incident.escalated:{one.id}:{what}:{one.notifications}:{one.reminders}"
    return key, IncidentEscalated(**common, reason=what)


def _common(connection: Connection, one: Incident, state: str, now: int) -> dict[str, Any]:
    """Return the fields that all notices of an incident have."""
    values = keeping.values_of(connection, [one.id], (DECKY, SERVICE, TECHNIQUE), 3 * MOST_NAMED)
    deckies, techniques = _of(values, DECKY), _of(values, TECHNIQUE)
    return {
        "ts": now,
        "incident": one.id,
        "severity": WORDS[one.severity],
        "state": state,
        "attacker": one.attacker,
        "first_seen": one.first_seen,
        "last_seen": one.last_seen,
        "notices": one.notices,
        "fresh": one.fresh,
        "title": title_of(one.attacker, one.attackers, one.counts, deckies, techniques),
        "line": one.line,
        "line_kind": one.line_kind,
        "score": one.score,
        "attackers": one.attackers,
        "identity": None if one.identity is None else str(one.identity),
        "counts": one.counts,
        "deckies": deckies,
        "services": _of(values, SERVICE),
        "techniques": techniques,
    }


def _of(values: Iterable[Counted], field: str) -> tuple[str, ...]:
    """Return the values of a field, each once, at most MOST_NAMED."""
    return tuple(dict.fromkeys(one.value for one in values if one.field == field))[:MOST_NAMED]
