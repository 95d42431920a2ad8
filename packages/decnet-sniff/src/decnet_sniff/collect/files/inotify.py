# SPDX-License-Identifier: MIT
"""Kernel notifications that a log may have changed (inotify(7)), so that an idle collector sleeps.

Followed files are watched for writes, directories only for names that come and go: other programs that write beside a
log wake nothing. Where the kernel cannot know, on a network file system, `is_complete` is false: the caller polls.
"""

import asyncio
import contextlib
import glob
import logging
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from decnet_core.inotify import (
    ATTRIB,
    CREATE,
    DELETE,
    DELETE_SELF,
    IGNORED,
    MODIFY,
    MOVE_SELF,
    MOVED_FROM,
    MOVED_TO,
    ONLY_DIRECTORY,
    Inotify,
)

log = logging.getLogger(__name__)

_FILE = MODIFY | ATTRIB | MOVE_SELF | DELETE_SELF
_DIRECTORY = MOVED_FROM | MOVED_TO | CREATE | DELETE | DELETE_SELF | MOVE_SELF | ONLY_DIRECTORY
_REMOTE = frozenset({
    "9p", "afs", "beegfs", "ceph", "cifs", "coda", "fuse", "gfs2", "glusterfs", "lustre", "nfs", "nfs4", "ocfs2",
    "smb3", "smbfs", "virtiofs", "vboxsf",
})  # fmt: skip


class InotifyWatch:
    """The watches of one worker; without inotify `is_complete` is never true."""

    def __init__(self, *, max_watches: int = 4096) -> None:
        self._max = max_watches
        self._inotify: Inotify | None = None
        self._watched: dict[str, int] = {}
        """Watch descriptor of each path."""
        self._places: dict[str, bool] = {}
        """Whether each directory is remote."""
        self.is_complete = False
        """Whether every relevant change will be notified."""
        self._open()

    def _open(self) -> None:
        try:
            self._inotify = Inotify()
        except OSError as error:
            log.info("no inotify here: %s", error)

    def hand_over(self) -> int:
        """Return the descriptor, which is the caller's from now on; `follow` must be called before `notifying`.

        It tells of what has happened since the last `follow` and of what will, to whoever reads it first.
        """
        assert self._inotify is not None
        descriptor = self._inotify.descriptor
        self._watched, self.is_complete = {}, False
        self._open()
        return descriptor

    def follow(self, patterns: Iterable[str], files: Iterable[str]) -> None:
        """Drop pending events, and watch `files` and every directory in which one of `patterns` could match.

        Called before a look, so that what happens during it is notified afterwards.
        """
        if self._inotify is None:
            return
        self._drain(self._inotify)
        wanted = dict.fromkeys(files, _FILE)
        complete = True
        for pattern in patterns:
            places = directories_of(pattern)
            complete = complete and bool(places)
            wanted.update(dict.fromkeys(places, _DIRECTORY))
        complete = complete and len(wanted) <= self._max and not self._any_remote(wanted)
        for path in [path for path in self._watched if path not in wanted]:
            self._inotify.forget(self._watched.pop(path))
        for path in wanted if complete else ():
            if path not in self._watched:
                complete = self._add(self._inotify, path, wanted[path]) and complete
        self.is_complete = complete

    def _any_remote(self, paths: Iterable[str]) -> bool:
        """Return whether one of them is on a file system that others write to, as it was when they were new."""
        places = {path.rpartition("/")[0] for path in paths}
        if places - self._places.keys():
            kinds = file_systems()
            self._places = {place: _is_remote(os.path.realpath(place), kinds) for place in places}
        return any(self._places[place] for place in places)

    def _add(self, inotify: Inotify, path: str, mask: int) -> bool:
        try:
            self._watched[path] = inotify.watch(path, mask)
        except OSError:
            return False
        return True

    def _drain(self, inotify: Inotify) -> None:
        """Drop pending events; a path that is another file by now is watched again."""
        gone = {change.watch for change in inotify.read() if change.mask & (IGNORED | MOVE_SELF | DELETE_SELF)}
        for number in gone:
            inotify.forget(number)
        self._watched = {path: number for path, number in self._watched.items() if number not in gone}

    @contextlib.contextmanager
    def notifying(self, notify: Callable[[], None]) -> Iterator[None]:
        """Call `notify` once when something happens, or has happened since `follow`."""
        loop = asyncio.get_running_loop()
        if self._inotify is None or not self.is_complete:
            yield
            return
        descriptor = self._inotify.descriptor

        def once() -> None:
            loop.remove_reader(descriptor)
            notify()

        loop.add_reader(descriptor, once)
        try:
            yield
        finally:
            loop.remove_reader(descriptor)

    def close(self) -> None:
        if self._inotify is not None:
            self._inotify.close()
            self._inotify = None
            self.is_complete = False


def directories_of(pattern: str) -> list[str]:
    """Return the directories in which a change of names could change what `pattern` matches; empty if there is none."""
    parts = Path(pattern).parts[:-1]
    directories: set[str] = set()
    for end in range(1, len(parts) + 1):
        above = str(Path(*parts[:end]))
        is_last, is_next_wild = end == len(parts), end < len(parts) and glob.has_magic(parts[end])
        if is_last or is_next_wild:
            directories.update(path for path in glob.iglob(above) if Path(path).is_dir())  # noqa: PTH207  # absolute pattern
    return sorted(directories)


def _is_remote(path: str, kinds: dict[str, str]) -> bool:
    while path not in kinds and path != "/":
        path = str(Path(path).parent)
    kind = kinds.get(path, "")
    return kind in _REMOTE or kind.startswith("fuse.")


def file_systems() -> dict[str, str]:
    """Return the file system type at each mount point (proc(5), mountinfo)."""
    types = {}
    try:
        lines = Path("/proc/self/mountinfo").read_text(errors="replace").splitlines()
    except OSError:
        return {}
    for line in lines:
        words = line.split()
        if len(words) > 4 and "-" in words:
            types[words[4].replace("\\040", " ")] = words[words.index("-") + 1]
    return types
