# SPDX-License-Identifier: MIT
"""The file system of a persona: entries, who may use them, and the tree that all its sessions share unchanged."""

import hashlib
import posixpath
import stat
from typing import Literal, NamedTuple

FILLER_BLOCK = 4096
ENDLESS = 1 << 40
"""Bytes of a device that never ends."""
MAX_MADE = 1 << 20
"""Bytes of a program's noise that are made at once: more takes too long."""


IMMUTABLE = 1 << 14
APPENDED_ONLY = 1 << 15
"""What chattr(1) sets, above the permissions in a mode."""
FULL = "1, 7"
"""The numbers of /dev/full, on which there is no space for anything (full(4))."""


class Filler(NamedTuple):
    """Content of a program: a true header, then noise that is always the same for the same name.

    Without a seed it is zeros.
    The noise is made in blocks, so that a piece of a large file costs no more than that piece.
    """

    head: bytes
    size: int
    seed: str

    def piece(self, start: int, size: int) -> bytes:
        """Return up to `size` bytes from `start`."""
        end = min(self.size, start + size)
        if not self.seed:
            return bytes(max(0, end - start))
        first = start // FILLER_BLOCK
        noise = b"".join(map(self._block, range(first, -(-end // FILLER_BLOCK))))
        return noise[start - first * FILLER_BLOCK : max(start, end) - first * FILLER_BLOCK]

    def _block(self, index: int) -> bytes:
        noise = hashlib.shake_128(f"{self.seed}/{index}".encode()).digest(FILLER_BLOCK)
        return noise if index else self.head + noise[len(self.head) :]


def piece_of(content: bytes | Filler, start: int, size: int) -> bytes:
    """Return up to `size` bytes of a file's content from `start`."""
    return content.piece(start, size) if isinstance(content, Filler) else content[start : start + size]


def size_of(content: bytes | Filler) -> int:
    """Return how many bytes a file's content has."""
    return content.size if isinstance(content, Filler) else len(content)


def whole_of(content: bytes | Filler) -> bytes:
    """Return a file's content at once; of a program's noise no more than MAX_MADE."""
    return content.piece(0, MAX_MADE) if isinstance(content, Filler) else content


class Entry(NamedTuple):
    """A file, directory, symbolic link, device or named pipe, as stat shows it; nobody is at a pipe's other end."""

    kind: Literal["file", "dir", "link", "device", "pipe"]
    mode: int
    uid: int = 0
    gid: int = 0
    mtime: int = 0
    content: bytes | Filler = b""
    target: str = ""

    @property
    def size(self) -> int:
        """Bytes as `ls -l` shows them."""
        if self.kind == "dir":
            return 4096
        if self.kind == "link":
            return len(self.target)
        return size_of(self.content)

    @property
    def kib(self) -> int:
        """KiB that it takes on a disk of 4 KiB blocks."""
        return -(-self.size // 4096) * 4

    def piece(self, start: int, size: int) -> bytes:
        """Return up to `size` bytes of its content from `start`."""
        return piece_of(self.content, start, size)

    @property
    def st_mode(self) -> int:
        """Type and permission bits (POSIX sys/stat.h)."""
        return _TYPES[self.kind] | self.permissions

    @property
    def permissions(self) -> int:
        """The mode without what chattr has set."""
        return self.mode & 0o7777

    @property
    def protected(self) -> bool:
        """Whether an attribute keeps even root from removing or changing it."""
        return bool(self.mode & (IMMUTABLE | APPENDED_ONLY))


class Identity(NamedTuple):
    """The user and groups that access a file."""

    uid: int
    gids: frozenset[int]

    def may(self, entry: Entry, bit: int) -> bool:
        """Return whether this user may read (4), write (2) or search/execute (1) the entry."""
        if self.uid == 0:
            return True
        if self.uid == entry.uid:
            return bool(entry.mode >> 6 & bit)
        if entry.gid in self.gids:
            return bool(entry.mode >> 3 & bit)
        return bool(entry.mode & bit)


_TYPES = {
    "file": stat.S_IFREG, "dir": stat.S_IFDIR, "link": stat.S_IFLNK, "device": stat.S_IFCHR, "pipe": stat.S_IFIFO,
}  # fmt: skip
ROOT = Identity(0, frozenset((0,)))


class Tree:
    """The unchanged part: path to entry, and each directory's names."""

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {"/": Entry("dir", 0o755)}
        self.names: dict[str, set[str]] = {"/": set()}
        self.baits: dict[str, str] = {}
        """The canary token of each planted file, by path."""
        self.changed: set[str] = set()
        """What intruders changed, by path (`decnet_decoys.changes`)."""

    def put(self, path: str, entry: Entry) -> None:
        """Add `entry`; directories above it are made as root's."""
        parent, name = posixpath.split(path)
        if parent not in self.entries or self.entries[parent].kind != "dir":
            self.put(parent, Entry("dir", 0o755, mtime=entry.mtime))
        self.entries[path] = entry
        if name:
            self.names[parent].add(name)
        if entry.kind == "dir":
            self.names.setdefault(path, set())

    def remove(self, path: str) -> None:
        """Take a path out, and what is below it."""
        entry = self.entries.pop(path, None)
        parent, name = posixpath.split(path)
        self.names.get(parent, set()).discard(name)
        if entry is not None and entry.kind == "dir":
            for below in list(self.names.pop(path, ())):
                self.remove(posixpath.join(path, below))
