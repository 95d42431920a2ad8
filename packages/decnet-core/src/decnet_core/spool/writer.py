# SPDX-License-Identifier: MIT
"""Writing a spool: one system call per event, and no disk so full that a worker stops for it.

Each opening begins a new segment. So whatever a killed predecessor left half-written is final, readers need no repair,
and an offset that a reader has stored can never come to mean other bytes.
"""

import contextlib
import fcntl
import logging
import os
import threading
from collections.abc import Sequence
from pathlib import Path

from decnet_core.durable import make_directory
from decnet_core.events.codec import encode
from decnet_core.events.envelope import Event
from decnet_core.exits import StartupError
from decnet_core.spool import segments
from decnet_core.spool.backlog import Backlog
from decnet_core.spool.positions import Position, acknowledged_positions
from decnet_core.spool.retention import Listing, plan
from decnet_core.spool.segments import Segment
from decnet_core.spool.settings import SpoolSettings

log = logging.getLogger(__name__)

_MAX_UNSYNCED = 4
"""Finished segments that may wait for `sync` before `append` itself waits for the disk."""
_MOST_AT_ONCE = 256 << 10
"""Bytes of one system call."""
_COUNTS = (
    "appended",
    "bytes",
    "refused",
    "quota_dropped",
    "closed_dropped",
    "segments_removed",
    "syncs",
    "sync_errors",
)


class SpoolBusyError(StartupError):
    """Another process writes this spool: two fleets on one state directory."""


class SpoolWriter:
    """The one writer of the spool in `directory`, which is made when it does not exist.

    Raises SpoolBusyError when another process writes there, StartupError when the directory cannot be used.
    `append` and `sync` may be called from different threads.
    """

    def __init__(self, directory: Path, settings: SpoolSettings) -> None:
        self._directory = directory
        self._settings = settings
        self._lock_descriptor = _take_directory(directory)
        self._mutex = threading.Lock()
        self._backlog = Backlog(settings.backlog_events, settings.backlog_bytes)
        self._segment: Segment | None = None
        self._unsynced: list[Segment] = []
        """Finished segments that are not yet known to be on the disk."""
        self._number = plan(self._listing(), settings.quota_bytes).next_number - 1
        self._fresh = False
        self._refusing = False
        self._counts = dict.fromkeys(_COUNTS, 0)
        self._closed = False
        self._begin_segment()

    @property
    def dirty(self) -> bool:
        """Whether `sync` has something to do."""
        return bool(self._backlog) or self._fresh or bool(self._unsynced)

    @property
    def waiting(self) -> int:
        """How many events wait in memory because the disk refuses them."""
        return len(self._backlog)

    def append(self, event: Event) -> None:
        """Write `event`; when this returns it survives the death of the process, unless the disk refuses it.

        A refused line waits in memory and is tried again, in order, before the next `append` and in `sync`; a full disk
        never raises. Raises BadEventError when the event cannot be encoded; nothing is written then.
        """
        self.append_line(encode(event))

    def append_line(self, event: bytes) -> None:
        """Write an event that `encode` returned, as `append` does."""
        line = event + b"\n"
        with self._mutex:
            self._drain()
            if self._backlog or not self._write(line):
                self._backlog.put(line)
        if self._settings.fsync == "always":
            self.sync()

    def offer(self, lines: Sequence[bytes]) -> int:
        """Write `lines` (events as `encode` returns them) until the disk refuses one; return how many were written.

        For a caller whose source can send again (`listener`), so that no event is held in memory, where it might be
        lost; nothing is written while others wait there. Durable after the next `sync`. Many lines are one system call:
        each call lets other threads take the interpreter, and to get it back costs milliseconds.
        """
        done = 0
        with self._mutex:
            self._drain()
            while done < len(lines) and not self._backlog:
                fitting = self._fitting(lines, done)
                taken = self._write(b"\n".join((*lines[done : done + fitting], b"")))
                if not taken and (fitting == 1 or not (taken := self._write(lines[done] + b"\n"))):
                    break
                done += taken
        return done

    def end(self) -> Position:
        """Return where the next line will be, at the earliest."""
        with self._mutex:
            segment = self._segment
            return Position(segment.number, segment.size) if segment is not None else Position(self._number + 1, 0)

    def sync(self) -> None:
        """Try what waits in memory again, then wait until the disk has all that was written; meant for a thread."""
        with self._mutex:
            if self._backlog:
                self._collect_garbage()
                self._drain()
            finished, self._unsynced = self._unsynced, []
            current = self._duplicate() if self._fresh else None
            self._fresh = False
        for segment in finished:
            self._sync_descriptor(segment.descriptor)
        if current is not None and not self._sync_descriptor(current):
            self._fresh = True

    def collect_garbage(self) -> None:
        """Remove the segments that every reader has acknowledged, and the oldest when the quota is exceeded."""
        with self._mutex:
            self._collect_garbage()

    def counters(self) -> dict[str, float]:
        lost = self._counts["quota_dropped"] + self._counts["closed_dropped"] + self._backlog.dropped
        return {
            **{f"spool_{name}": value for name, value in self._counts.items()},
            "spool_backlog": len(self._backlog),
            "spool_dropped": lost,
        }

    def close(self) -> None:
        """Write and sync what can be, and let another writer have the directory."""
        if self._closed:
            return
        self._closed = True
        self.sync()
        if self._backlog:
            self._counts["closed_dropped"] += len(self._backlog)
            log.error("disk full at the end, events lost=%d spool=%s", len(self._backlog), self._directory)
        if self._segment is not None:
            self._segment.close()
        os.close(self._lock_descriptor)

    def _drain(self) -> None:
        while self._backlog and self._write(self._backlog.first()):
            self._backlog.take()

    def _fitting(self, lines: Sequence[bytes], start: int) -> int:
        """Return how many lines from `start` on the segment has room for; at least one, that may need the next."""
        limit, segment, size = self._settings.segment_bytes, self._segment, 0
        room = min(limit - segment.size if segment is not None else limit, _MOST_AT_ONCE)
        for place in range(start, len(lines)):
            size += len(lines[place]) + 1
            if size > room:
                return max(1, place - start)
        return len(lines) - start

    def _write(self, lines: bytes) -> int:
        """Append a line, or several, to a segment with room for them; return how many the disk took."""
        segment = self._with_room(len(lines))
        if segment is None:
            return 0
        try:
            kept = segment.append(lines)
        except OSError as error:
            self._refused(error)
            return 0
        events = lines.count(b"\n", 0, kept)
        self._fresh = self._settings.fsync != "off"
        self._counts["appended"] += events
        self._counts["bytes"] += kept
        self._accepted()
        return events

    def _with_room(self, size: int) -> Segment | None:
        segment = self._segment
        if segment is not None and not segment.torn and segment.size + size <= self._settings.segment_bytes:
            return segment
        if segment is None or segment.torn or segment.size:
            self._begin_segment()
        return self._segment

    def _begin_segment(self) -> None:
        """Begin the next segment; when the disk refuses, the present one continues beyond its size, if it is whole."""
        try:
            segment = Segment(self._directory, self._number + 1)
        except OSError as error:
            self._number += isinstance(error, FileExistsError)
            self._refused(error)
            if self._segment is not None and self._segment.torn:
                self._finish(self._segment)
                self._segment = None
            return
        self._number = segment.number
        if self._segment is not None:
            self._finish(self._segment)
        self._segment = segment
        self._collect_garbage()

    def _finish(self, segment: Segment) -> None:
        """Close a segment now, or in the next `sync` when it must still reach the disk."""
        if not self._fresh:
            segment.close()
            return
        self._fresh = False
        self._unsynced.append(segment)
        if len(self._unsynced) > _MAX_UNSYNCED:
            self._sync_descriptor(self._unsynced.pop(0).descriptor)

    def _duplicate(self) -> int | None:
        """Return a descriptor of the present segment that stays good when `append` moves on to the next."""
        return os.dup(self._segment.descriptor) if self._segment is not None else None

    def _sync_descriptor(self, descriptor: int) -> bool:
        try:
            os.fsync(descriptor)
        except OSError as error:
            self._counts["sync_errors"] += 1
            log.warning("cannot sync spool=%s: %s", self._directory, error.strerror)
            return False
        finally:
            os.close(descriptor)
        self._counts["syncs"] += 1
        return True

    def _listing(self) -> Listing:
        return Listing(segments.sizes(self._directory), acknowledged_positions(self._directory))

    def _collect_garbage(self) -> None:
        settings, writing = self._settings, self._segment.number if self._segment is not None else None
        todo = plan(self._listing(), settings.quota_bytes - settings.segment_bytes, writing=writing)
        for number in todo.acknowledged:
            self._remove(number)
        for number, unread_from in todo.surplus.items():
            self._drop(number, unread_from)

    def _drop(self, number: int, unread_from: int) -> None:
        """Remove a segment that somebody still needs, and count what they will never see."""
        lost = segments.count_lines(segments.path_of(self._directory, number), unread_from)
        self._counts["quota_dropped"] += lost
        log.warning("spool over its quota, segment=%d events lost=%d spool=%s", number, lost, self._directory)
        self._remove(number)

    def _remove(self, number: int) -> None:
        with contextlib.suppress(OSError):  # it stays listed, so the next collection tries again
            segments.path_of(self._directory, number).unlink()
            self._counts["segments_removed"] += 1

    def _refused(self, error: OSError) -> None:
        self._counts["refused"] += 1
        if not self._refusing:
            self._refusing = True
            log.error("cannot write spool=%s: %s; events wait in memory", self._directory, error.strerror)

    def _accepted(self) -> None:
        if self._refusing:
            self._refusing = False
            log.warning("spool can be written again spool=%s waiting=%d", self._directory, len(self._backlog))


def _take_directory(directory: Path) -> int:
    """Make and lock the directory; the lock ends with the process, however it ends."""
    try:
        make_directory(directory)
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise StartupError(f"cannot use spool {directory}: {error.strerror}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise SpoolBusyError(
            f"another process writes spool {directory}: stop it, or give this fleet a state directory of its own "
            "with --state DIR or [state] dir"
        ) from error
    return descriptor
