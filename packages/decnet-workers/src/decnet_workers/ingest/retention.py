# SPDX-License-Identifier: MIT
"""How long events are kept: which of them go by age and by size, and a step that deletes a few of them.

What attackers did is evidence, so nothing is deleted by its age unless a setting says so. But they must not fill the
disk either: by default the log takes a tenth of it, and what is kept longest are the kinds that the catalogue calls
evidence (sessions, files, canary hits). Age is counted from when the log took an event, not from what its sensor's
clock said (`decnet_models.events.volume`), up to a time that the log makes plausible (`plausible_time`).

A step is one small transaction, so that no other writer waits longer than for a batch of ingest. It never goes past
what the slowest cursor worker has read, unless `past_unread` says so, and then what nobody had read is counted. The
newest event stays: the log's end must be known.
"""

import time
from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Annotated

import msgspec
from sqlalchemy import Connection, Engine

from decnet_core.events.catalogue import KINDS
from decnet_core.spool.disk_share import SHARE, share_of_disk
from decnet_core.timing.durations import HOUR_NS
from decnet_models.database.engine import reading, writing
from decnet_models.events.queries import last_seq
from decnet_models.events.volume import Volume, forget, volumes
from decnet_models.progress.queries import event_cursors

Days = Annotated[float, msgspec.Meta(ge=0, le=36_500)]
Bytes = Annotated[int, msgspec.Meta(ge=0)]


class KindRetention(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is kept of one kind; 0: what the whole log's setting says."""

    days: Days = 0
    """Older events of this kind go."""
    log_bytes: Bytes = 0
    """The oldest events of this kind go when they take more than about this."""


class RetentionSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Section `[ingest.retention]`: how long events are kept; 0: without limit."""

    days: Days = 0
    """Older events go."""
    log_bytes: Bytes = 0
    """The oldest events go when the log with its indexes takes more than about this; sessions, captured files and
    canary hits go last."""
    disk_share: Annotated[float, msgspec.Meta(ge=0, le=1)] = SHARE
    """Without `log_bytes`: the part of the file system that the log may take on SQLite; on PostgreSQL it is ignored."""
    kinds: dict[str, KindRetention] = {}
    """By event kind, e.g. `[ingest.retention.kinds."flow.closed"]`."""
    past_unread: bool = False
    """Delete what is due even if a cursor worker has not read it yet; it is counted."""
    batch_events: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 500
    """Events in one transaction."""
    every_seconds: Annotated[float, msgspec.Meta(ge=0.1, le=86_400)] = 300.0
    """How often to look for what is due."""

    def __post_init__(self) -> None:
        if unknown := sorted(self.kinds.keys() - KINDS.keys()):
            raise ValueError(f"kinds: there is no kind of event {unknown[0]!r}; decnet docs events lists them")

    @property
    def limited(self) -> bool:
        """Whether anything is ever deleted."""
        return bool(self.days or self.log_bytes or any(kind.days or kind.log_bytes for kind in self.kinds.values()))


def within_disk(settings: RetentionSettings, file: Path | None) -> RetentionSettings:
    """Return the settings with a limit for the whole log: a share of the disk that holds the SQLite database `file`."""
    if settings.log_bytes or not settings.disk_share or file is None:
        return settings
    return msgspec.structs.replace(settings, log_bytes=share_of_disk(file, settings.disk_share))


class Due(msgspec.Struct):
    """The oldest `events` of a volume that are to go."""

    volume: Volume
    events: int


def due(found: Sequence[Volume], settings: RetentionSettings, *, now_ns: int) -> list[Due]:
    """Return what of `found`, oldest first, is to be deleted, in its order: by age, by size per kind and in all."""
    going = {(one.hour, one.kind): one.events if _old(one, settings, now_ns) else 0 for one in found}
    by_kind = sorted(found, key=lambda one: one.kind)
    for kind, volumes_of_kind in groupby(by_kind, key=lambda one: one.kind):
        limit = settings.kinds[kind].log_bytes if kind in settings.kinds else 0
        _shrink(list(volumes_of_kind), limit, going)
    _shrink([one for one in found if _is_evidence(one)], settings.log_bytes * 3 // 4, going)
    _shrink(found, settings.log_bytes, going)
    return [Due(one, going[one.hour, one.kind]) for one in found if going[one.hour, one.kind]]


def _old(volume: Volume, settings: RetentionSettings, now_ns: int) -> bool:
    kind = settings.kinds.get(volume.kind)
    days = (kind.days if kind else 0) or settings.days
    return bool(days) and (volume.hour + 1) * HOUR_NS <= now_ns - int(days * 24 * HOUR_NS)


def _shrink(found: Sequence[Volume], limit: int, going: dict[tuple[int, str], int]) -> None:
    """Add the oldest events of `found`, evidence last, to what is going until the rest takes at most `limit` bytes."""
    rest = sum(_bytes(one, one.events - going[one.hour, one.kind]) for one in found)
    for one in sorted(found, key=_is_evidence):
        if not limit or rest <= limit:
            return
        key = one.hour, one.kind
        kept = one.events - going[key]
        most = -(-(rest - limit) * one.events // max(one.bytes, 1))
        gone = min(kept, most)
        going[key] += gone
        rest -= _bytes(one, gone)


def _is_evidence(volume: Volume) -> bool:
    kind = KINDS.get(volume.kind)
    return kind is not None and kind.evidence


def _bytes(volume: Volume, events: int) -> int:
    return volume.bytes * events // max(volume.events, 1)


class Retention:
    """Deletes from the log what `settings` do not keep, step by step."""

    def __init__(self, engine: Engine, settings: RetentionSettings) -> None:
        self._engine = engine
        self._settings = settings
        self._next = 0.0
        self._due: list[Due] = []
        self._held = 0
        self._counts: dict[str, float] = {"events_deleted": 0, "events_deleted_unread": 0, "retention_seconds_most": 0}

    def counters(self) -> dict[str, float]:
        """Return what was deleted, what waits for a cursor worker, and the longest transaction."""
        return {**self._counts, "events_held_by_cursors": self._held}

    def wanted(self, now: float) -> bool:
        """Return whether there is something to do at `now` (monotonic seconds)."""
        return self._settings.limited and (bool(self._due) or now >= self._next)

    def step(self, *, now: Callable[[Connection], int]) -> bool:
        """Look for what is due when it is time, delete a few events; return whether there is more.

        `now` returns the time to delete by, in ns since the Unix epoch; it is asked only when something is looked for.
        """
        if not self._due:
            self._next = time.monotonic() + self._settings.every_seconds
            with reading(self._engine) as connection:
                self._due = due(volumes(connection), self._settings, now_ns=now(connection))
            self._held = 0
        if self._due:
            self._delete(self._due[0])
        return bool(self._due)

    def _delete(self, one: Due) -> None:
        limit = min(one.events, self._settings.batch_events)
        with writing(self._engine) as connection:
            started = time.perf_counter()
            newest = last_seq(connection) - 1
            read = min(event_cursors(connection).values(), default=newest)
            gone = forget(connection, one.volume, min(read, newest), limit)
            unread = 0
            if gone < limit and self._settings.past_unread:
                unread = forget(connection, one.volume, newest, limit - gone)
        self._count(one, gone, unread, time.perf_counter() - started)
        if gone + unread < limit or not one.events:
            self._held += one.events if one.volume.last_seq > read else 0
            self._due.pop(0)

    def _count(self, one: Due, gone: int, unread: int, seconds: float) -> None:
        one.events -= gone + unread
        self._counts["events_deleted"] += gone + unread
        self._counts["events_deleted_unread"] += unread
        self._counts["retention_seconds_most"] = max(self._counts["retention_seconds_most"], round(seconds, 6))
