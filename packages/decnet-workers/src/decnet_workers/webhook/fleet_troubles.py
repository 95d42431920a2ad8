# SPDX-License-Identifier: MIT
"""Notices the fleet's own troubles, each once, and their ends; called at every look of the worker `webhook`.

A trouble that has been told is a row of the table `trouble`, written in the transaction of its notice, so that neither
a restart nor a crash tells it twice. One that is over within SETTLE_NS is not told. A supervisor wakes parked workers
when another one ends unasked, so a worker that is down is seen then; a full disk and an old certificate within LOOK_NS.

While the database is the trouble nothing can be written: `decnet status` and the log say so, and a worker that is down
is told when the database is back, if it still is. Nobody tells of `webhook` itself, and of workers that systemd runs
without a supervisor of ours systemd does.
"""

import os
import time
from collections.abc import Collection, Iterator
from pathlib import Path

import msgspec
from sqlalchemy import Connection, Engine

from decnet_core.durations import SECOND_NS
from decnet_core.events.notices import (
    CertificateExpiring,
    CertificateRenewed,
    DiskLow,
    DiskRecovered,
    Notice,
    WorkerDown,
    WorkerRecovered,
)
from decnet_core.text import for_column
from decnet_models.database.engine import reading, writing
from decnet_models.notices import queries as notices
from decnet_models.swarm.queries import enrolments_in_force
from decnet_models.troubles import queries
from decnet_models.troubles.queries import Key

SETTLE_NS = 10 * SECOND_NS
LOOK_NS = 3600 * SECOND_NS
TROUBLED_LOOK_NS = 30 * SECOND_NS
EXPIRES_WITHIN_NS = 7 * 86400 * SECOND_NS
"""Sensors renew earlier, so a certificate that comes this close to its end is not being renewed."""
LOW_FRACTION, LOW_BYTES = 0.05, 1 << 30
"""A disk is low with less than both free, until it has a tenth more."""

TROUBLES = (WorkerDown, WorkerRecovered, DiskLow, DiskRecovered, CertificateExpiring, CertificateRenewed)
_DOWN = frozenset({"restarting", "cannot start", "crash loop"})


class Trouble(msgspec.Struct, frozen=True):
    """What is wrong, as the notice that tells it."""

    key: Key
    notice: Notice


class FleetTroubles:
    """Compares what is wrong with what has been told; call it in the worker's thread."""

    def __init__(self, engine: Engine, state: Path, supervisors: Path) -> None:
        self._engine = engine
        self._state = state
        self._supervisors = supervisors
        self._seen: dict[Key, int] = {}
        """Since when each trouble is there without a break; not told yet, or told."""

    def look(self) -> int:
        """Tell what is new and what has ended; return when to look again (ns), unless something wakes the worker."""
        now = time.time_ns()
        with reading(self._engine) as connection:
            told, found = self._settled(connection, now)
        if told.keys() != found.keys():
            with writing(self._engine) as connection:
                tell(connection, told, found, now)
        return self._next_look(found.keys(), now)

    def _settled(self, connection: Connection, now: int) -> tuple[dict[Key, int], dict[Key, Trouble]]:
        """Return what has been told, and what is wrong long enough to be told."""
        told = queries.told(connection)
        found = {trouble.key: trouble for trouble in self._found(connection, told, now)}
        self._seen = {key: self._seen.get(key, now) for key in found}
        settled = {key: one for key, one in found.items() if key in told or now - self._seen[key] >= SETTLE_NS}
        return told, settled

    def _next_look(self, told: Collection[Key], now: int) -> int:
        unsettled = [since + SETTLE_NS for key, since in self._seen.items() if key not in told]
        return min([now + (TROUBLED_LOOK_NS if told else LOOK_NS), *unsettled])

    def _found(self, connection: Connection, told: dict[Key, int], now: int) -> Iterator[Trouble]:
        yield from workers_down(self._supervisors, now)
        yield from disk_low(self._state, now, again=("disk.low", str(self._state)) in told)
        yield from certificates_expiring(connection, now)


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
    if kind == "worker.down":
        return WorkerRecovered(now, name, since)
    return DiskRecovered(now, name, since) if kind == "disk.low" else CertificateRenewed(now, name, since)


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
        if not Path(f"/proc/{status.supervisor}").exists():
            continue
        for worker in status.workers:
            if worker.phase in _DOWN and worker.name != "webhook":
                notice = WorkerDown(now, worker.name, worker.phase, for_column(worker.reason, 1024))
                yield Trouble(("worker.down", worker.name), notice)


def certificates_expiring(connection: Connection, now: int) -> Iterator[Trouble]:
    """Yield a trouble for each sensor whose newest certificate ends soon."""
    newest: dict[str, int] = {}
    for one in enrolments_in_force(connection):
        newest[one.sensor] = max(one.not_after, newest.get(one.sensor, 0))
    for name, ends in newest.items():
        if ends - now < EXPIRES_WITHIN_NS:
            yield Trouble(("certificate.expiring", name), CertificateExpiring(now, name, ends))


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
