# SPDX-License-Identifier: MIT
"""What an event adds to the tables of the attackers domain: a pure function from events to a tally.

Counts are of events, times are the events' own. Nothing depends on the order in which events are recorded: what
only one event can tell (a user name, a recording) is told by the one that was committed first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from decnet_core.events.catalogue import (
    CanaryHit,
    ClientIdentified,
    CommandRun,
    ConnectionOpened,
    FileCaptured,
    FlowClosed,
    HttpClient,
    HttpRequest,
    LoginAttempt,
    Payload,
    PortScan,
    ServiceRequest,
    SessionClosed,
    SessionOpened,
    SshKex,
    TcpStack,
    TlsClient,
    TlsServer,
)
from decnet_models.attackers import tables
from decnet_models.attackers.merge import Row, Tally
from decnet_models.events.queries import StoredEvent
from decnet_workers.profiler import actions as deeds
from decnet_workers.profiler import fingerprints
from decnet_workers.profiler.observation import Touch
from decnet_workers.profiler.phases import phases_of

MINUTE = 60_000_000_000

ARRIVALS = (ConnectionOpened, CanaryHit, PortScan)
"""Kinds with which a contact begins; the gaps between them are the attacker's rhythm.

Not what a sensor sees on the wire (`flow.closed` and the like): the decoy that was touched tells of the same contact,
and the sensor folds many into one event at the end of its window.
"""


def record(tally: Tally, attacker: str, stored: StoredEvent) -> None:
    """Add one event of `attacker` (canonical address) to `tally`."""
    touch = Touch(tally, attacker, stored)
    payload = stored.event.payload
    if isinstance(payload, fingerprints.PROBED):
        fingerprints.probed(touch, payload)
        return
    tally.add(tables.attacker, (attacker,), touch.seen | _counts(payload))
    if touch.decky is not None:
        tally.add(tables.attacker_decky, (attacker, touch.decky), touch.seen)
    if touch.service is not None:
        tally.add(tables.attacker_service, (attacker, touch.service), touch.seen)
    for phase in phases_of(payload):
        tally.add(tables.attacker_phase, (attacker, phase), touch.seen)
    _activity(touch)
    details = _DETAILS.get(type(payload))
    if details is not None:
        details(touch, payload)


def _counts(payload: Payload) -> Row:
    """Return which counts of the attacker an event raises."""
    if isinstance(payload, LoginAttempt):
        return {"logins": 1, "logins_accepted": int(payload.success)}
    name = _COUNTED.get(type(payload))
    return {name: 1} if name else {}


_COUNTED: dict[type[Payload], str] = {
    ConnectionOpened: "connections",
    SessionOpened: "sessions",
    CommandRun: "commands",
    HttpRequest: "requests",
    FileCaptured: "files",
    PortScan: "scans",
    CanaryHit: "canary_hits",
}


def _activity(touch: Touch) -> None:
    values: Row = {"events": 1}
    if isinstance(touch.event.payload, ARRIVALS):
        values = {"events": 1, "arrivals": 1, "first_arrival": touch.ts, "last_arrival": touch.ts}
    touch.tally.add(tables.attacker_activity, (touch.attacker, touch.ts // MINUTE), values)


_DETAILS: dict[type[Payload], Callable[[Touch, Any], None]] = {**fingerprints.DETAILS, **deeds.DETAILS}

KINDS: tuple[type[Payload], ...] = (
    ConnectionOpened,
    LoginAttempt,
    ClientIdentified,
    SessionOpened,
    CommandRun,
    SessionClosed,
    HttpRequest,
    FileCaptured,
    CanaryHit,
    ServiceRequest,
    PortScan,
    SshKex,
    HttpClient,
    TcpStack,
    FlowClosed,
    TlsClient,
    TlsServer,
    *fingerprints.PROBED,
)
"""What is recorded. Not `syslog.message`: its source is the host that forwards its log, not an attacker."""
