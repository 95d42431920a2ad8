# SPDX-License-Identifier: MIT
"""The problems of each worker, in sentences: why it does not run, and what its counters show."""

from collections.abc import Iterator, Mapping

from decnet_core.bus.subjects import Health
from decnet_core.supervise.lifecycle import Status

_COUNTERS = {
    "quarantined": "lines that could not be parsed, or not stored as they came, kept with the reason: "
    "`decnet quarantine list --all`",
    "quarantine_lost": "such lines lost because of a full disk",
    "database_at_fault": "the database is damaged or refuses this worker, which waits; `decnet-db check` says more",
    "database_repair_failed": "the damage could not be mended by itself: `decnet-db check`, then `decnet-db salvage`",
    "indexes_rebuilt": "damaged indexes of the database were rebuilt, no row is lost; the log names the copy that is "
    "kept; the disk or the memory may be failing",
    "events_from_future": "events dated in the future, stored as of their arrival: a sensor's clock is wrong",
    "collect_future": "events dated in the future: the clock of the host that wrote the log is wrong",
    "collect_unreadable": "failures to open or read a log",
    "spool_backlog": "events wait in memory because the disk is full",
    "spool_dropped": "events are lost: the disk was full for too long, or the spool exceeded its quota",
    "certificate_ending": "certificate expires soon: decnet swarm renew for the listener's; "
    "a sensor renews its own when it reaches the listener",
    "decoys_ports_taken": "deckies wait for a port that another program has; the log names it",
    "decoys_stretches": "times that one client kept the others waiting for more than 20 ms: a defect; the log names it",
    "database_unavailable": "the database does not answer, is locked, or its disk is full: tried again until it does",
    "spools_failing": "spools cannot be read",
    "segments_missing": "segments of spools were deleted before they were read",
}
"""Counters since the worker's start, and current levels, that are 0 in a healthy fleet."""

_MANY_IDLE_WAKES = 20
"""So many that it is no coincidence of work that another had done already."""

Trouble = tuple[str, int | None, str]
"""A worker, a number and what it counts."""


def troubles(workers: Mapping[str, Health | None], supervised: Mapping[str, Status]) -> Iterator[Trouble]:
    """Yield the problems of each worker; `supervised` are the supervisors' own reports."""
    for name, health in workers.items():
        status = supervised.get(name)
        if status is not None and status.recycled:
            yield name, status.recycled, "times replaced: it used more memory than it declares"
        if status is not None and status.unkept_sockets:
            yield name, status.unkept_sockets, "sockets are not kept over restarts: raise the limit of open files"
        if status is not None:
            yield from _parking_troubles(status)
        if health is None:
            if status is not None and status.reason:
                yield name, None, status.reason
            continue
        for counter, meaning in _COUNTERS.items():
            if value := int(health.counters.get(counter, 0)):
                yield name, value, meaning


def _parking_troubles(status: Status) -> Iterator[Trouble]:
    if status.refused:
        yield status.name, status.refused, "clients turned away while it was parked: it did not come up in time"
    if status.idle_wakes >= _MANY_IDLE_WAKES and 2 * status.idle_wakes > status.wakes:
        yield (
            status.name,
            status.idle_wakes,
            f"of {status.wakes} wakes found nothing to do: {status.woken_by or 'something'} nudges it in vain",
        )
