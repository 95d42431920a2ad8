# SPDX-License-Identifier: MIT
"""A file system in memory: a tree shared by all sessions of a persona, and what one attacker changed on top of it.

Nothing here ever touches a real file. What one changes is bounded; beyond that the disk is full, as a real one's.
"""

import posixpath
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, NamedTuple, Protocol
from weakref import WeakValueDictionary, finalize

from decnet_decoys.memory_budget import MemoryLease
from decnet_decoys.shell.machine.fs_errors import (
    BUSY,
    DENIED,
    EXISTS,
    IS_DIRECTORY,
    LOOP,
    NO_SPACE,
    NOT_DIRECTORY,
    NOT_EMPTY,
    NOT_FOUND,
    NOT_PERMITTED,
    TOO_LONG,
    FileSystemError,
)
from decnet_decoys.shell.machine.tree import APPENDED_ONLY, IMMUTABLE, ROOT, Entry, Filler, Identity, Tree, whole_of

MAX_STEPS = 500
"""Names looked up to find one path, those of links included; more is taken for a loop."""
MAX_PATH = 4096
MAX_NAME = 255
MAX_DEPTH = 100
MAX_ENTRIES = 2000
"""FileSystem and directories one attacker may change."""
MAX_COUNTED = 200
"""Names of a directory that are looked at to count its links."""
_ENTRY_BYTES = 512
"""Memory that a changed entry takes besides its content."""


class Access(NamedTuple):
    """Who uses the files, from which directory, and when (Unix time): what a system call knows of its process."""

    identity: Identity = ROOT
    cwd: str = "/"
    now: int = 0
    on_bait: Callable[[str, str], None] | None = None
    """Called with path and canary token when a planted file is read."""
    umask: int = 0o022

    def made(self, entry: Entry) -> Entry:
        """Return `entry` as a new one of this user's."""
        uid, gids = self.identity
        mode = (
            entry.mode if entry.kind == "link" else (entry.mode | (0o022 if self.umask != 0o022 else 0)) & ~self.umask
        )
        return entry._replace(uid=uid, gid=min(gids, default=uid), mtime=self.now, mode=mode)


KERNEL = Access()


class Shown(Protocol):
    """Files that are not kept but made when they are looked at."""

    def entry(self, path: str) -> Entry | None:
        """Return what is at an absolute path, None for nothing."""

    def names(self, path: str) -> set[str]:
        """Return the names in a directory."""


def _start(directory: str) -> str:
    """Return what the paths of a directory's names begin with; posixpath.join is most of what a walk costs."""
    return directory if directory.endswith("/") else directory + "/"


class Reading:
    """What somebody reads who has a file open. A file that is replaced meanwhile keeps its room until it is closed."""

    __slots__ = ("__weakref__", "content", "kept")

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.kept = False
        """Whether it is counted though no path leads to it."""


class FileSystem:
    """A tree as one attacker sees and changes it; paths are absolute or relative to `Access.cwd`."""

    def __init__(self, tree: Tree, limit_bytes: int, lease: MemoryLease) -> None:
        self.live: dict[str, Callable[[], bytes | Filler]] = {}
        """What is read of files whose content changes by itself, by absolute path."""
        self.live_links: dict[str, Callable[[], str]] = {}
        """Where links lead that change by themselves."""
        self.pipes: dict[str, Entry] = {}
        """What is seen of pipes that a shell has open, as links in /proc/self/fd."""
        self.binds: dict[str, str] = {}
        """What is seen at a path instead of what is there, as both are without links."""
        self.shown: Shown | None = None
        """What the kernel shows below /proc and /sys besides the tree."""
        self._tree = tree
        self._lease = lease
        self._changed: dict[str, Entry | None] = {}
        self._added: dict[str, set[str]] = {}
        self._held: set[str] = set()
        """The changed paths whose entry is counted in the lease."""
        self._readings: WeakValueDictionary[int, Reading] = WeakValueDictionary()
        """By the identity of their content."""
        self._limit = limit_bytes
        self._used = 0

    def locate(self, path: str, access: Access = KERNEL, *, follow: bool = True) -> str:
        """Return the absolute path without links, dots or repeats; the last name need not exist."""
        whole = posixpath.join(access.cwd, path)
        if not path or len(whole) > MAX_PATH or "\0" in path:
            raise FileSystemError(TOO_LONG if path else NOT_FOUND)
        pending = _parts(whole)
        at, steps = "/", 0
        while pending:
            part = pending.pop()
            steps += 1
            if steps > MAX_STEPS:
                raise FileSystemError(LOOP)
            if len(part) > MAX_NAME or at.count("/") > MAX_DEPTH:
                raise FileSystemError(TOO_LONG)
            if part == "..":
                at = posixpath.dirname(at)
                continue
            step = posixpath.join(at, part)
            entry = self._entry(step)
            if entry is not None and entry.kind == "link" and (follow or pending) and step not in self.pipes:
                target = self.target(step)
                if target.startswith("/"):
                    at = "/"
                pending.extend(_parts(target))
                continue
            if pending and entry is None:
                raise FileSystemError(NOT_FOUND)
            if pending and entry is not None and entry.kind != "dir":
                raise FileSystemError(NOT_DIRECTORY)
            at = self.binds.get(step, step)
        return at

    def _entry(self, path: str) -> Entry | None:
        if path in self.pipes:
            return self.pipes[path]
        if path in self._changed:
            return self._changed[path]
        if self.shown is not None and path.startswith(("/proc/", "/sys/")):
            return self.shown.entry(path) or self._tree.entries.get(path)
        return self._tree.entries.get(path)

    def target(self, path: str) -> str:
        """Return where the link at an absolute path leads."""
        if path in self.live_links:
            return self.live_links[path]()
        entry = self._entry(path)
        return entry.target if entry is not None else ""

    def links(self, path: str) -> int:
        """Return how many names a file has: of a directory, one in each below it and two of its own."""
        entry = self._entry(path)
        if entry is None or entry.kind != "dir":
            return 1
        names = self._names(path)
        kinds = (self._entry(posixpath.join(path, name)) for name in names[:MAX_COUNTED])
        return 2 + sum(one is not None and one.kind == "dir" for one in kinds)

    def entry(self, path: str) -> Entry | None:
        """Return what an absolute path without links is."""
        return self._entry(path)

    def stat(self, path: str, access: Access = KERNEL, *, follow: bool = True) -> Entry:
        """Return the entry; raises FileSystemError when there is none."""
        resolved = self.locate(path, access, follow=follow)
        entry = self._entry(resolved)
        if entry is not None and follow and resolved in self.pipes:
            return Entry("pipe", 0o600, mtime=entry.mtime)
        if entry is None:
            raise FileSystemError(NOT_FOUND)
        return entry

    def exists(self, path: str, access: Access = KERNEL) -> bool:
        try:
            self.stat(path, access)
        except FileSystemError:
            return False
        return True

    def names(self, path: str, access: Access = KERNEL) -> list[str]:
        return self._names(self._directory(path, access, 4))

    def _names(self, resolved: str) -> list[str]:
        known = self._tree.names.get(resolved, set()) | self._added.get(resolved, set())
        if self.shown is not None and resolved.startswith(("/proc", "/sys")):
            known = known | self.shown.names(resolved)
        start = _start(resolved)
        return sorted(name for name in known if self._entry(start + name) is not None)

    def enter(self, path: str, access: Access) -> str:
        """Return a directory's absolute path; raises FileSystemError unless it is one that may be searched."""
        return self._directory(path, access, 1)

    def _directory(self, path: str, access: Access, bit: int) -> str:
        resolved = self.locate(path, access)
        entry = self.stat(resolved)
        if entry.kind != "dir":
            raise FileSystemError(NOT_DIRECTORY)
        if not access.identity.may(entry, bit):
            raise FileSystemError(DENIED)
        return resolved

    def read(self, path: str, access: Access = KERNEL) -> bytes | Filler:
        """Return a file's content; it may be large, so handle it in pieces."""
        resolved = self.locate(path, access)
        entry = self.stat(resolved)
        if entry.kind == "dir":
            raise FileSystemError(IS_DIRECTORY)
        if not access.identity.may(entry, 4):
            raise FileSystemError(DENIED)
        if access.on_bait is not None and resolved in self._tree.baits and resolved not in self._changed:
            access.on_bait(resolved, self._tree.baits[resolved])
        return self.live[resolved]() if resolved in self.live else entry.content

    def reading(self, content: bytes | Filler) -> Reading | None:
        """Return what is to be held as long as `content`, which `read` has returned, is read."""
        if isinstance(content, Filler):
            return None
        reading = self._readings.get(id(content))
        if reading is None:
            reading = self._readings[id(content)] = Reading(content)
        return reading

    def write(self, path: str, data: bytes | Filler, access: Access, *, append: bool = False) -> str:
        """Create or replace a file, or append to it; returns its absolute path."""
        resolved = self.locate(path, access)
        old = self._entry(resolved)
        if old is None:
            self._check_parent(resolved, access)
            new = access.made(Entry("file", 0o644, content=data))
        else:
            if old.kind == "dir":
                raise FileSystemError(IS_DIRECTORY)
            if not access.identity.may(old, 2):
                raise FileSystemError(DENIED)
            if old.protected and access is not KERNEL and not (append and old.mode & APPENDED_ONLY):
                raise FileSystemError(NOT_PERMITTED)
            if old.kind in ("device", "pipe"):
                return resolved
            new = old._replace(mtime=access.now, content=whole_of(old.content) + whole_of(data) if append else data)
        self._set(resolved, new)
        return resolved

    def mkdir(self, path: str, access: Access) -> None:
        self._create(self.locate(path, access), Entry("dir", 0o755), access)

    def make_pipe(self, path: str, access: Access) -> None:
        self._create(self.locate(path, access), Entry("pipe", 0o644), access)

    def make_device(self, path: str, numbers: str, access: Access) -> None:
        """Make a character device; `numbers` as `ls` shows them, `1, 3`."""
        self._create(self.locate(path, access), Entry("device", 0o644, target=numbers), access)

    def link(self, target: str, path: str, access: Access) -> None:
        link = Entry("link", 0o777, target=target[:MAX_PATH])
        self._create(self.locate(path, access, follow=False), link, access)

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

    def walk(self, path: str) -> Iterator[tuple[str, Entry]]:
        """Yield a path and all below it, parents first."""
        pending = [path]
        while pending:
            resolved = pending.pop()
            entry = self._entry(resolved)
            if entry is None:
                continue
            yield resolved, entry
            if entry.kind == "dir":
                start = _start(resolved)
                pending.extend(start + name for name in reversed(self._names(resolved)))

    def _check_parent(self, resolved: str, access: Access) -> None:
        parent = self._entry(posixpath.dirname(resolved))
        if parent is None:
            raise FileSystemError(NOT_FOUND)
        if parent.kind != "dir":
            raise FileSystemError(NOT_DIRECTORY)
        if resolved.startswith("/proc/"):
            raise FileSystemError(NOT_FOUND)
        if resolved.startswith("/sys/") or resolved == "/" or not access.identity.may(parent, 2):
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


def _parts(path: str) -> list[str]:
    """Return the names of a path, the last one first."""
    return [part for part in path.split("/") if part not in ("", ".")][::-1]


def _weight(entry: Entry | None) -> int:
    if entry is None or isinstance(entry.content, Filler):
        return 0
    return len(entry.content) + len(entry.target)
