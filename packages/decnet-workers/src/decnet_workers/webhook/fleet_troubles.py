# SPDX-License-Identifier: MIT
"""Notices the fleet's own troubles, each once, and their ends; called at every look of the worker `webhook`.

A trouble that has been told is a row of the table `trouble`, written in the transaction of its notice, so that neither
a restart nor a crash tells it twice. One that is over within SETTLE_NS is not told. A supervisor wakes parked workers
when another one ends unasked, so a worker that is down is seen then; a full disk and an old certificate within LOOK_NS.

While the database is the trouble nothing can be written: `decnet status` and the log say so; an outage is told when it
is over, a worker that is down then if it still is. Nobody tells of `webhook` itself.
"""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from decnet_core.deckies.orders import Contact, contacts
from decnet_core.events.notices import (
    CertificateExpiring,
    CertificateRenewed,
    DatabaseRecovered,
    DatabaseUnhealthy,
    DiskLow,
    DiskRecovered,
    Notice,
    SensorBack,
    SensorSilent,
    WorkerDown,
    WorkerRecovered,
)
from decnet_core.text import for_column
from decnet_core.timing.durations import SECOND_NS
from decnet_models.database.engine import reading, writing
from decnet_models.following.fault_notes import KIND
from decnet_models.notices import queries as notices
from decnet_models.troubles import queries
from decnet_models.troubles.queries import Key
from decnet_workers.webhook.troubles.database import damage, name_of, refusals, unhealthy
from decnet_workers.webhook.troubles.sensors import (
    certificates_ending,
    next_silence,
    sensors_silent,
)
from decnet_workers.webhook.troubles.trouble import Trouble
from decnet_workers.webhook.troubles.units import units_down

SETTLE_NS = 10 * SECOND_NS
LOOK_NS = 3600 * SECOND_NS
TROUBLED_LOOK_NS = 30 * SECOND_NS
LONGEST_TROUBLED_LOOK_NS = 900 * SECOND_NS
"""While there is a trouble, the pause grows to this with the age of the youngest: a certificate that ends in two weeks
must not keep the worker, and the database's zygote with it, from being parked."""
LOW_FRACTION, LOW_BYTES = 0.05, 1 << 30
"""A disk is low with less than both free, until it has a tenth more."""

TROUBLES = (
    *(WorkerDown, WorkerRecovered, DiskLow, DiskRecovered, CertificateExpiring, CertificateRenewed),
    *(DatabaseUnhealthy, DatabaseRecovered, SensorSilent, SensorBack),
)
_DOWN = frozenset({"restarting", "cannot start", "crash loop"})


class FleetTroubles:
    """Compares what is wrong with what has been told; call it in the worker's thread."""

    def __init__(self, engine: Engine, state: Path, supervisors: Path) -> None:
        self._engine = engine
        self._state = state
        self._supervisors = supervisors
        self._seen: dict[Key, int] = {}
        """Since when each trouble is there without a break; not told yet, or told."""
        self._outage: tuple[int, str] | None = None
        """Since when the database does not answer, and why."""

    def look(self) -> int:
        """Tell what is new and what has ended; return when to look again (ns), unless something wakes the worker."""
        now = time.time_ns()
        known = tuple(contacts(self._state).values())
        try:
            with reading(self._engine) as connection:
                told, found = self._settled(connection, known, now)
        except DBAPIError as error:
            self._outage = self._outage or (now, str(error.orig))
            raise
        self._tell_outage(now)
        if told.keys() != found.keys():
            with writing(self._engine) as connection:
                tell(connection, told, found, now)
        return self._next_look({key: told.get(key, now) for key in found}, now, next_silence(known, now))

    def _tell_outage(self, now: int) -> None:
        """Tell, now that the database answers, that it has not for a while; both notices at once."""
        if self._outage is None:
            return
        since, reason = self._outage
        if now - since >= SETTLE_NS:
            reason = f"it did not answer for {(now - since) // SECOND_NS} s: {reason}"
            with writing(self._engine) as connection:
                name = name_of(connection)
                notices.add(connection, f"{KIND}:{name}:{since}", unhealthy(name, now, since, reason).notice, now)
                notices.add(connection, f"{KIND}:{name}:{since}:ended", DatabaseRecovered(now, name, since), now)
        self._outage = None

    def _settled(
        self, connection: Connection, known: Sequence[Contact], now: int
    ) -> tuple[dict[Key, int], dict[Key, Trouble]]:
        """Return what has been told, and what is wrong long enough to be told."""
        told = queries.told(connection)
        found = {trouble.key: trouble for trouble in self._found(connection, known, told, now)}
        self._seen = {key: self._seen.get(key, now) for key in found}
        settled = {key: one for key, one in found.items() if key in told or now - self._seen[key] >= SETTLE_NS}
        return told, settled

    def _next_look(self, told: Mapping[Key, int], now: int, silence: int | None) -> int:
        """`told` is since when each trouble is known that is there now."""
        pause = LOOK_NS
        if told:
            age = now - max(told.values())
            pause = min(max(TROUBLED_LOOK_NS, age // 2), LONGEST_TROUBLED_LOOK_NS)
        unsettled = [since + SETTLE_NS for key, since in self._seen.items() if key not in told]
        looks = [now + pause, *unsettled]
        return min(looks if silence is None else [*looks, silence])

    def _found(
        self, connection: Connection, known: Sequence[Contact], told: dict[Key, int], now: int
    ) -> Iterator[Trouble]:
        yield from workers_down(self._supervisors, now)
        yield from units_down(self._supervisors.parent, now)
        yield from sensors_silent(known, now)
        yield from damage(connection, now)
        yield from refusals(connection, self._supervisors.parent, now)
        yield from disk_low(self._state, now, again=("disk.low", str(self._state)) in told)
        yield from certificates_ending(known, now)


def tell(connection: Connection, told: dict[Key, int], found: dict[Key, Trouble], now: int) -> None:
    """Write what is new and what has ended, with its notices, within the caller's transaction."""
    for key, trouble in found.items():
        if key not in told:
            queries.begin(connection, key, now)
            notices.add(connection, f"{key[0]}:{key[1]}:{now}", trouble.notice, now)
    for key, since in told.items():
        if key not in found:
            queries.end(connection, key)
            notices.add(connection, f"{key[0]}:{key[1]}:{since}:ended", _end(key, since, now), now)


def _end(key: Key, since: int, now: int) -> Notice:
    """Return the notice that a trouble has ended."""
    kind, name = key
    match kind:
        case "worker.down":
            return WorkerRecovered(now, name, since)
        case "disk.low":
            return DiskRecovered(now, name, since)
        case "database.unhealthy":
            return DatabaseRecovered(now, name, since)
        case "sensor.silent":
            return SensorBack(now, name, since)
    return CertificateRenewed(now, name, since)


class _Worker(msgspec.Struct, frozen=True):
    name: str
    phase: str
    reason: str = ""


class _Supervisor(msgspec.Struct, frozen=True):
    """What is read of a supervisor's status file; the supervisor's own code would cost the worker 0.3 MiB."""

    supervisor: int
    workers: tuple[_Worker, ...]


def workers_down(supervisors: Path, now: int) -> Iterator[Trouble]:
    """Yield a trouble for each worker that a running supervisor of this host says is down."""
    for path in supervisors.glob("supervisor.*.json"):
        try:
            status = msgspec.json.decode(path.read_bytes(), type=_Supervisor)
        except (OSError, msgspec.DecodeError):
            continue
        if not _may_run(status.supervisor):
            continue
        for worker in status.workers:
            if worker.phase in _DOWN and worker.name != "webhook":
                notice = WorkerDown(now, worker.name, worker.phase, for_column(worker.reason, 1024))
                yield Trouble(("worker.down", worker.name), notice)


def _may_run(pid: int) -> bool:
    """Return whether a supervisor runs; in a sandbox that hides processes of others (ProtectProc=) it may."""
    return Path(f"/proc/{pid}").exists() or not Path("/proc/1").exists()


def disk_low(state: Path, now: int, *, again: bool) -> Iterator[Trouble]:
    """Yield a trouble when the disk of the state directory is nearly full; `again`: it was so before."""
    try:
        disk = os.statvfs(state)
    except OSError:
        return
    free, size = disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize
    margin = 1.1 if again else 1.0
    if free < min(LOW_FRACTION * size, LOW_BYTES) * margin:
        yield Trouble(("disk.low", str(state)), DiskLow(now, str(state), free, size))
