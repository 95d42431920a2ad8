# SPDX-License-Identifier: MIT
"""Lines that could not be parsed or stored, kept whole with the reason; bounded, safe to open.

They lie in a few small segments, the oldest of which goes first: a flood of garbage displaces older garbage.
"""

import base64
import contextlib
import logging
import os
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from decnet_core.durable import make_directory
from decnet_core.events.codec import MAX_LINE_BYTES
from decnet_core.spool import segments
from decnet_core.spool.segments import Segment
from decnet_core.text import bounded, from_wire

log = logging.getLogger(__name__)

_FILES = 8
_SHOWN_CHARACTERS = 4096
"""Of a line that is not UTF-8: it is kept in base64 beside them."""


class QuarantinedLine(msgspec.Struct, frozen=True, omit_defaults=True, rename={"source": "from"}):
    """One quarantined line: why and when (ns since the Unix epoch), where it came from, and the line as text."""

    reason: str
    source: str
    line: str
    at: int = 0
    exact: str = ""
    """The line in base64, where its bytes are not UTF-8 and the text shows them escaped."""

    def content(self) -> bytes:
        """Return the line as it was."""
        return base64.b64decode(self.exact) if self.exact else self.line.encode()


class LinePosition(msgspec.Struct, frozen=True, order=True):
    """Where a line is kept, for as long as it is: the segment's number and the byte at which it begins."""

    segment: int
    offset: int


def kept_lines(directory: Path) -> Iterator[tuple[LinePosition, QuarantinedLine]]:
    """Yield the lines of the quarantine in `directory`, oldest first; what is half-written is passed over."""
    for number in segments.sizes(directory):
        offset = 0
        for record in _records(segments.path_of(directory, number)):
            with contextlib.suppress(msgspec.MsgspecError):
                yield LinePosition(number, offset), msgspec.json.decode(record, type=QuarantinedLine)
            offset += len(record)


def _records(path: Path) -> Iterator[bytes]:
    """Read a file that belongs to another account: no link is followed, no device is opened."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:  # removed by its writer meanwhile
        return
    with os.fdopen(descriptor, "rb") as file:
        yield from file


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
        """Keep `line`, at most as long as an event may be, with the reason and the place it came from."""
        line = line[:MAX_LINE_BYTES]
        text, exact = from_wire(line, MAX_LINE_BYTES), ""
        if text.encode() != line:
            text, exact = text[:_SHOWN_CHARACTERS], base64.b64encode(line).decode()
        kept = QuarantinedLine(bounded(reason, 512), bounded(source, 512), text, time.time_ns(), exact)
        record = msgspec.json.encode(kept) + b"\n"
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
