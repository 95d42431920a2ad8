# SPDX-License-Identifier: MIT
"""Writes received events to the listener's spool, all pending ones with one fsync, and then acknowledges them.

A batch is written completely before its position is recorded. When the disk is full the batch waits here and continues
at the line where it stopped, and meanwhile no connection is read: the sensors' own disks hold the rest.
"""

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from uuid import UUID

import msgspec

from decnet_core.bus.subjects import SPOOL_APPENDED, Appended
from decnet_core.runtime.context import Context
from decnet_core.spool.quarantine import Quarantine
from decnet_core.spool.writer import SpoolWriter
from decnet_swarm.errors import SwarmError
from decnet_swarm.listener.records import Records
from decnet_swarm.listener.settings import ListenerSettings
from decnet_swarm.wire import SpoolPosition

log = logging.getLogger(__name__)

_EVENT_BYTES = 192
"""Of an event in memory beside its line: the objects of line and id, and their places in lists."""
_REJECTED_BYTES = 256
_BATCH_BYTES = 1024
"""Of a batch beside its lines: even an empty one, a sensor's mark after nothing, waits for the disk."""
_AGAIN_SECONDS = 1.0
"""How soon a disk that refused is tried again."""


class SyncError(SwarmError, OSError):
    """A sync failed: nothing more may be acknowledged by this process."""


class RejectedLine(msgspec.Struct, frozen=True):
    """Bytes of a sensor that were rejected as an event, and why."""

    reason: str
    content: bytes


class PendingWrite(msgspec.Struct):
    """Lines that one connection wants stored together."""

    sensor: str
    ids: Sequence[UUID]
    lines: Sequence[bytes]
    """The events of these ids, as the spool holds them."""
    size: int
    """Bytes of memory that it takes (`held_bytes`)."""
    stored: Callable[[], None]
    """Called when it is safe, unless the connection is gone by then."""
    spool: str = ""
    place: SpoolPosition | None = None
    """Where the sensor's spool continues after it; None for who has no spool."""
    rejected: Sequence[RejectedLine] = ()
    written: int = 0
    """How many of the lines have been."""


def held_bytes(lines: Sequence[bytes], rejected: Sequence[RejectedLine] = ()) -> int:
    """Estimate the memory of a batch, not what came: three bytes of syslog become an event of 240 and its id."""
    held = _BATCH_BYTES + sum(map(len, lines)) + _EVENT_BYTES * len(lines)
    return held + sum(len(each.reason) + len(each.content) + _REJECTED_BYTES for each in rejected)


class Store:
    """The listener's spool with the records of what is in it."""

    def __init__(
        self, writer: SpoolWriter, directory: Path, records: Records, quarantine: Quarantine, settings: ListenerSettings
    ) -> None:
        self._writer = writer
        self._directory = directory
        self._records = records
        self._quarantine = quarantine
        self._settings = settings
        self._waiting: deque[PendingWrite] = deque()
        self._in_hand: list[PendingWrite] = []
        self._bytes = 0
        self._changed = asyncio.Condition()
        self._arrived = asyncio.Event()
        self._saved_at = time.monotonic()
        self._counts = dict.fromkeys(("events", "duplicates", "rejected", "disk_refusals", "checkpoint_errors"), 0)

    def recover(self) -> None:
        """Recover the state of a predecessor; raises OSError. Call it before anything is put."""
        if self._records.found:
            self._records.recover(self._directory)
        if self._records.remembered:
            log.info("events after the last checkpoint known=%d", self._records.remembered)
        self._save()

    @property
    def busy(self) -> bool:
        """Whether something waits to be written."""
        return bool(self._waiting or self._in_hand)

    async def put(self, batch: PendingWrite) -> None:
        """Queue `batch`; waits while too much is queued."""
        async with self._changed:
            while self._bytes and self._bytes + batch.size > self._settings.waiting_bytes:
                await self._changed.wait()
            self._waiting.append(batch)
            self._bytes += batch.size
        self._arrived.set()

    async def settled(self, sensor: str) -> None:
        """Wait until nothing of `sensor` is queued."""
        async with self._changed:
            while any(batch.sensor == sensor for batch in (*self._in_hand, *self._waiting)):
                await self._changed.wait()

    def settle_plain(self, sender: str) -> None:
        """Record that `sender` speaks syslog: without spools, none of its events can be repeated."""
        if not self._records.places(sender):
            self._records.settle(sender)

    async def run(self, ctx: Context) -> None:
        """Write what is put, without end. Raises SyncError."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._settings.checkpoint_seconds if self._records.fresh else None):
                    await self._arrived.wait()
            self._arrived.clear()
            while self._waiting or self._in_hand:
                await self._round(ctx)
            if self._due():
                await ctx.in_thread(self._save)

    def finish(self) -> None:
        """Write the checkpoint; in the thread that writes, when no connection is left."""
        if not self._in_hand:
            self._save()

    def counters(self) -> dict[str, float]:
        return {
            **self._counts,
            "waiting_bytes": self._bytes,
            "sensors_known": self._records.sensors,
            "remembered": self._records.remembered,
        }

    async def _round(self, ctx: Context) -> None:
        """Write all pending lines, and acknowledge complete batches."""
        self._in_hand += self._waiting
        self._waiting.clear()
        before = self._counts["events"]
        done = await ctx.in_thread(self._write, self._in_hand)
        for batch in self._in_hand[:done]:
            batch.stored()
        async with self._changed:
            self._bytes -= sum(batch.size for batch in self._in_hand[:done])
            del self._in_hand[:done]
            self._changed.notify_all()
        if new := self._counts["events"] - before:
            ctx.bus.publish(SPOOL_APPENDED.of(ctx.worker), msgspec.json.encode(Appended(new)))
        if self._in_hand:
            await asyncio.sleep(_AGAIN_SECONDS)

    def _write(self, batches: Sequence[PendingWrite]) -> int:
        """Write, sync and note `batches`; return how many of them are safe as a whole."""
        done = 0
        for batch in batches:
            if not self._write_events(batch):
                self._counts["disk_refusals"] += 1
                self._writer.collect_garbage()
                break
            done += 1
        self._sync()
        now = int(time.time())
        for batch in batches[:done]:
            if batch.place is not None:
                self._records.stored(batch.sensor, batch.spool, batch.place, now)
        if done == len(batches) and self._due():  # an unfinished batch must lie behind what the checkpoint says
            self._save()
        return done

    def _write_events(self, batch: PendingWrite) -> bool:
        """Write what is left of `batch`; return whether that was all."""
        if self._records.remembered:
            self._pass_over_known(batch)
        taken = self._writer.offer(batch.lines[batch.written :])
        self._counts["events"] += taken
        batch.written += taken
        if batch.written < len(batch.lines):
            return False
        self._counts["rejected"] += len(batch.rejected)
        for line in batch.rejected:
            self._quarantine.put(line.reason, batch.sensor, line.content)
        return True

    def _pass_over_known(self, batch: PendingWrite) -> None:
        pairs = zip(batch.ids, batch.lines, strict=True)
        fresh = [(event, line) for event, line in pairs if not self._records.is_known(batch.sensor, event)]
        self._counts["duplicates"] += len(batch.lines) - len(fresh)
        batch.ids, batch.lines = [event for event, _ in fresh], [line for _, line in fresh]

    def _sync(self) -> None:
        self._writer.sync()
        self._quarantine.sync()
        if self._writer.counters()["spool_sync_errors"]:
            raise SyncError("the spool could not be synced; what is not acknowledged will be sent again")

    def _due(self) -> bool:
        late = time.monotonic() - self._saved_at >= self._settings.checkpoint_seconds
        return self._records.fresh and late

    def _save(self) -> None:
        self._saved_at = time.monotonic()
        try:
            self._records.save(self._writer.end())
        except OSError as error:
            self._counts["checkpoint_errors"] += 1
            log.warning("cannot save the checkpoints of sensors: %s; the last ones remain", error.strerror)
