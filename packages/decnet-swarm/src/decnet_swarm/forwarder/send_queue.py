# SPDX-License-Identifier: MIT
"""The spools of this host as a queue of batches: what was sent, what the server has stored, what the spool knows.

Nothing of it is lost with the process but the knowledge of what the listener has acknowledged in the last second, and
the listener tells that at the next connection. A spool is recognised by the bytes before the place that the listener
names: when they are not what was sent, because the spool was recreated or restored from a copy, it is sent from where
it was last acknowledged here, and ingest ignores what it has already.
"""

import hashlib
import logging
import os
import re
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from decnet_core.spool import segments
from decnet_core.spool.positions import Position
from decnet_core.spool.quarantine import Quarantine
from decnet_core.spool.reader import SpoolReader
from decnet_core.text import for_terminal
from decnet_swarm.forwarder.batch import OutboundBatch, pack
from decnet_swarm.wire import BATCH_BYTES, BATCH_EVENTS, MAX_SPOOLS, SPOOL_NAME, SpoolPosition

log = logging.getLogger(__name__)

READER = "forwarder"
NOT_OURS = frozenset({"listener"})
"""A listener's spool holds other sensors' events, for which only their own certificates may vouch."""
_SAVE_SECONDS = 1.0
_CHECKED_BYTES = 256
_NAME = re.compile(SPOOL_NAME)


class Spool(msgspec.Struct):
    """One spool being shipped; `saved` <= `stored` <= `sent`."""

    name: str
    directory: Path
    inode: int
    reader: SpoolReader
    sent: Position
    stored: Position
    saved: Position


class SendQueue:
    """All spools below `directory` that are this host's own."""

    def __init__(self, directory: Path, quarantine: Quarantine) -> None:
        self._directory = directory
        self._quarantine = quarantine
        self._spools: dict[str, Spool] = {}
        self._places: Mapping[str, SpoolPosition] = {}
        self._turn = 0
        self._saved_at = time.monotonic()
        self._failing: dict[str, str] = {}
        self._counts = dict.fromkeys(("acknowledged", "refused", "torn_lines", "segments_missing", "spool_errors"), 0)

    def resume(self, places: Mapping[str, SpoolPosition]) -> None:
        """Begin a connection to a server that has stored each spool up to the given position."""
        self._places = places
        for spool in self._spools.values():
            spool.sent = self._resumed(spool)

    def next_batch(self, *, plain: bool) -> OutboundBatch | None:
        """Return the next batch, taking spools in turn; None when there is nothing to send."""
        spools = self._in_turn()
        for spool in spools:
            try:
                batch = self._read(spool, plain=plain)
            except OSError as error:
                self._failed(spool.name, error)
                continue
            self._failing.pop(spool.name, None)
            if batch is not None:
                return batch
        return None

    def stored(self, batch: OutboundBatch) -> None:
        """Record that the server has stored `batch`."""
        spool = self._spools.get(batch.spool)
        if spool is not None and spool.inode == batch.inode and batch.next > spool.stored:
            spool.stored = batch.next
        self._counts["acknowledged"] += batch.events
        self._counts["refused"] += len(batch.rejects)
        for reject in batch.rejects:
            self._quarantine.put(reject.reason, batch.spool, reject.line)

    def save(self, *, now: bool = False) -> None:
        """Acknowledge what is stored to the spools, when that frees a segment of one or a second has passed."""
        behind = [spool for spool in self._spools.values() if spool.stored > spool.saved]
        due = now or time.monotonic() - self._saved_at > _SAVE_SECONDS
        if not due and all(spool.stored.segment == spool.saved.segment for spool in behind):
            return
        self._saved_at = time.monotonic()
        self._quarantine.sync()
        for spool in behind:
            try:
                spool.reader.acknowledge(spool.stored)
            except OSError as error:
                self._failed(spool.name, error)
            else:
                spool.saved = spool.stored

    def waiting(self) -> bool:
        """Return whether anything that could be sent is not stored elsewhere, as far as the spools can be read."""
        for spool in self._in_turn():
            try:
                found = spool.reader.read(spool.stored, 1)
            except OSError as error:
                self._failed(spool.name, error)
                return True
            if found.lines or found.overlong:
                return True
        return False

    def lag_bytes(self) -> int:
        """Return how many bytes of all spools are not stored elsewhere."""
        total = 0
        for spool in list(self._spools.values()):  # a snapshot: health asks from another thread than the one that reads
            try:
                total += spool.reader.lag_bytes(spool.stored)
            except OSError as error:
                self._failed(spool.name, error)
        return total

    def counters(self) -> dict[str, float]:
        return {"spools": len(self._spools), **self._counts}

    def _in_turn(self) -> list[Spool]:
        self._find()
        spools = list(self._spools.values())
        self._turn += 1
        first = self._turn % len(spools) if spools else 0
        return spools[first:] + spools[:first]

    def _find(self) -> None:
        try:
            with os.scandir(self._directory) as entries:
                found = {entry.name: entry.inode() for entry in entries if entry.is_dir() and _ours(entry.name)}
        except OSError as error:
            self._failed(str(self._directory), error)
            return
        for gone in self._spools.keys() - found.keys():
            del self._spools[gone]
        for name in sorted(found)[:MAX_SPOOLS]:
            known = self._spools.get(name)
            if known is None or known.inode != found[name]:
                self._open(name, found[name])

    def _open(self, name: str, inode: int) -> None:
        directory = self._directory / name
        try:
            reader = SpoolReader(directory, READER)
        except OSError as error:
            self._failed(name, error)
            return
        saved = reader.acknowledged()
        spool = Spool(name, directory, inode, reader, saved, saved, saved)
        spool.sent = self._resumed(spool)
        self._spools[name] = spool

    def _resumed(self, spool: Spool) -> Position:
        place = self._places.get(spool.name)
        if place is None:
            return spool.stored
        there = Position(place.segment, place.offset)
        if there > spool.stored and place.check and place.check == check_of(spool.directory, there):
            spool.stored = there
        return spool.stored

    def _read(self, spool: Spool, *, plain: bool) -> OutboundBatch | None:
        lines = spool.reader.read(spool.sent, BATCH_EVENTS, BATCH_BYTES)
        empty = not (lines.lines or lines.overlong)
        if lines.next == spool.sent or (empty and spool.sent != spool.stored):
            return None
        self._counts["torn_lines"] += lines.torn
        self._counts["segments_missing"] += lines.missing
        spool.sent = lines.next
        if empty:  # an empty segment needs nobody's confirmation
            spool.stored = lines.next
            return None
        return pack(spool.name, spool.inode, lines, None if plain else check_of(spool.directory, lines.next))

    def _failed(self, name: str, error: OSError) -> None:
        self._counts["spool_errors"] += 1
        words = error.strerror or str(error)
        if self._failing.get(name) != words:
            log.error("cannot use spool=%s: %s; the others continue", for_terminal(name), words)
        self._failing[name] = words


def _ours(name: str) -> bool:
    return name not in NOT_OURS and _NAME.fullmatch(name) is not None


def check_of(directory: Path, position: Position) -> str:
    """Return the fingerprint of what stands before `position` in the spool; empty when nothing does."""
    try:
        content = _before(directory, position)
    except OSError:
        return ""
    return hashlib.blake2b(content, digest_size=16).hexdigest() if content else ""


def _before(directory: Path, position: Position) -> bytes:
    """At a segment's beginning: the end of the one before, which will not change any more."""
    number, end = position.segment, position.offset
    if not end:
        number = max(_earlier(segments.sizes(directory), number), default=0)
    with segments.path_of(directory, number).open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if end > size:
            return b""
        end = end or size
        return os.pread(file.fileno(), min(end, _CHECKED_BYTES), max(0, end - _CHECKED_BYTES))


def _earlier(sizes: Iterable[int], number: int) -> list[int]:
    return [found for found in sizes if found < number]
