# SPDX-License-Identifier: MIT
"""What an event adds to the tables of the attackers domain: a pure function from events to a tally.

Counts are of events, and one that stands for several counts as these; times are the events' own. Nothing depends on the
order in which events are recorded: values that a single event provides (a user name, a recording) come from the one
committed first.
"""

from collections.abc import Callable
from typing import Any

from decnet_core.events.catalogue import PAYLOADS, Payload, Probed
from decnet_models.attackers import tables
from decnet_models.attackers.merge import Row, Tally
from decnet_models.events.queries import StoredEvent
from decnet_workers.profiler import actions, fingerprints
from decnet_workers.profiler.observation import Observation

MINUTE = 60_000_000_000


def record(tally: Tally, attacker: str, stored: StoredEvent) -> None:
    """Add one event of `attacker` (canonical address) to `tally`."""
    observation = Observation(tally, attacker, stored)
    payload = stored.event.payload
    if isinstance(payload, Probed):
        fingerprints.probed(observation, payload)
        return
    tally.add(tables.attacker, (attacker,), observation.seen | payload.counts())
    if observation.decky is not None:
        tally.add(tables.attacker_decky, (attacker, observation.decky), observation.seen)
    if observation.service is not None:
        tally.add(tables.attacker_service, (attacker, observation.service), observation.seen)
    for phase in payload.reached():
        tally.add(tables.attacker_phase, (attacker, phase), observation.seen)
    _activity(observation)
    details = _DETAILS.get(type(payload))
    if details is not None:
        details(observation, payload)


def _activity(observation: Observation) -> None:
    count = observation.event.payload.occurrences
    values: Row = {"events": count}
    if observation.event.payload.arrival:
        values |= {"arrivals": count, "first_arrival": observation.ts, "last_arrival": observation.last_ts}
    observation.tally.add(tables.attacker_activity, (observation.attacker, observation.ts // MINUTE), values)


_DETAILS: dict[type[Payload], Callable[[Observation, Any], None]] = {**fingerprints.DETAILS, **actions.DETAILS}

KINDS = tuple(kind for kind in PAYLOADS if kind.from_attacker)
"""The recorded kinds: one that `_DETAILS` does not name is counted by what its class declares, and has no details."""
