# SPDX-License-Identifier: MIT
"""Watches the spools for parked readers with inotify(7): what is appended wakes them, also when no nudge comes with it.

A writer nudges over the bus; one that has lost its connection, or is killed before it nudges, does not. The watch ends
with the first event, so a spool that is written to all the time costs the supervisor nothing but that one.
"""

import asyncio
import logging
import os
from collections.abc import Callable
from pathlib import Path

from decnet_core.inotify import CREATE, IS_DIRECTORY, MODIFY, MOVED_TO, ONLY_DIRECTORY, OVERFLOW, Inotify, InotifyEvent
from decnet_core.spool.positions import READERS
from decnet_core.spool.segments import SUFFIX

log = logging.getLogger(__name__)

MOST_SPOOLS = 256
"""Spools that are watched; of more, the rest is left to the bus."""


class SpoolWatch:
    """One inotify instance for all parked readers of the spools below `spools`, which need not exist yet."""

    def __init__(self, spools: Path) -> None:
        self._spools = spools
        self._waiting: list[Callable[[], None]] = []
        self._inotify: Inotify | None = None
        self._refused = ""

    @property
    def open(self) -> bool:
        """Whether the spools are being watched."""
        return self._inotify is not None

    def add(self, came: Callable[[], None]) -> None:
        """Call `came` once when something is appended to a spool, or a spool is made."""
        self._waiting.append(came)
        if self._inotify is None:
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
        self._inotify = Inotify()
        asyncio.get_running_loop().add_reader(self._inotify.descriptor, self._on_changes, self._inotify)
        self._watch_root(self._inotify)
        try:
            with os.scandir(self._spools) as entries:
                names = [entry.name for entry in entries if entry.name != READERS and entry.is_dir()]
        except FileNotFoundError:
            return
        for name in sorted(names)[:MOST_SPOOLS]:
            self._watch(self._inotify, self._spools / name, MODIFY)

    def _watch_root(self, inotify: Inotify) -> None:
        """Watch the directory of the spools, or the nearest above that exists, for what is made in it."""
        for directory in (self._spools, *self._spools.parents):
            if self._watch(inotify, directory, CREATE | MOVED_TO):
                return

    def _watch(self, inotify: Inotify, directory: Path, changes: int) -> bool:
        """Watch `directory`; return whether it is there."""
        try:
            inotify.watch(directory, changes | ONLY_DIRECTORY)
        except FileNotFoundError:
            return False
        except OSError as error:  # fs.inotify.max_user_watches, no permission
            self._refuse(error)
        return True

    def _on_changes(self, inotify: Inotify) -> None:
        if not any(map(_concerns, inotify.read())):
            return
        waiting, self._waiting = self._waiting, []
        self._end()
        for came in waiting:
            came()

    def _end(self) -> None:
        if self._inotify is not None:
            asyncio.get_running_loop().remove_reader(self._inotify.descriptor)
            self._inotify.close()
            self._inotify = None

    def _refuse(self, error: OSError) -> None:
        if self._refused != str(error):
            self._refused = str(error)
            log.warning("spools are not watched, only the bus wakes their readers: %s", error.strerror)


def _concerns(change: InotifyEvent) -> bool:
    """Return whether there may be something to read: a directory, a line in a segment, or lost events."""
    return bool(change.mask & (IS_DIRECTORY | OVERFLOW)) or change.name.endswith(SUFFIX.encode())
