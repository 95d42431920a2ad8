# SPDX-License-Identifier: MIT
"""Every subject of the bus, with its payload and one sentence; publishers and subscribers use only these."""

import msgspec


class Appended(msgspec.Struct, frozen=True):
    """A spool has new lines."""

    count: int
    """How many."""


class Ingested(msgspec.Struct, frozen=True):
    """The event log has grown."""

    last_seq: int
    """The number in the event log of the newest one."""


class NoticeWritten(msgspec.Struct, frozen=True):
    """A notice row was committed."""

    seq: int
    """Its number in the table `notice`."""


class FleetChanged(msgspec.Struct, frozen=True):
    """Desired deckies were committed."""

    deckies: int
    """How many were added, changed or marked for removal."""


class FleetAssigned(msgspec.Struct, frozen=True):
    """The deckies of sensors were ordered, or came from the master."""

    sensors: int
    """Of how many sensors."""


class FleetReported(msgspec.Struct, frozen=True):
    """A sensor reported how its deckies stand, or whether it is there."""

    sensor: str
    """Its name."""


class GroupingDecided(msgspec.Struct, frozen=True):
    """An operator's decisions about identities or campaigns were committed."""

    decisions: int
    """How many were made or withdrawn."""


class IntelRequested(msgspec.Struct, frozen=True):
    """The operator asked for fresh intelligence."""

    indicator: str
    """What about."""


class Control(msgspec.Struct, frozen=True):
    """An order to a worker."""

    op: str
    """stop, restart, reload, pause, resume or report; the reply is the worker's health.

    A pause ends when the bus is lost. A worker that is down for good is restarted by its supervisor."""
    to: str = ""
    """The one process of the worker that it is for (`runtime.shares`); empty: all, and the first replies."""


class Lost(msgspec.Struct, frozen=True):
    """A worker crashed, or a supervisor was started: what was to be told may not have been."""

    supervisor: int
    """The pid of who tells it."""


class Health(msgspec.Struct, frozen=True):
    """A worker's report, every ten seconds and on request."""

    worker: str
    """Of a worker in several processes the name of the process."""
    state: str
    """starting, running, paused, stopping or parked."""
    pid: int
    uptime_seconds: float
    rss_bytes: int
    """Resident memory, shared pages included."""
    counters: dict[str, float]
    """Counts since the start, and levels."""
    hosting: str = "process"
    """process, fork or task."""
    modules: int = 0
    """Python modules it has loaded."""
    refused: str = ""
    """In the reply to an order: why it was not carried out."""


class Subject(msgspec.Struct, frozen=True):
    """One declared subject; `{}` in the pattern stands for one or more tokens filled in by `of`."""

    pattern: str
    payload: type[msgspec.Struct]
    meaning: str

    def of(self, name: str) -> str:
        return self.pattern.replace("{}", name)

    @property
    def wildcard(self) -> str:
        """Return the NATS pattern that matches every instance of this subject."""
        return self.pattern[:-2] + ">" if self.pattern.endswith("{}") else self.pattern.replace("{}", "*")


SPOOL_APPENDED = Subject("spool.{}.appended", Appended, "A worker appended events to its spool; wakes ingest.")
EVENTS_INGESTED = Subject("events.ingested", Ingested, "Events were committed; wakes the cursor workers.")
NOTICE = Subject("notice.{}", NoticeWritten, "A notice of this kind was committed; wakes webhook and live streams.")
FLEET_CHANGED = Subject("fleet.changed", FleetChanged, "Desired deckies were committed; wakes reconciler.")
FLEET_ASSIGNED = Subject(
    "fleet.assigned",
    FleetAssigned,
    "Deckies of sensors were ordered; wakes listener, on a sensor sensor-reconciler.",
)
FLEET_REPORTED = Subject(
    "fleet.reported",
    FleetReported,
    "A sensor has told that its deckies stand otherwise; wakes reconciler.",
)
FLEET_PLAYED = Subject(
    "fleet.played",
    FleetReported,
    "The deckies that this sensor plays for its master stand otherwise; wakes forwarder.",
)
GROUPING_DECIDED = Subject(
    "grouping.decided",
    GroupingDecided,
    "An operator's decisions were committed; wakes clusterer and campaign-clusterer.",
)
INTEL_REQUESTED = Subject("intel.requested", IntelRequested, "The operator asked providers anew; wakes enrich.")
HEALTH = Subject("system.{}.health", Health, "A worker's heartbeat, every ten seconds.")
CONTROL = Subject("system.{}.control", Control, "The operator's orders to one worker; request-reply.")

LOST = Subject(
    "system.{}.lost", Lost, "A worker crashed, and a nudge perhaps with it; wakes parked workers everywhere."
)

SUBJECTS: tuple[Subject, ...] = (
    *(SPOOL_APPENDED, EVENTS_INGESTED, NOTICE, FLEET_CHANGED, FLEET_ASSIGNED, FLEET_REPORTED, FLEET_PLAYED),
    *(GROUPING_DECIDED, INTEL_REQUESTED, HEALTH, CONTROL, LOST),
)
