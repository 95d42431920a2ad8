# SPDX-License-Identifier: MIT
"""Workers: how each is, what it costs, its log."""

from __future__ import annotations

from typing import Literal

from decnet_web.api.models import Answer
from decnet_web.api.moments import Moment


class WorkerTrouble(Answer):
    """Something about a worker that an operator should look at."""

    count: int | None
    """How often, or how much."""
    what: str
    """What it is."""


class WorkerShown(Answer):
    """One process of a worker, or a worker that has none."""

    name: str
    """Its name; of a worker in several processes that of the process."""
    worker: str
    """The worker that it is a process of."""
    state: str
    """running, starting, paused, stopping, parked, restarting, cannot start, crash loop, stopped, no answer or off."""
    pid: int | None
    hosting: str | None
    """process, fork or task."""
    uptime_seconds: float | None
    restarts: int | None
    """How often it was started again after it ended."""
    recycled: int
    """How often it was replaced because it exceeded its memory budget."""
    wakes: int
    """How often something woke it while it was parked."""
    woken_by: str | None
    """What did so last: the subject of a message, client, spool, file, due (the time of its next look), missed
    (something may have been), or `with NAME`, another worker."""
    idle_wakes: int
    """Of these, how often in vain."""
    refused: int
    """Clients that were turned away while it was parked and did not come up in time."""
    reason: str | None
    """Why it does not run."""
    next_look: Moment | None
    """When it looks for work by itself while it is parked."""
    off_until: str | None
    """The setting of its section that switches it on; null: it is on."""
    rss: int | None
    """Bytes of resident memory, pages that it shares with others included in full."""
    pss: int | None
    """Bytes of memory that it takes, shared pages divided among those that share them; null: not ours to measure."""
    uss: int | None
    """Bytes that would be freed if it ended."""
    shared: int | None
    """`pss` less `uss`: its part of what it shares."""
    modules: int | None
    """Python modules that it has loaded."""
    lag: int | None
    """How far it is behind; null: it follows nothing."""
    lag_unit: Literal["events", "notices", "bytes"] | None
    dead_letters: int
    """Events that it could not handle and has skipped."""
    counters: dict[str, float]
    """Its counts since its start, and levels."""
    troubles: list[WorkerTrouble]


class WorkerList(Answer):
    """All workers that are installed, with what the whole fleet takes."""

    items: list[WorkerShown]
    bus: str
    """The URL of the bus, without its password."""
    bus_reached: bool
    fleet_pss: int | None
    """Bytes that the whole fleet takes, with supervisors and what they fork from; null: not all may be measured."""


class DeadLetterShown(Answer):
    """An event that a worker could not handle."""

    worker: str
    seq: int
    """`event.seq` of the event."""
    error: str
    created_at: Moment


class HoldingShown(Answer):
    """PostgreSQL: shards of a worker that one instance holds."""

    worker: str
    holder: str | None
    """Null: nobody does."""
    shards: int
    seconds_left: float


class WorkerDetail(WorkerShown):
    """A worker with its processes, newest dead letters and leases."""

    processes: list[WorkerShown]
    newest_dead_letters: list[DeadLetterShown]
    holdings: list[HoldingShown]


class OrderTaken(Answer):
    """What a worker reported when it took an order."""

    worker: str
    op: Literal["restart", "pause", "resume", "reload"]
    state: str
    """Its state then: paused after pause; stopping, or parked, before it starts again."""
    pid: int | None


class LogLineShown(Answer):
    """A line of a log."""

    at: str
    """The time as it was logged, in the time zone of the fleet's host; empty where the line has none."""
    level: str
    logger: str
    message: str


class LogShown(Answer):
    """The newest lines of a worker's log, oldest first."""

    worker: str
    source: str
    """The file, or the journal's unit."""
    lines: list[LogLineShown]


class FootprintRow(Answer):
    """One process of the fleet; memory in bytes, rates over the sampled time."""

    name: str
    pid: int
    rss: int
    pss: int
    uss: int
    private_clean: int
    private_dirty: int
    threads: int
    wakeups_per_second: float
    cpu_percent: float
    """Of one core."""
    modules: int | None


class FootprintTotal(Answer):
    """The sums; RSS is left out, because it counts shared pages many times."""

    processes: int
    pss: int
    uss: int
    shared: int
    """PSS less USS: what the processes share."""
    threads: int
    wakeups_per_second: float
    cpu_percent: float


class FootprintShown(Answer):
    """What every process of the fleet costs, supervisors and zygotes included."""

    workers: list[FootprintRow]
    total: FootprintTotal
    hidden: list[str]
    """Processes of another user, which only root may measure: they are in no sum."""
