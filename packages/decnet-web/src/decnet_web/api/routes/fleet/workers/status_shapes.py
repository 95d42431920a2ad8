# SPDX-License-Identifier: MIT
"""The state of the fleet: what is wrong first; and the whole report that `decnet status` shows."""

from __future__ import annotations

from decnet_core.runtime.restarts.policy import Phase
from decnet_web.api.models import Answer
from decnet_web.api.moments import Moment
from decnet_web.api.routes.fleet.deckies.shapes import DeckyActual, DeckyWanted
from decnet_web.api.routes.fleet.workers.shapes import DeadLetterShown, HoldingShown


class FleetTrouble(Answer):
    """A trouble that the fleet has told of itself and that has not ended."""

    kind: str
    """The kind of its notice: worker.down, disk.low, sensor.silent, ..."""
    subject: str
    since: Moment


class StatusShown(Answer):
    """The state of the fleet in a few figures."""

    wrong: list[str]
    """What an operator must look at, one sentence each; without any all is well."""
    down: list[str]
    """What does not work: names of workers, `bus`, `database`."""
    bus: str
    bus_reached: bool
    database: str
    database_error: str | None
    last_seq: int | None
    """The newest event's number in the log."""
    fleet_pss: int | None
    """Bytes that the whole fleet takes; null: not all may be measured."""
    workers: dict[str, int]
    """How many workers are in each state."""
    deckies: dict[str, int]
    """How many deckies are in each state."""
    incidents: dict[str, int]
    """Incidents that nobody has closed, by severity, most severe first."""
    troubles: list[FleetTrouble]


class HealthShown(Answer):
    """A worker's own report."""

    worker: str
    state: str
    pid: int
    uptime_seconds: float
    rss_bytes: int
    counters: dict[str, float]
    hosting: str
    modules: int


class SupervisedShown(Answer):
    """A worker, as its supervisor sees it."""

    name: str
    phase: Phase
    pid: int | None
    restarts: int
    reason: str
    recycled: int
    wakes: int
    woken_by: str
    idle_wakes: int
    refused: int
    unkept_sockets: int


class ProgressShown(Answer):
    """How far each worker has come in its log."""

    last_seq: int
    cursors: dict[str, int]
    dead_letters: dict[str, int]
    last_notice_seq: int
    newest_dead_letters: list[DeadLetterShown]
    holdings: list[HoldingShown]


class ReportShown(Answer):
    """All that `decnet status` knows."""

    bus: str
    bus_reached: bool
    database: str
    database_error: str | None
    workers: dict[str, HealthShown | None]
    """Each process that should run; null: it does not answer."""
    progress: ProgressShown | None
    supervised: dict[str, SupervisedShown]
    off: dict[str, str]
    """Workers that are off, each with the setting that switches it on."""
    deckies: list[tuple[DeckyWanted, DeckyActual | None]]
    pss: dict[str, int]
    fleet_pss: int | None
    incidents: dict[str, int]
    troubles: list[tuple[str, str, Moment]]
    next_looks: dict[str, Moment]
    dashboard: str
    """Where a browser on the master finds the dashboard; empty: none is installed and on."""
