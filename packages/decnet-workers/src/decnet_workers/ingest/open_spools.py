# SPDX-License-Identifier: MIT
"""The spools of a state directory: found as they appear, read from the database's position, each failing independently.

A spool in which nothing was ever acknowledged is new, even if the database has a position for its name: the directory
was lost and created again. It is read from its beginning; events that are in the log already are ignored there.
If something was acknowledged, the writer of the new directory begins far behind it (`spool.retention`).
"""

import logging
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from decnet_core.spool.positions import START, Position, spool_names
from decnet_core.spool.reader import ReadResult, SpoolReader
from decnet_core.text import for_terminal

log = logging.getLogger(__name__)

READER = "ingest"


class OpenSpool(msgspec.Struct):
    """One spool; everything before `position` is committed."""

    name: str
    inode: tuple[int, int]
    reader: SpoolReader
    position: Position
    acknowledged: Position


class Read(msgspec.Struct, frozen=True):
    spool: OpenSpool
    batch: ReadResult


class OpenSpools:
    """All spools below `directory`."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._open: dict[str, OpenSpool] = {}
        self._failing: dict[str, str] = {}
        self._turn = 0
        self.errors = 0

    def read(self, positions: Mapping[str, Position], max_lines: int, max_bytes: int) -> list[Read]:
        """Return the next lines of the spools, together about `max_lines` and `max_bytes`; each begins in turn.

        `positions` are the database's, for spools that are not open yet.
        """
        reads: list[Read] = []
        for spool in self._in_turn(positions):
            batch = self._read_one(spool, max_lines, max_bytes)
            if batch is None or batch.next == spool.position:
                continue
            reads.append(Read(spool, batch))
            max_lines -= len(batch.lines)
            max_bytes -= sum(map(len, batch.lines))
            if max_lines <= 0 or max_bytes <= 0:
                break
        return reads

    def acknowledge(self, *, finished_only: bool) -> None:
        """Acknowledge what is committed; with `finished_only`, only for spools that have moved to another segment.

        An acknowledgement costs two syncs and frees whole segments only, so there is none for every batch.
        """
        for spool in self._open.values():
            done = spool.position.segment > spool.acknowledged.segment  # true of the first commit, too
            if spool.position > spool.acknowledged and (done or not finished_only):
                self._acknowledge_one(spool)

    def lag_bytes(self) -> int:
        total = 0
        for spool in self._open.values():
            try:
                total += spool.reader.lag_bytes(spool.position)
            except OSError as error:
                self._failed(spool.name, error)
        return total

    @property
    def failing(self) -> bool:
        """Whether a spool cannot be read now."""
        return bool(self._failing)

    def counters(self) -> dict[str, float]:
        """Return how many spools are open, how many cannot be read now, and how often that happened."""
        return {"spools": len(self._open), "spools_failing": len(self._failing), "spool_errors": self.errors}

    def _in_turn(self, positions: Mapping[str, Position]) -> list[OpenSpool]:
        spools = list(self._found(positions))
        self._turn += 1
        first = self._turn % len(spools) if spools else 0
        return spools[first:] + spools[:first]

    def _found(self, positions: Mapping[str, Position]) -> Iterator[OpenSpool]:
        try:
            names = spool_names(self._directory)
        except OSError as error:
            self._failed(str(self._directory), error)
            return
        self._failing.pop(str(self._directory), None)
        for gone in self._open.keys() - names:
            del self._open[gone]
            self._failing.pop(gone, None)
        for name in names:
            spool = self._opened(name, positions)
            if spool is not None:
                yield spool

    def _opened(self, name: str, positions: Mapping[str, Position]) -> OpenSpool | None:
        try:
            inode = _inode(self._directory / name)
            spool = self._open.get(name)
            if spool is None or spool.inode != inode:
                spool = self._open[name] = _open(self._directory / name, inode, positions.get(name, START))
        except OSError as error:
            self._failed(name, error)
            return None
        return spool

    def _read_one(self, spool: OpenSpool, max_lines: int, max_bytes: int) -> ReadResult | None:
        try:
            batch = spool.reader.read(spool.position, max_lines, max_bytes)
        except OSError as error:
            self._failed(spool.name, error)
            return None
        if self._failing.pop(spool.name, None):
            log.info("spool can be read again spool=%s", for_terminal(spool.name))
        return batch

    def _acknowledge_one(self, spool: OpenSpool) -> None:
        try:
            spool.reader.acknowledge(spool.position)
        except OSError as error:
            self._failed(spool.name, error)
        else:
            spool.acknowledged = spool.position

    def _failed(self, name: str, error: OSError) -> None:
        self.errors += 1
        words = error.strerror or str(error)
        if self._failing.get(name) != words:
            log.error("cannot use spool=%s: %s; the others continue", for_terminal(name), words)
        self._failing[name] = words


def _inode(directory: Path) -> tuple[int, int]:
    status = directory.stat()
    return status.st_dev, status.st_ino


def _open(directory: Path, inode: tuple[int, int], committed: Position) -> OpenSpool:
    reader = SpoolReader(directory, READER)
    acknowledged = reader.acknowledged()
    position = START if acknowledged == START else committed
    return OpenSpool(directory.name, inode, reader, position, acknowledged)
