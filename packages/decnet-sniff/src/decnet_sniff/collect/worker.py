# SPDX-License-Identifier: MIT
"""The worker `collect`: lines of other programs' logs become events, each exactly once.

An event's id is computed from its time, the file's first line, the line's offset and the line itself. A position is
saved only after the events before it are on the disk. So a crash at any moment loses nothing, and what is then read a
second time gets the ids that ingest already knows.

The files are polled, not watched: inotify says nothing about network file systems or about what other hosts write,
and would need the same polling as its fallback. While lines arrive it looks often, and every two seconds when none do,
which costs an idle fleet two wake-ups a second. A full disk stops the reading, for the logs keep what is not read yet.
"""

from __future__ import annotations

import logging
import time
from typing import NamedTuple

from decnet_core.events.catalogue import (
    ClientIdentified,
    CommandRun,
    ConnectionOpened,
    FileCaptured,
    HttpRequest,
    LoginAttempt,
    PortScan,
    ServiceRequest,
    SessionClosed,
    SessionOpened,
    SyslogMessage,
)
from decnet_core.events.codec import BadEventError
from decnet_core.events.ids import uuid7_of
from decnet_core.runtime.context import Context
from decnet_core.runtime.worker import MIB, Worker
from decnet_core.spool.quarantine import Quarantine
from decnet_sniff.collect.follow import Follower, Line
from decnet_sniff.collect.formats import Parser, parser_of
from decnet_sniff.collect.outcome import Ignored, Outcome, Parsed, Rejected
from decnet_sniff.collect.positions import Positions
from decnet_sniff.collect.settings import CollectSettings, SourceSettings
from decnet_sniff.collect.source import Source

log = logging.getLogger(__name__)

SAVE_NS = 1_000_000_000
FUTURE_NS = 300 * 1_000_000_000
"""An event this far ahead of our clock is counted as from the future; it is kept as it is."""
_LOOKS_BEFORE_IDLE = 10
_SOURCE_COUNTS = ("rotated", "truncated", "lost", "unreadable", "lag_bytes")


class Feed(NamedTuple):
    """One source as it runs."""

    settings: SourceSettings
    source: Source
    parse: Parser


class Slice(NamedTuple):
    """Lines of one file, read and understood in the thread, to be emitted by the loop."""

    feed: Feed
    follower: Follower
    head: bytes
    outcomes: list[tuple[Line, Outcome]]


class Collect(Worker[CollectSettings]):
    """Reads the logs of other honeypots and syslog files and makes events of them.

    Follows files through rotation, truncation and restarts without losing or doubling a line.
    """

    name = "collect"
    Settings = CollectSettings
    group = "sensor"
    memory_budget = 64 * MIB
    writes = ("positions", "quarantine/collect")
    produces = (
        ConnectionOpened,
        LoginAttempt,
        ClientIdentified,
        SessionOpened,
        CommandRun,
        SessionClosed,
        HttpRequest,
        FileCaptured,
        ServiceRequest,
        PortScan,
        SyslogMessage,
    )
    commands = "decnet_sniff.collect.commands"

    def __init__(self, settings: CollectSettings) -> None:
        super().__init__(settings)
        self._feeds: list[Feed] = []
        self._turn = 0
        self._saved_at = 0
        self._in_flight = False
        """Lines were read that are not emitted yet."""
        self._source_counts = dict.fromkeys(_SOURCE_COUNTS, 0)

    async def start(self, ctx: Context) -> None:
        """Take up the positions of the run before."""
        self._positions = Positions(ctx.state.positions / "collect.json")
        self._quarantine = Quarantine(ctx.state.root / "quarantine" / self.name, self.settings.quarantine_bytes)
        ctx.counters.read_from(self._quarantine.counters)
        ctx.counters.read_from(lambda: {f"collect_{name}": n for name, n in self._source_counts.items()})
        saved = await ctx.in_thread(self._positions.load)
        self._feeds = [
            Feed(
                each,
                Source(each.path, saved.get(each.name, []), self.settings.linger_ms * 1_000_000),
                parser_of(each.format, each.zone),
            )
            for each in self.settings.source
        ]

    async def run(self, ctx: Context) -> None:
        """Read whatever there is, then look again a little later, for ever."""
        if not self._feeds:
            log.info("no [[collect.source]] is set; nothing to do")
            await ctx.stopping.wait()
        quiet_looks = 0
        while not ctx.stopping.is_set():
            found = await self._read_all(ctx)
            quiet_looks = 0 if found else quiet_looks + 1
            pause = self.settings.busy_ms if quiet_looks < _LOOKS_BEFORE_IDLE else self.settings.idle_ms
            if not any(feed.source.waiting for feed in self._feeds):
                await ctx.nudged(pause / 1000)

    async def stop(self, ctx: Context) -> None:
        """Save the positions and release the files; after a failed `start` there is nothing to release."""
        if not self._feeds:
            return
        await ctx.in_thread(self._save, ctx)
        for feed in self._feeds:
            feed.source.close()
        self._quarantine.close()

    async def _read_all(self, ctx: Context) -> bool:
        """Read until nothing is left or it must stop or pause; return whether there was anything."""
        if not ctx.unpaused.is_set() or await self._still_full(ctx):
            return False
        found = False
        piece = await ctx.in_thread(self._look_and_read, ctx)
        while piece is not None:
            found = True
            self._emit(ctx, piece)
            if time.monotonic_ns() - self._saved_at > SAVE_NS:
                await ctx.in_thread(self._save, ctx)
            if ctx.stopping.is_set() or not ctx.unpaused.is_set() or self._spool_is_full(ctx):
                break
            piece = await ctx.in_thread(self._next_slice)
        if found:
            await ctx.in_thread(self._save, ctx)
        return found

    async def _still_full(self, ctx: Context) -> bool:
        """Try again what the disk refused; return whether it still does."""
        if self._spool_is_full(ctx):
            await ctx.in_thread(self._save, ctx)
        return self._spool_is_full(ctx)

    def _look_and_read(self, ctx: Context) -> Slice | None:
        """Look and begin to read in one visit to the thread: an idle worker wakes for this and nothing else."""
        self._look(ctx)
        return self._next_slice()

    def _look(self, ctx: Context) -> None:
        """Look at the files; a new one is noted before it is read, to be found when it has been rotated meanwhile."""
        opened = sum(feed.source.opened for feed in self._feeds)
        for feed in self._feeds:
            feed.source.look(time.time_ns())
        self._count()
        if sum(feed.source.opened for feed in self._feeds) != opened:
            self._save(ctx)

    def _next_slice(self) -> Slice | None:
        """Read and parse some lines of the source whose turn it is."""
        for step in range(len(self._feeds)):
            feed = self._feeds[(self._turn + step) % len(self._feeds)]
            found = feed.source.next_lines(time.time_ns())
            if found is not None:
                self._turn = (self._turn + step + 1) % len(self._feeds)
                self._in_flight = True
                follower, lines = found
                outcomes = [(line, understood(line, feed.parse)) for line in lines]
                return Slice(feed, follower, follower.head.encode(), outcomes)
        return None

    def _emit(self, ctx: Context, piece: Slice) -> None:
        """Make events of what was read; only then do the files' positions say what has been done."""
        now = time.time_ns()
        for line, outcome in piece.outcomes:
            ctx.counters.add("collect_lines")
            match outcome:
                case Parsed():
                    self._emit_events(ctx, piece, line, outcome)
                    ctx.counters.add("collect_future", outcome.ts > now + FUTURE_NS)
                case Rejected(reason):
                    self._reject(ctx, piece, line, reason)
                case Ignored():
                    ctx.counters.add("collect_ignored")
        self._in_flight = False

    def _emit_events(self, ctx: Context, piece: Slice, line: Line, parsed: Parsed) -> None:
        offset = line.offset.to_bytes(8, "big")
        for number, payload in enumerate(parsed.payloads):
            identity = uuid7_of(parsed.ts, ctx.sensor.encode(), piece.head, offset, line.text, bytes([number]))
            try:
                ctx.emit(
                    payload,
                    ts=parsed.ts,
                    id=identity,
                    decky=piece.feed.settings.host or parsed.host,
                    src=parsed.src,
                    dst=parsed.dst,
                    session=parsed.session,
                )
            except BadEventError as error:
                self._reject(ctx, piece, line, str(error))
            else:
                ctx.counters.add("collect_events")

    def _reject(self, ctx: Context, piece: Slice, line: Line, reason: str) -> None:
        ctx.counters.add("collect_rejected")
        self._quarantine.put(reason, f"{piece.follower.path}:{line.offset}", line.text)

    def _spool_is_full(self, ctx: Context) -> bool:
        return ctx.spool is not None and ctx.spool.waiting > 0

    def _save(self, ctx: Context) -> None:
        """Save the positions once the events before them are on the disk; while that is full, leave the old ones.

        Nor is anything saved when the job was cancelled between reading lines and emitting them.
        """
        self._saved_at = time.monotonic_ns()
        self._quarantine.sync()
        if ctx.spool is not None:
            ctx.spool.sync()
        if self._in_flight or self._spool_is_full(ctx):
            return
        try:
            self._count()
            self._positions.save({feed.settings.name: feed.source.positions() for feed in self._feeds})
        except OSError as error:
            ctx.counters.add("collect_positions_unsaved")
            log.warning("cannot save the positions: %s", error.strerror)

    def _count(self) -> None:
        """Sum what the sources count, in the thread that changes them, for the loop to read."""
        total = dict.fromkeys(_SOURCE_COUNTS, 0)
        for feed in self._feeds:
            total["lag_bytes"] += feed.source.unread_bytes()
            for name, value in feed.source.counts.items():
                total[name] += value
        self._source_counts = total


def understood(line: Line, parse: Parser) -> Outcome:
    """Return what a line of a file means."""
    if line.overlong:
        return Rejected(f"the line has {line.size} bytes")
    text = line.text.rstrip(b"\r")
    return parse(text) if text else Ignored("an empty line")
