# SPDX-License-Identifier: MIT
"""Kernel notifications that a log may have changed (inotify(7)), so that an idle collector sleeps; by ctypes.

Followed files are watched for writes, directories only for names that come and go: other programs that write beside a
log wake nothing. Where the kernel cannot know, on a network file system, `is_complete` is false: the caller polls.
"""

import asyncio
import contextlib
import ctypes
import glob
import logging
import os
import struct
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

log = logging.getLogger(__name__)

_MODIFY, _ATTRIB, _MOVED_FROM, _MOVED_TO, _CREATE, _DELETE = 0x2, 0x4, 0x40, 0x80, 0x100, 0x200
_DELETE_SELF, _MOVE_SELF, _ONLYDIR, _IGNORED = 0x400, 0x800, 0x0100_0000, 0x8000
_FILE = _MODIFY | _ATTRIB | _MOVE_SELF | _DELETE_SELF
_DIRECTORY = _MOVED_FROM | _MOVED_TO | _CREATE | _DELETE | _DELETE_SELF | _MOVE_SELF | _ONLYDIR
_EVENT = struct.Struct("iIII")
_REMOTE = frozenset({
    "9p", "afs", "beegfs", "ceph", "cifs", "coda", "fuse", "gfs2", "glusterfs", "lustre", "nfs", "nfs4", "ocfs2",
    "smb3", "smbfs", "virtiofs", "vboxsf",
})  # fmt: skip


class InotifyWatch:
    """The watches of one worker; without inotify `is_complete` is never true."""

    def __init__(self, *, max_watches: int = 4096) -> None:
        self._max = max_watches
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._descriptor = -1
        self._watched: dict[str, int] = {}
        """Watch descriptor of each path."""
        self._places: dict[str, bool] = {}
        """Whether each directory is remote."""
        self.is_complete = False
        """Whether every relevant change will be notified."""
        with contextlib.suppress(AttributeError):
            self._descriptor = self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self._descriptor < 0:
            log.info("no inotify here: %s", os.strerror(ctypes.get_errno()))

    def follow(self, patterns: Iterable[str], files: Iterable[str]) -> None:
        """Drop pending events, and watch `files` and every directory in which one of `patterns` could match.

        Called before a look, so that what happens during it is notified afterwards.
        """
        if self._descriptor < 0:
            return
        self._drain()
        wanted = dict.fromkeys(files, _FILE)
        complete = True
        for pattern in patterns:
            places = directories_of(pattern)
            complete = complete and bool(places)
            wanted.update(dict.fromkeys(places, _DIRECTORY))
        complete = complete and len(wanted) <= self._max and not self._any_remote(wanted)
        for path in [path for path in self._watched if path not in wanted]:
            self._libc.inotify_rm_watch(self._descriptor, self._watched.pop(path))
        for path in wanted if complete else ():
            if path not in self._watched:
                complete = self._add(path, wanted[path]) and complete
        self.is_complete = complete

    def _any_remote(self, paths: Iterable[str]) -> bool:
        """Return whether one of them is on a file system that others write to, as it was when they were new."""
        places = {path.rpartition("/")[0] for path in paths}
        if places - self._places.keys():
            kinds = file_systems()
            self._places = {place: _is_remote(os.path.realpath(place), kinds) for place in places}
        return any(self._places[place] for place in places)

    def _add(self, path: str, mask: int) -> bool:
        number = self._libc.inotify_add_watch(self._descriptor, os.fsencode(path), ctypes.c_uint32(mask))
        if number < 0:
            return False
        self._watched[path] = number
        return True

    def _drain(self) -> None:
        """Drop pending events; a path that is another file by now is watched again."""
        gone = set()
        with contextlib.suppress(BlockingIOError):
            while data := os.read(self._descriptor, 65_536):
                gone |= _changed(data)
        for number in gone:
            self._libc.inotify_rm_watch(self._descriptor, number)
        self._watched = {path: number for path, number in self._watched.items() if number not in gone}

    @contextlib.contextmanager
    def notifying(self, notify: Callable[[], None]) -> Iterator[None]:
        """Call `notify` once when something happens, or has happened since `follow`."""
        loop = asyncio.get_running_loop()
        if self._descriptor < 0 or not self.is_complete:
            yield
            return

        def once() -> None:
            loop.remove_reader(self._descriptor)
            notify()

        loop.add_reader(self._descriptor, once)
        try:
            yield
        finally:
            loop.remove_reader(self._descriptor)

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
            self.is_complete = False


def _changed(data: bytes) -> set[int]:
    """Return the watches whose path may be another file by now."""
    gone, position = set(), 0
    while position + _EVENT.size <= len(data):
        number, mask, _, length = _EVENT.unpack_from(data, position)
        if mask & (_IGNORED | _MOVE_SELF | _DELETE_SELF):
            gone.add(number)
        position += _EVENT.size + length
    return gone


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
