# SPDX-License-Identifier: MIT
"""What an event adds to the tables of the attackers domain: a pure function from events to a tally.

Counts are of events, and one that stands for several counts as these; times are the events' own. Nothing depends on the
order in which events are recorded: values that a single event provides (a user name, a recording) come from the one
committed first.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Table

from decnet_core.events.catalogue import PAYLOADS, Payload, Probed
from decnet_core.timing.durations import MINUTE_NS
from decnet_models.attackers import tables
from decnet_models.attackers.merge import Tally, Values, add_seen, rules_of
from decnet_workers.profiler import actions, fingerprints
from decnet_workers.profiler.observation import Observation, Seen


class Rows(NamedTuple):
    """The rows that every event of one attacker, decky, service and minute with the same phases changes."""

    attacker: Values
    all: tuple[Values, ...]
    """Those that begin with how often, when first and when last, that of the attacker among them."""
    activity: Values


class Increments(NamedTuple):
    """By how much a payload increments which values of the attacker's row."""

    payload: Payload
    """Kept, so that no other one has its id."""
    places: tuple[tuple[int, int], ...]


class Recorder:
    """Adds events to a tally; as the events of a contact change the same rows, these are looked up once."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._rows: dict[tuple[Any, ...], Rows] = {}
        self._increments: dict[int, Increments] = {}

    def record(self, observation: Observation) -> None:
        """Add one event of an attacker."""
        payload = observation.payload
        if isinstance(payload, Probed):
            fingerprints.probed(observation, payload)
            return
        rows, seen = self._rows_of(observation), observation.seen
        for row in rows.all:
            add_seen(row, seen)
        for place, count in self._counted(payload).places:
            rows.attacker[place] += count
        if observation.bait is not None:
            rows.attacker[_PLACES["canary_hits"]] += 1
        _act(rows.activity, seen, arrived=payload.arrival)
        details = _DETAILS.get(type(payload))
        if details is not None:
            details(observation, payload)

    def _counted(self, payload: Payload) -> Increments:
        """Return what a payload adds to the attacker's counts; those of a batch that are equal are one object."""
        known = self._increments.get(id(payload))
        if known is None:
            places = tuple((_PLACES[name], count) for name, count in payload.counts().items())
            known = self._increments[id(payload)] = Increments(payload, places)
        return known

    def _rows_of(self, observation: Observation) -> Rows:
        minute, phases = observation.ts // MINUTE_NS, observation.payload.reached()
        key = (observation.attacker, observation.decky, observation.service, phases, minute)
        rows = self._rows.get(key)
        if rows is None:
            rows = self._rows[key] = self._looked_up(observation, phases, minute)
        return rows

    def _looked_up(self, observation: Observation, phases: Sequence[str], minute: int) -> Rows:
        attacker, (_, first, last) = observation.attacker, observation.seen
        keys: list[tuple[Table, tuple[str, ...]]] = [(tables.attacker, (attacker,))]
        if observation.decky is not None:
            keys.append((tables.attacker_decky, (attacker, observation.decky)))
        if observation.service is not None:
            keys.append((tables.attacker_service, (attacker, observation.service)))
        keys += [(tables.attacker_phase, (attacker, phase)) for phase in phases]
        found = tuple(self._tally.seen_row(table, key, first, last) for table, key in keys)
        return Rows(found[0], found, self._tally.row(tables.attacker_activity, (attacker, minute)))


def _act(row: Values, seen: Seen, *, arrived: bool) -> None:
    """Add an event to a minute's row: events, arrivals, when the first arrived, when the last."""
    count, first, last = seen
    row[0] += count
    if arrived:
        row[1] += count
        if row[2] is None or first < row[2]:
            row[2] = first
        if row[3] is None or last > row[3]:
            row[3] = last


_PLACES = rules_of(tables.attacker).places

_DETAILS: dict[type[Payload], Callable[[Observation, Any], None]] = {**fingerprints.DETAILS, **actions.DETAILS}

KINDS = tuple(kind for kind in PAYLOADS if kind.from_attacker)
"""The recorded kinds: one that `_DETAILS` does not name is counted by what its class declares, and has no details."""
