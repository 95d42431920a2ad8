# SPDX-License-Identifier: MIT
"""How files are found and read: by paths along links, with what was changed before what the tree has."""

import posixpath
from collections.abc import Callable, Iterator
from typing import Protocol
from weakref import WeakValueDictionary

from decnet_decoys.shell.machine.access import KERNEL, Access
from decnet_decoys.shell.machine.fs_errors import (
    DENIED,
    IS_DIRECTORY,
    LOOP,
    NOT_DIRECTORY,
    NOT_FOUND,
    TOO_LONG,
    FileSystemError,
)
from decnet_decoys.shell.machine.tree import Entry, Filler, Tree

MAX_STEPS = 500
"""Names looked up to find one path, those of links included; more is taken for a loop."""
MAX_PATH = 4096
MAX_NAME = 255
MAX_DEPTH = 100
MAX_COUNTED = 200
"""Names of a directory that are looked at to count its links."""


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


class ReadableFiles:
    """A tree with what one attacker changed on top of it; paths are absolute or relative to `Access.cwd`."""

    def __init__(self, tree: Tree) -> None:
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
        self._changed: dict[str, Entry | None] = {}
        self._added: dict[str, set[str]] = {}
        self._readings: WeakValueDictionary[int, Reading] = WeakValueDictionary()
        """By the identity of their content."""

    def locate(self, path: str, access: Access = KERNEL, *, follow: bool = True) -> str:
        """Return the absolute path without links, dots or repeats; the last name need not exist.

        What ends in a slash must be a directory, if there is anything (path_resolution(7)).
        Directories on the way must be searchable; of a relative path, those above the current one are not looked at.
        """
        whole = posixpath.join(access.cwd, path)
        passed = 0 if path.startswith("/") else len(_parts(access.cwd)) - 1
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
                if pending and at != "/":
                    _check_way(self._entry(at), access)
                continue
            step = posixpath.join(at, part)
            entry = self._entry(step)
            if entry is not None and entry.kind == "link" and (follow or pending) and step not in self.pipes:
                target = self.target(step)
                if target.startswith("/"):
                    at = "/"
                pending.extend(_parts(target))
                continue
            if pending:
                _check_way(entry, access if steps > passed else KERNEL)
            at = self.binds.get(step, step)
        _check_end(path, self._entry(at))
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
        follow = follow or path.endswith("/")
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

    def has_name(self, path: str, access: Access = KERNEL) -> bool:
        """Return whether there is an entry, be it a link to nothing."""
        try:
            self.stat(path, access, follow=False)
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


def _check_way(entry: Entry | None, access: Access) -> None:
    """Raise FileSystemError unless a path may lead through `entry`."""
    if entry is None:
        raise FileSystemError(NOT_FOUND)
    if entry.kind != "dir":
        raise FileSystemError(NOT_DIRECTORY)
    if not access.identity.may(entry, 1):
        raise FileSystemError(DENIED)


def _check_end(path: str, entry: Entry | None) -> None:
    """Raise FileSystemError if a path that ends in a slash leads to a file."""
    if entry is not None and entry.kind not in ("dir", "link") and path.endswith(("/", "/.")):
        raise FileSystemError(NOT_DIRECTORY)


def _parts(path: str) -> list[str]:
    """Return the names of a path, the last one first."""
    return [part for part in path.split("/") if part not in ("", ".")][::-1]
