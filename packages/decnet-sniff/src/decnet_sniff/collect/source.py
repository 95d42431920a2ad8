# SPDX-License-Identifier: MIT
"""One configured source: finds its files, follows each through its rotations, and gives their lines in order.

Files are told apart by device and inode, never by name. A log (`x.json` with its parts `x.json.1`, ...) is read part
by part, the oldest first, and a part is finished before the next is begun; different logs take turns. A part that has
left its name stays open for a while, because the program that writes it may not know yet. Only files that can still
change are kept open, so a directory with years of logs costs their positions and nothing else.
"""

from __future__ import annotations

import contextlib
import glob
import logging
import os
import stat
from collections import Counter
from collections.abc import Iterator

from decnet_core.text import for_terminal
from decnet_sniff.collect.follow import Follower, Line
from decnet_sniff.collect.history import COMPRESSED, Identity, base_of, copy_of, parts_of
from decnet_sniff.collect.positions import FilePosition

log = logging.getLogger(__name__)

_OPEN_PARTS = 4
"""Parts of one log that are opened at once, beside the newest."""
_QUIET_NS = 600 * 1_000_000_000
"""A file that is read to its end and was not written to for so long is closed, until it changes."""


Present = dict[Identity, tuple[str, os.stat_result]]
"""The files that the pattern matches now."""


class Source:
    """The files of one path or pattern; `now` (ns) is given by the caller."""

    def __init__(self, pattern: str, positions: list[FilePosition], linger_ns: int = 60_000_000_000) -> None:
        self._pattern = pattern
        self._linger_ns = linger_ns
        self._logs: dict[str, list[Follower]] = {}
        """The open parts of each log, the oldest first."""
        self._left: dict[Identity, int] = {}
        """Since when a part has been without a name that the pattern matches."""
        self._saved = {position.inode: position for position in positions}
        """Positions of an earlier run whose file has not been opened yet."""
        self._quiet: dict[Identity, FilePosition] = {}
        self._waiting: set[str] = set()
        """Logs with more unread parts than may be open: their newest part is not read yet."""
        self._warned: set[str] = set()
        self._turn = 0
        self.counts: Counter[str] = Counter()

    def positions(self) -> list[FilePosition]:
        """Return the positions of all files that may still be read on."""
        opened = [follower.position for follower in self._followers()]
        return sorted([*opened, *self._quiet.values(), *self._saved.values()], key=lambda p: (p.path, p.inode))

    @property
    def waiting(self) -> bool:
        """Whether there are more files than are opened at once: look again soon."""
        return bool(self._waiting)

    def unread_bytes(self) -> int:
        """Return how much is known to be there and not read."""
        return sum(follower.unread for follower in self._followers())

    def close(self) -> None:
        """Release all files."""
        for follower in self._followers():
            follower.close()
        self._logs.clear()

    def _followers(self) -> Iterator[Follower]:
        for parts in self._logs.values():
            yield from parts

    def look(self, now: int) -> None:
        """See which files are there: open new ones, follow those that were renamed, let go of those that are over."""
        present = self._present()
        opened = {follower.identity: follower for follower in self._followers()}
        for identity, follower in opened.items():
            if identity in present:
                follower.path = present[identity][0]
                self._left.pop(identity, None)
            elif identity not in self._left:
                self._left[identity] = now
                self.counts["rotated"] += 1
                self._open_missed(follower.path, follower.mtime_ns, present, now)
        self._find_saved(present, now)
        self._open_new(present, now)
        self._quiet = {identity: at for identity, at in self._quiet.items() if identity in present}

    def _present(self) -> Present:
        found: Present = {}
        for path in glob.iglob(self._pattern):  # noqa: PTH207  # Path.glob takes no absolute pattern
            if path.endswith(COMPRESSED):
                continue
            with contextlib.suppress(OSError):
                status = os.stat(path)  # noqa: PTH116  # called for every file at every look
                if stat.S_ISREG(status.st_mode):
                    found[status.st_dev, status.st_ino] = (path, status)
        return found

    def _open_new(self, present: Present, now: int) -> None:
        """Open what is not open yet: each log's oldest unread parts and its newest."""
        logs: dict[str, list[tuple[int, str, Identity]]] = {}
        for identity, (path, status) in present.items():
            logs.setdefault(base_of(path), []).append((status.st_mtime_ns, path, identity))
        self._waiting.clear()
        for base, parts in logs.items():
            self._open_parts(base, sorted(parts), present, now)

    def _open_parts(self, base: str, parts: list[tuple[int, str, Identity]], present: Present, now: int) -> None:
        opened = {follower.identity for follower in self._logs.get(base, [])}
        newest = parts[-1]
        unread = [
            part
            for part in parts
            if part[2] not in opened and not self._is_quiet(part[2], present[part[2]][1], now, newest=part is newest)
        ]
        room = max(0, _OPEN_PARTS - len(opened))
        chosen = unread[:room]
        if newest in unread and newest not in chosen:
            chosen.append(newest)
        if len(chosen) < len(unread):
            self._waiting.add(base)
        for _, path, identity in chosen:
            position = self._quiet.pop(identity, None) or self._saved.pop(identity[1], None)
            self._open(path, position, now)

    def _is_quiet(self, identity: Identity, status: os.stat_result, now: int, *, newest: bool) -> bool:
        """Return whether a file was read to its end and has not changed since; the newest may do so any moment."""
        position = self._quiet.get(identity) or self._saved.get(identity[1])
        if position is None or (position.offset, position.mtime_ns) != (status.st_size, status.st_mtime_ns):
            return False
        if newest and status.st_mtime_ns + _QUIET_NS > now:
            return False
        self._quiet[identity] = position
        self._saved.pop(identity[1], None)
        return True

    def _open(self, path: str, position: FilePosition | None, now: int, *, left: bool = False) -> Follower | None:
        try:
            follower = Follower(path, position)
        except OSError as error:
            self._unreadable(path, error)
            if position is not None:
                self._saved[position.inode] = position
            return None
        self._warned.discard(path)
        if left:
            self._left[follower.identity] = now
        parts = self._logs.setdefault(base_of(path), [])
        parts.append(follower)
        parts.sort(key=lambda part: (part.identity not in self._left, part.mtime_ns))
        if position is not None and follower.offset != position.offset:
            self._was_cut(path, position, now)
        return follower

    def _unreadable(self, path: str, error: OSError) -> None:
        self.counts["unreadable"] += 1
        if path not in self._warned:
            self._warned.add(path)
            log.warning("cannot read %s: %s", for_terminal(path), error.strerror)

    def _find_saved(self, present: Present, now: int) -> None:
        """Find the files of an earlier run that have left the pattern meanwhile, and what came after them."""
        here = {inode for _, inode in present}
        for inode, position in list(self._saved.items()):
            if inode not in here:
                del self._saved[inode]
                self._find_rotated(position, present, now)

    def _find_rotated(self, position: FilePosition, present: Present, now: int) -> None:
        part = copy_of(position.path, position)
        if part is None:
            if position.offset < position.size:
                self.counts["lost"] += 1
                log.warning("%s was removed before all of it was read", for_terminal(position.path))
            return
        follower = self._open(part, position, now, left=True)
        if follower is not None:
            self._open_missed(part, follower.mtime_ns, present, now)

    def _open_missed(self, path: str, since_ns: int, present: Present, now: int) -> None:
        """Open the parts that came and went between two looks; one that was read before gets the same ids again."""
        known = {follower.identity for follower in self._followers()}
        for part, status in parts_of(path):
            identity = (status.st_dev, status.st_ino)
            if status.st_mtime_ns >= since_ns and identity not in known and identity not in present:
                self._open(part, None, now, left=True)

    def next_lines(self, now: int) -> tuple[Follower, list[Line]] | None:
        """Return the next lines of the log whose turn it is, and their file; None when there is nothing to read."""
        bases = list(self._logs)
        for step in range(len(bases)):
            base = bases[(self._turn + step) % len(bases)]
            found = self._lines_of(base, now)
            if found is not None:
                self._turn = (self._turn + step + 1) % len(bases)
                return found
        return None

    def _lines_of(self, base: str, now: int) -> tuple[Follower, list[Line]] | None:
        for follower in list(self._logs[base]):
            if base in self._waiting and follower is self._logs[base][-1]:
                return None
            try:
                lines = self._read(follower, now)
            except OSError as error:
                self._unreadable(follower.path, error)
                self._saved[follower.identity[1]] = follower.position
                self._close(base, follower)
                continue
            if lines:
                return follower, lines
            self._let_go_if_over(base, follower, now)
        return None

    def _read(self, follower: Follower, now: int) -> list[Line]:
        if follower.was_cut():
            position = follower.position
            follower.begin_again()
            self._was_cut(follower.path, position, now)
        return follower.read(last=self._is_over(follower, now))

    def _was_cut(self, path: str, position: FilePosition, now: int) -> None:
        """A file was cut: when a copy was made of it before, finish that."""
        self.counts["truncated"] += 1
        part = copy_of(path, position)
        if part is not None and part not in {follower.path for follower in self._followers()}:
            self._open(part, position, now, left=True)

    def _is_over(self, follower: Follower, now: int) -> bool:
        left = self._left.get(follower.identity)
        return left is not None and left + self._linger_ns <= now

    def _let_go_if_over(self, base: str, follower: Follower, now: int) -> None:
        """Close a part that has nothing more to give; remember one that still has a name."""
        if self._is_over(follower, now):
            self._close(base, follower)
            return
        may_rest = base in self._waiting or follower.mtime_ns + _QUIET_NS < now
        if may_rest and not follower.unread and follower.identity not in self._left:
            self._quiet[follower.identity] = follower.position
            self._close(base, follower)

    def _close(self, base: str, follower: Follower) -> None:
        self._left.pop(follower.identity, None)
        self._logs[base].remove(follower)
        if not self._logs[base]:
            del self._logs[base]
        follower.close()
