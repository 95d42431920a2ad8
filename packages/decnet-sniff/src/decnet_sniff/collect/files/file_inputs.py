# SPDX-License-Identifier: MIT
"""All file sources: read in the worker's thread, their lines emitted as events in the event loop.

An event's id is computed from its time, the file's first line, the line's offset and the line itself. A position is
saved only after the events before it are on the disk. So a crash at any time loses nothing, and what is then read again
gets ids that ingest already knows.

While lines arrive it looks often: one look finds many lines. When none do, it sleeps until the kernel reports a change
(`watch`), and looks by itself only once a minute, for changes that the kernel might miss; on a network file system,
where others write, every two seconds. A full disk stops the reading: the logs keep what is unread.
"""

import logging
import time
from typing import NamedTuple

from decnet_core.runtime.context import Context
from decnet_core.spool.quarantine import Quarantine
from decnet_sniff.collect.emitter import Emitter, Reader
from decnet_sniff.collect.files.inotify import InotifyWatch
from decnet_sniff.collect.files.positions import FilePosition, Positions
from decnet_sniff.collect.files.source import FileSource
from decnet_sniff.collect.files.tail import FileTail, Line
from decnet_sniff.collect.outcome import Outcome
from decnet_sniff.collect.record import Record
from decnet_sniff.collect.settings import CollectSettings, SourceSettings

log = logging.getLogger(__name__)

SAVE_NS = 1_000_000_000
_LOOKS_BEFORE_IDLE = 10
_WATCHED_LOOKS_BEFORE_IDLE = 2
_LOOKS_AT_ONCE = 3
_SOURCE_COUNTS = ("rotated", "truncated", "lost", "unreadable", "lag_bytes")


class Feed(NamedTuple):
    """One running source."""

    settings: SourceSettings
    source: FileSource
    read: Reader


class Slice(NamedTuple):
    """Lines of one file, read and parsed in the thread, to be emitted by the loop."""

    feed: Feed
    outcomes: list[tuple[Record, Outcome]]


class FileInputs:
    """The files of all sources, and how far each has been read."""

    def __init__(
        self,
        settings: CollectSettings,
        sources: list[tuple[SourceSettings, Reader]],
        positions: Positions[dict[str, list[FilePosition]]],
        saved: dict[str, list[FilePosition]],
        *,
        parks: bool = False,
    ) -> None:
        """`parks`: whether the worker has nothing else to do than to read these."""
        self._settings = settings
        self._parks = parks
        self._positions = positions
        self._feeds = [
            Feed(each, FileSource(each.path, saved.get(each.name, []), settings.linger_ms * 1_000_000), read)
            for each, read in sources
        ]
        self._watch = InotifyWatch()
        self._turn = 0
        self._saved_at = 0
        self._quiet_looks = 0
        """Consecutive looks without new lines."""
        self._look_began = 0.0
        self._in_flight = False
        """Whether lines have been read that are not emitted yet."""
        self._counts = dict.fromkeys(_SOURCE_COUNTS, 0)

    def counters(self) -> dict[str, float]:
        return {f"collect_{name}": value for name, value in self._counts.items()}

    async def run(self, ctx: Context, emitter: Emitter, quarantine: Quarantine) -> None:
        """Read all there is, then look again when something may have changed, until stopped."""
        while not ctx.stopping.is_set():
            self._look_began = time.monotonic()
            any_read = await self._read_all(ctx, emitter, quarantine)
            if any_read:
                ctx.parking.worked()
            self._quiet_looks = 0 if any_read else self._quiet_looks + 1
            if any(feed.source.waiting for feed in self._feeds):
                continue
            if self._quiet_looks < (_WATCHED_LOOKS_BEFORE_IDLE if self._watch.is_complete else _LOOKS_BEFORE_IDLE):
                await ctx.nudged(self._settings.busy_ms / 1000)
                continue
            await self._sleep(ctx)
            if self._watch.is_complete:
                self._quiet_looks = 0  # so that a directory in which others are busy is not looked at without pause

    async def _sleep(self, ctx: Context) -> None:
        is_watched = self._watch.is_complete
        pause = self._settings.watched_ms if is_watched else self._settings.idle_ms
        if self._is_lingering():
            pause = min(pause, self._settings.idle_ms)
        seconds = self._rested(ctx, pause / 1000)
        with self._watch.notifying(ctx.nudge):
            await ctx.nudged(seconds)

    def _rested(self, ctx: Context, seconds: float) -> float:
        """Return how long to sleep at most; asks to be parked when only a change can bring new lines.

        Then the watch is the supervisor's, and until the next look, which is soon, no change is noticed here.
        """
        if not self._watch.is_complete or self._is_lingering() or is_full(ctx) or not self._parks:
            return ctx.parking.busy(seconds)
        ctx.parking.hand_over_watch = self._watch.hand_over
        return ctx.parking.rest(self._look_began, seconds)

    def _is_lingering(self) -> bool:
        """Return whether a file waits for time to pass, whatever happens to it."""
        return any(feed.source.lingering for feed in self._feeds)

    def close(self) -> None:
        self._watch.close()
        for feed in self._feeds:
            feed.source.close()

    async def _read_all(self, ctx: Context, emitter: Emitter, quarantine: Quarantine) -> bool:
        """Read until nothing is left or it must stop or pause; return whether there was anything."""
        if not ctx.unpaused.is_set() or await self._still_full(ctx, quarantine):
            return False
        any_read = False
        piece = await ctx.in_thread(self.look_and_read, ctx, quarantine)
        while piece is not None:
            any_read = True
            self._emit(emitter, piece)
            if time.monotonic_ns() - self._saved_at > SAVE_NS:
                await ctx.in_thread(self.save, ctx, quarantine)
            if ctx.stopping.is_set() or not ctx.unpaused.is_set() or is_full(ctx):
                break
            piece = await ctx.in_thread(self._next_slice)
        if any_read:
            await ctx.in_thread(self.save, ctx, quarantine)
        return any_read

    async def _still_full(self, ctx: Context, quarantine: Quarantine) -> bool:
        """Retry what the disk refused; return whether it still does."""
        if is_full(ctx):
            await ctx.in_thread(self.save, ctx, quarantine)
        return is_full(ctx)

    def look_and_read(self, ctx: Context, quarantine: Quarantine) -> Slice | None:
        """Look and read the first lines in one visit to the thread: an idle worker wakes for this and nothing else."""
        self._look(ctx, quarantine)
        return self._next_slice()

    def _look(self, ctx: Context, quarantine: Quarantine) -> None:
        """Look at the files; a new one is recorded before it is read, to be found if it has been rotated meanwhile."""
        opened = sum(feed.source.opened for feed in self._feeds)
        self._look_at_each()
        for _ in range(_LOOKS_AT_ONCE if self._quiet_looks else 0):  # it may be about to sleep
            before = self._paths()
            self._watch.follow([feed.settings.path for feed in self._feeds], before)
            self._look_at_each()
            if self._paths() == before:  # else a new one could be written to before it is watched
                break
        self._count()
        if sum(feed.source.opened for feed in self._feeds) != opened:
            self.save(ctx, quarantine)

    def _look_at_each(self) -> None:
        for feed in self._feeds:
            feed.source.look(time.time_ns())

    def _paths(self) -> list[str]:
        return [path for feed in self._feeds for path in feed.source.paths()]

    def _next_slice(self) -> Slice | None:
        """Read and parse some lines of the next source in turn."""
        for step in range(len(self._feeds)):
            feed = self._feeds[(self._turn + step) % len(self._feeds)]
            lines = feed.source.next_lines(time.time_ns())
            if lines is not None:
                self._turn = (self._turn + step + 1) % len(self._feeds)
                self._in_flight = True
                return Slice(feed, [(record, feed.read(record)) for record in records_of(*lines)])
        return None

    def _emit(self, emitter: Emitter, piece: Slice) -> None:
        """Emit the events of a slice; only then do the files' positions advance."""
        for record, outcome in piece.outcomes:
            emitter.take(record, outcome, piece.feed.settings.host)
        self._in_flight = False

    def save(self, ctx: Context, quarantine: Quarantine) -> None:
        """Save the positions once the events before them are on the disk; while it is full, keep the old ones.

        Nothing is saved either when the task was cancelled between reading lines and emitting them.
        """
        self._saved_at = time.monotonic_ns()
        quarantine.sync()
        if ctx.spool is not None:
            ctx.spool.sync()
        if self._in_flight or is_full(ctx):
            return
        self._count()
        self._positions.keep(ctx, {feed.settings.name: feed.source.positions() for feed in self._feeds})

    def _count(self) -> None:
        """Sum the counters of the sources, in the thread that changes them."""
        total = dict.fromkeys(_SOURCE_COUNTS, 0)
        for feed in self._feeds:
            total["lag_bytes"] += feed.source.unread_bytes()
            for name, value in feed.source.counts.items():
                total[name] += value
        self._counts = total


def is_full(ctx: Context) -> bool:
    """Return whether the disk refuses events."""
    return ctx.spool is not None and ctx.spool.waiting > 0


def records_of(follower: FileTail, lines: list[Line]) -> list[Record]:
    """Return lines of a file as records; their identity is the same under any name of the file."""
    head = follower.head.encode()
    records = []
    for line in lines:
        text = line.text if line.overlong else line.text.rstrip(b"\r")
        identity = (head, line.offset.to_bytes(8, "big"), line.text)
        records.append(Record(text, follower.path, identity, line.offset, line.size if line.overlong else None))
    return records
