# SPDX-License-Identifier: MIT
"""What an event adds to the tables of the attackers domain: a pure function from events to a tally.

Counts are of events, and one that stands for several counts as these; times are the events' own. Nothing depends on the
order in which events are recorded: values that a single event provides (a user name, a recording) come from the one
committed first.
"""

from collections.abc import Callable
from typing import Any

from decnet_core.events.catalogue import PAYLOADS, Payload, Probed
from decnet_core.timing.durations import MINUTE_NS
from decnet_models.attackers import tables
from decnet_workers.profiler import actions, fingerprints
from decnet_workers.profiler.observation import Observation


def record(observation: Observation) -> None:
    """Add one event of an attacker to the observation's tally."""
    tally, attacker, payload, seen = observation.tally, observation.attacker, observation.payload, observation.seen
    if isinstance(payload, Probed):
        fingerprints.probed(observation, payload)
        return
    counts = payload.counts()
    if observation.bait is not None:
        counts = counts | {"canary_hits": 1}
    tally.add_seen(tables.attacker, (attacker,), seen, counts)
    if observation.decky is not None:
        tally.add_seen(tables.attacker_decky, (attacker, observation.decky), seen)
    if observation.service is not None:
        tally.add_seen(tables.attacker_service, (attacker, observation.service), seen)
    for phase in payload.reached():
        tally.add_seen(tables.attacker_phase, (attacker, phase), seen)
    _activity(observation)
    details = _DETAILS.get(type(payload))
    if details is not None:
        details(observation, payload)


def _activity(observation: Observation) -> None:
    count, first, last = observation.seen
    arrived = (count, first, last) if observation.payload.arrival else (0, None, None)
    key = (observation.attacker, first // MINUTE_NS)
    observation.tally.add_values(tables.attacker_activity, key, (count, *arrived))


_DETAILS: dict[type[Payload], Callable[[Observation, Any], None]] = {**fingerprints.DETAILS, **actions.DETAILS}

KINDS = tuple(kind for kind in PAYLOADS if kind.from_attacker)
"""The recorded kinds: one that `_DETAILS` does not name is counted by what its class declares, and has no details."""
