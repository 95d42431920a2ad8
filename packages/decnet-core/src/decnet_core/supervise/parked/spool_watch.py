# SPDX-License-Identifier: MIT
"""Watches the spools for parked readers with inotify(7): what is appended wakes them, also when no nudge comes with it.

A writer nudges over the bus; one that has lost its connection, or is killed before it nudges, does not. The watch ends
with the first event, so a spool that is written to all the time costs the supervisor nothing but that one.
"""

import asyncio
import logging
import os
import struct
from collections.abc import Callable, Iterator
from ctypes import CDLL, get_errno
from pathlib import Path

from decnet_core.spool.positions import READERS
from decnet_core.spool.segments import SUFFIX

log = logging.getLogger(__name__)

MOST_SPOOLS = 256
"""Spools that are watched; of more, the rest is left to the bus."""
_IN_MODIFY, _IN_MOVED_TO, _IN_CREATE, _IN_Q_OVERFLOW = 0x2, 0x80, 0x100, 0x4000
_IN_ONLYDIR, _IN_ISDIR = 0x0100_0000, 0x4000_0000
_FLAGS = os.O_NONBLOCK | os.O_CLOEXEC
"""IN_NONBLOCK and IN_CLOEXEC have these values."""
_EVENT = struct.Struct("iIII")
_ROOM = 64 * 1024


class SpoolWatch:
    """One inotify instance for all parked readers of the spools below `spools`, which need not exist yet."""

    def __init__(self, spools: Path) -> None:
        self._spools = spools
        self._waiting: list[Callable[[], None]] = []
        self._descriptor: int | None = None
        self._refused = ""

    @property
    def open(self) -> bool:
        """Whether the spools are being watched."""
        return self._descriptor is not None

    def add(self, came: Callable[[], None]) -> None:
        """Call `came` once when something is appended to a spool, or a spool is made."""
        self._waiting.append(came)
        if self._descriptor is None:
            try:
                self._begin()
            except OSError as error:  # fs.inotify.max_user_instances, no more descriptors
                self._refuse(error)

    def discard(self, came: Callable[[], None]) -> None:
        """Do not call `came` any more."""
        if came in self._waiting:
            self._waiting.remove(came)
        if not self._waiting:
            self._end()

    def close(self) -> None:
        """Call nobody any more."""
        self._waiting.clear()
        self._end()

    def _begin(self) -> None:
        self._descriptor = _checked(_libc().inotify_init1(_FLAGS))
        asyncio.get_running_loop().add_reader(self._descriptor, self._on_events)
        self._watch_root()
        try:
            with os.scandir(self._spools) as entries:
                names = [entry.name for entry in entries if entry.name != READERS and entry.is_dir()]
        except FileNotFoundError:
            return
        for name in sorted(names)[:MOST_SPOOLS]:
            self._watch(self._spools / name, _IN_MODIFY)

    def _watch_root(self) -> None:
        """Watch the directory of the spools, or the nearest above that exists, for what is made in it."""
        for directory in (self._spools, *self._spools.parents):
            if self._watch(directory, _IN_CREATE | _IN_MOVED_TO):
                return

    def _watch(self, directory: Path, events: int) -> bool:
        """Watch `directory`; return whether it is there."""
        try:
            _checked(_libc().inotify_add_watch(self._descriptor, os.fsencode(directory), events | _IN_ONLYDIR))
        except FileNotFoundError:
            return False
        except OSError as error:  # fs.inotify.max_user_watches, no permission
            self._refuse(error)
        return True

    def _on_events(self) -> None:
        assert self._descriptor is not None
        try:
            events = os.read(self._descriptor, _ROOM)
        except BlockingIOError:
            return
        if not any(_concerns(mask, name) for mask, name in _parsed(events)):
            return
        waiting, self._waiting = self._waiting, []
        self._end()
        for came in waiting:
            came()

    def _end(self) -> None:
        if self._descriptor is not None:
            asyncio.get_running_loop().remove_reader(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = None

    def _refuse(self, error: OSError) -> None:
        if self._refused != str(error):
            self._refused = str(error)
            log.warning("spools are not watched, only the bus wakes their readers: %s", error.strerror)


def _concerns(mask: int, name: bytes) -> bool:
    """Return whether an event may mean something to read: a directory, a line in a segment, or lost events."""
    return bool(mask & (_IN_ISDIR | _IN_Q_OVERFLOW)) or name.endswith(SUFFIX.encode())


def _parsed(events: bytes) -> Iterator[tuple[int, bytes]]:
    offset = 0
    while offset < len(events):
        _, mask, _, length = _EVENT.unpack_from(events, offset)
        offset += _EVENT.size
        yield mask, events[offset : offset + length].rstrip(b"\0")
        offset += length


def _libc() -> CDLL:
    return CDLL(None, use_errno=True)


def _checked(result: int) -> int:
    """Return the result of a system call, or raise what it failed with."""
    if result < 0:
        raise OSError(get_errno(), os.strerror(get_errno()))
    return result
