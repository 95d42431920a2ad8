# SPDX-License-Identifier: MIT
"""Lines that could not be parsed, kept with the reason; bounded, safe to open.

They lie in a few small segments, the oldest of which goes first: a flood of garbage displaces older garbage.
"""

from __future__ import annotations

import contextlib
import logging
from pathlib import Path

import msgspec

from decnet_core.durable import make_directory
from decnet_core.spool import segments
from decnet_core.spool.segments import Segment
from decnet_core.text import bounded, from_wire

log = logging.getLogger(__name__)

_FILES = 8
_MAX_LINE_BYTES = 4096


class QuarantinedLine(msgspec.Struct, frozen=True, rename={"source": "from"}):
    """One quarantined line: why, where it came from, and its beginning as text."""

    reason: str
    source: str
    line: str


class Quarantine:
    """The quarantine in `directory`, at most `max_bytes` of it; one process writes it.

    A disk that refuses costs a line, never an error: `counters` has how many.
    """

    def __init__(self, directory: Path, max_bytes: int = 16 << 20) -> None:
        self._directory = directory
        self._file_bytes = max_bytes // _FILES
        self._segment: Segment | None = None
        self._fresh = False
        self._kept = 0
        self._lost = 0
        self._removed = 0

    def put(self, reason: str, source: str, line: bytes) -> None:
        """Keep the first 4096 bytes of `line`, with the reason and the place it came from."""
        text = from_wire(line, _MAX_LINE_BYTES)
        record = msgspec.json.encode(QuarantinedLine(bounded(reason, 512), bounded(source, 512), text)) + b"\n"
        try:
            self._with_room(len(record)).append(record)
        except OSError as error:
            self._lost += 1
            log.warning("cannot keep a quarantined line in %s: %s", self._directory, error.strerror)
            return
        self._kept += 1
        self._fresh = True

    def sync(self) -> None:
        """Wait until what was kept is on the disk."""
        if self._fresh and self._segment is not None:
            self._fresh = False
            with contextlib.suppress(OSError):  # a record that power loss may cost, nothing to stop for
                self._segment.sync()

    def counters(self) -> dict[str, float]:
        """Return how many lines were kept, were lost to a full disk, and how many files the limit removed."""
        return {
            "quarantined": self._kept,
            "quarantine_lost": self._lost,
            "quarantine_files_removed": self._removed,
        }

    def close(self) -> None:
        """Sync and release the file."""
        self.sync()
        if self._segment is not None:
            self._segment.close()
            self._segment = None

    def _with_room(self, size: int) -> Segment:
        segment = self._segment
        if segment is None or segment.torn or segment.size + size > self._file_bytes:
            segment = self._next()
        return segment

    def _next(self) -> Segment:
        make_directory(self._directory)
        present = list(segments.sizes(self._directory))
        for number in present[: max(0, len(present) - _FILES + 1)]:
            segments.path_of(self._directory, number).unlink()
            self._removed += 1
        fresh = Segment(self._directory, max(present, default=0) + 1)
        self.close()
        self._segment = fresh
        return fresh
