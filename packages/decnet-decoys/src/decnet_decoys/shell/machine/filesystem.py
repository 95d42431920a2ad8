# SPDX-License-Identifier: MIT
"""A file system in memory: a tree shared by all sessions of a persona, and what one attacker changed on top of it.

Nothing here ever touches a real file. What one changes is bounded; beyond that the disk is full, as a real one's.
"""

import posixpath
from itertools import islice
from typing import Any
from weakref import finalize

from decnet_decoys.memory_budget import MemoryLease
from decnet_decoys.shell.machine.access import KERNEL, Access
from decnet_decoys.shell.machine.fs_errors import (
    BUSY,
    DENIED,
    EXISTS,
    IS_DIRECTORY,
    NO_SPACE,
    NOT_DIRECTORY,
    NOT_EMPTY,
    NOT_FOUND,
    NOT_PERMITTED,
    FileSystemError,
)
from decnet_decoys.shell.machine.lookup import MAX_PATH, ReadableFiles, Reading
from decnet_decoys.shell.machine.tree import APPENDED_ONLY, FULL, IMMUTABLE, Entry, Filler, Tree, whole_of

MAX_ENTRIES = 2000
"""Files and directories one attacker may change."""
_ENTRY_BYTES = 512
"""Memory that a changed entry takes besides its content."""


def _is_of_kernel(path: str) -> bool:
    """Whether the kernel makes a file's content, so that nobody changes it: those of /proc itself (proc(5))."""
    return path.startswith("/proc/") and path.count("/") == 2


class FileSystem(ReadableFiles):
    """A tree as one attacker sees and changes it; paths are absolute or relative to `Access.cwd`."""

    def __init__(self, tree: Tree, limit_bytes: int, lease: MemoryLease) -> None:
        super().__init__(tree)
        self._lease = lease
        self._held: set[str] = set()
        """The changed paths whose entry is counted in the lease."""
        self._limit = limit_bytes
        self._used = 0

    def write(self, path: str, data: bytes | Filler, access: Access, *, append: bool = False) -> str:
        """Create or replace a file, or append to it; returns its absolute path."""
        resolved = self.locate(path.rstrip("/") or "/", access)
        old = self._entry(resolved)
        if path.endswith("/"):
            raise FileSystemError(IS_DIRECTORY)
        if old is None:
            self._check_parent(resolved, access)
            new = access.made(Entry("file", 0o644, content=data))
        else:
            if old.kind == "dir":
                raise FileSystemError(IS_DIRECTORY)
            if not access.identity.may(old, 2):
                raise FileSystemError(DENIED)
            fixed = old.mode & IMMUTABLE or (old.mode & APPENDED_ONLY and not append)
            if fixed and access is not KERNEL:
                raise FileSystemError(NOT_PERMITTED)
            if data and old.kind == "device" and old.target == FULL:
                raise FileSystemError(NO_SPACE)
            if old.kind in ("device", "pipe") or (_is_of_kernel(resolved) and access is not KERNEL):
                return resolved
            new = old._replace(mtime=access.now, content=whole_of(old.content) + whole_of(data) if append else data)
        self._set(resolved, new)
        return resolved

    def mkdir(self, path: str, access: Access) -> None:
        self._create(self.locate(path.rstrip("/") or "/", access), Entry("dir", 0o755), access)

    def make_pipe(self, path: str, access: Access) -> None:
        self._create(self.locate(path, access), Entry("pipe", 0o644), access)

    def make_device(self, path: str, numbers: str, access: Access) -> None:
        """Make a character device; `numbers` as `ls` shows them, `1, 3`."""
        self._create(self.locate(path, access), Entry("device", 0o644, target=numbers), access)

    def link(self, target: str, path: str, access: Access) -> None:
        resolved = self.locate(path, access, follow=False)
        if path.endswith("/") and self._entry(resolved) is None:
            raise FileSystemError(NOT_FOUND)
        self._create(resolved, Entry("link", 0o777, target=target[:MAX_PATH]), access)

    def _create(self, resolved: str, entry: Entry, access: Access) -> None:
        if self._entry(resolved) is not None:
            raise FileSystemError(EXISTS)
        self._check_parent(resolved, access)
        self._set(resolved, access.made(entry))

    def remove(self, path: str, access: Access, *, only: str | None = None) -> None:
        """Remove a file or an empty directory; `only` names the kind it must be."""
        resolved = self.locate(path, access, follow=False)
        entry = self._entry(resolved)
        if entry is None:
            raise FileSystemError(NOT_FOUND)
        if self.binds and posixpath.normpath(posixpath.join(access.cwd, path)) in self.binds:
            raise FileSystemError(BUSY)
        if only is not None and (entry.kind == "dir") != (only == "dir"):
            raise FileSystemError(NOT_DIRECTORY if only == "dir" else IS_DIRECTORY)
        if resolved.startswith("/proc/") and access is not KERNEL:
            raise FileSystemError(NOT_PERMITTED)
        self._check_parent(resolved, access)
        if entry.protected:
            raise FileSystemError(NOT_PERMITTED)
        if entry.kind == "dir" and self._names(resolved):
            raise FileSystemError(NOT_EMPTY)
        self._set(resolved, None)

    def change(self, path: str, access: Access, **fields: Any) -> None:
        """Change mode, uid, gid or mtime (whole numbers); only the owner and root may."""
        resolved = self.locate(path, access)
        entry = self.stat(resolved)
        if access.identity.uid not in (0, entry.uid) or entry.protected:
            raise FileSystemError(NOT_PERMITTED)
        self._set(resolved, entry._replace(**fields))

    def set_attributes(self, path: str, access: Access, attributes: int) -> None:
        """Set what chattr(1) does, IMMUTABLE and APPENDED_ONLY, and no other; only root may."""
        resolved = self.locate(path, access)
        entry = self.stat(resolved)
        if access.identity.uid != 0:
            raise FileSystemError(NOT_PERMITTED)
        new = entry._replace(mode=entry.permissions | attributes)
        if new != entry:
            self._set(resolved, new)

    def rename(self, old: str, new: str, access: Access) -> None:
        """Move a file or directory with all below it; a file in the way is replaced."""
        source = self.locate(old, access, follow=False)
        resolved = self.locate(new, access, follow=False)
        entry = self._entry(source)
        if entry is None:
            raise FileSystemError(NOT_FOUND)
        if resolved == source:
            return
        if resolved.startswith(source.rstrip("/") + "/"):
            raise FileSystemError("Invalid argument")
        self._check_parent(source, access)
        self._check_parent(resolved, access)
        replaced = self._entry(resolved)
        if entry.protected or (replaced is not None and replaced.protected):
            raise FileSystemError(NOT_PERMITTED)
        moved = list(islice(self.walk(source), MAX_ENTRIES + 1))
        if len(moved) > MAX_ENTRIES:
            raise FileSystemError(NO_SPACE)
        for path, below in moved:
            self._set(resolved + path[len(source) :], below)
        for path, _ in reversed(moved):
            self._set(path, None)

    def changes(self) -> list[tuple[str, Entry | None]]:
        """Return what was changed since the last `settle`: each path with what is there, None where nothing is."""
        return list(self._changed.items())

    def settle(self, paths: list[str]) -> None:
        """Forget changes that the tree has now, and give back their memory."""
        for path in paths:
            entry = self._changed.pop(path)
            weight = _weight(entry)
            self._used -= weight
            self._lease.hold(-weight - (_ENTRY_BYTES if path in self._held else 0))
            self._held.discard(path)

    def _check_parent(self, resolved: str, access: Access) -> None:
        parent = self._entry(posixpath.dirname(resolved))
        if parent is None:
            raise FileSystemError(NOT_FOUND)
        if parent.kind != "dir":
            raise FileSystemError(NOT_DIRECTORY)
        if resolved.startswith("/proc/"):
            raise FileSystemError(NOT_FOUND)
        if resolved.startswith(("/sys/", "/dev/pts/")) or resolved == "/" or not access.identity.may(parent, 2):
            raise FileSystemError(DENIED)
        if parent.mode & IMMUTABLE and access is not KERNEL:
            raise FileSystemError(NOT_PERMITTED)

    def _set(self, resolved: str, entry: Entry | None) -> None:
        old = self._changed.get(resolved)
        used = self._used + _weight(entry) - _weight(old)
        too_many = resolved not in self._changed and len(self._changed) >= MAX_ENTRIES
        if entry is not None and (used > self._limit or too_many):
            raise FileSystemError(NO_SPACE)
        fresh = entry is not None and resolved not in self._changed
        reading = self._left_open(old)
        kept = len(reading.content) if reading is not None else 0
        if not self._lease.hold(used - self._used + fresh * _ENTRY_BYTES + kept):
            raise FileSystemError(NO_SPACE)
        if reading is not None:
            reading.kept = True
            finalize(reading, self._close, kept)
        if fresh:
            self._held.add(resolved)
        self._used = used
        self._changed[resolved] = entry
        parent, name = posixpath.split(resolved)
        if entry is not None:
            self._added.setdefault(parent, set()).add(name)

    def _left_open(self, entry: Entry | None) -> Reading | None:
        """Return who reads the content of `entry`, whose path leads elsewhere from now on, unless it is counted."""
        reading = self._readings.get(id(entry.content)) if entry is not None else None
        return None if reading is None or reading.kept else reading

    def _close(self, kept: int) -> None:
        self._lease.hold(-min(kept, self._lease.held))  # less where the session's disk is gone already


def _weight(entry: Entry | None) -> int:
    if entry is None or isinstance(entry.content, Filler):
        return 0
    return len(entry.content) + len(entry.target)
