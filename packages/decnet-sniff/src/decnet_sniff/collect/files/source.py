# SPDX-License-Identifier: MIT
"""One configured source: finds its files, follows each through rotation, and returns their lines in order.

Files are identified by device and inode, never by name. A log (`x.json` with its parts `x.json.1`, ...) is read part by
part, the oldest first, and a part is finished before the next is begun; different logs take turns. A part that has lost
its name stays open for a while, because the program that writes it may not know yet. Only files that can still change
are kept open, so a directory with years of logs costs their positions and nothing else.
"""

import contextlib
import glob
import logging
import os
import stat
from collections import Counter
from collections.abc import Iterator

from decnet_core.text import for_terminal
from decnet_sniff.collect.files.positions import FilePosition
from decnet_sniff.collect.files.rotated_files import COMPRESSED, Identity, base_of, copy_of, parts_of
from decnet_sniff.collect.files.tail import FileTail, Line, TailEvent

log = logging.getLogger(__name__)

_OPEN_PARTS = 4
"""Parts of one log that are open at once, besides the newest."""
_QUIET_NS = 600 * 1_000_000_000
"""A file that is read to its end and was not written to for this long is closed until it changes."""


Present = dict[Identity, tuple[str, os.stat_result]]
"""The files that match the pattern now."""

Part = tuple[bool, int, str, Identity]
"""A part of a log, in the order of parts: the one with the log's own name last, the others by their last change."""


class FileSource:
    """The files of one path or pattern; `now` (ns) is given by the caller."""

    def __init__(self, pattern: str, positions: list[FilePosition], linger_ns: int = 60_000_000_000) -> None:
        self._pattern = pattern
        self._linger_ns = linger_ns
        self._logs: dict[str, list[FileTail]] = {}
        """The open parts of each log, the oldest first."""
        self._left: dict[Identity, int] = {}
        """Since when a part has not had a name that matches the pattern."""
        self._saved: dict[int, list[FilePosition]] = {}
        """Positions from an earlier run whose file has not been opened yet, by inode, which several file systems may
        share."""
        self._quiet: dict[Identity, FilePosition] = {}
        self._waiting: set[str] = set()
        """Logs with more unread parts than may be open: their newest part is not read yet."""
        self._warned: set[str] = set()
        self._present: Present = {}
        self._turn = 0
        self.counts: Counter[str] = Counter()
        self.opened = 0
        """How many files were opened since the start."""
        for position in positions:
            self._save(position)

    def positions(self) -> list[FilePosition]:
        """Return the positions of all files that may still have unread lines."""
        opened = [follower.position for follower in self._followers()]
        saved = [position for positions in self._saved.values() for position in positions]
        return sorted([*opened, *self._quiet.values(), *saved], key=lambda p: (p.path, p.inode))

    @property
    def waiting(self) -> bool:
        """Whether there are more files than may be open at once: look again soon."""
        return bool(self._waiting)

    @property
    def lingering(self) -> bool:
        """Whether a file waits for time to pass: one that has lost its name, or whose last line may be complete."""
        return bool(self._left) or any(
            follower is not parts[-1] and follower.unread for parts in self._logs.values() for follower in parts
        )

    def paths(self) -> list[str]:
        """Return the names of the files that may change: those that are open, and those under their log's own name."""
        own = [path for path, _ in self._present.values() if base_of(path) == path]
        return sorted({*own, *(follower.path for follower in self._followers())})

    def unread_bytes(self) -> int:
        """Return the number of bytes known to be unread."""
        return sum(follower.unread for follower in self._followers())

    def close(self) -> None:
        for follower in self._followers():
            follower.close()
        self._logs.clear()

    def _followers(self) -> Iterator[FileTail]:
        for parts in self._logs.values():
            yield from parts

    def look(self, now: int) -> None:
        """Look for files: open new ones, follow those that were renamed, close those that are finished."""
        present = self._present = self._matching()
        opened = {follower.identity: follower for follower in self._followers()}
        for identity, follower in opened.items():
            if identity in present:
                follower.path = present[identity][0]
                self._left.pop(identity, None)
            elif identity not in self._left:
                self._left[identity] = now
                self.counts["rotated"] += 1
                self._open_missed(follower.path, follower.mtime_ns, now)
        self._find_saved(now)
        self._open_new(now)
        self._quiet = {identity: at for identity, at in self._quiet.items() if identity in present}

    def _matching(self) -> Present:
        present: Present = {}
        for path in sorted(glob.iglob(self._pattern)):  # noqa: PTH207  # Path.glob takes no absolute pattern
            if path.endswith(COMPRESSED):
                continue
            with contextlib.suppress(OSError):
                status = os.stat(path)  # noqa: PTH116  # called for every file at every look
                if stat.S_ISREG(status.st_mode):
                    present[status.st_dev, status.st_ino] = (path, status)
        return present

    def _open_new(self, now: int) -> None:
        """Open new files: each log's oldest unread parts and its newest."""
        logs: dict[str, list[Part]] = {}
        for identity, (path, status) in self._present.items():
            base = base_of(path)
            logs.setdefault(base, []).append((path == base, status.st_mtime_ns, path, identity))
        self._waiting.clear()
        for base, parts in logs.items():
            self._open_parts(base, sorted(parts), now)

    def _open_parts(self, base: str, parts: list[Part], now: int) -> None:
        opened = {follower.identity for follower in self._logs.get(base, [])}
        newest = parts[-1]
        unread = [
            part for part in parts if part[3] not in opened and not self._is_quiet(part[3], now, newest=part is newest)
        ]
        room = max(0, _OPEN_PARTS - len(opened))
        chosen = unread[:room]
        if newest in unread and newest not in chosen:
            chosen.append(newest)
        if len(chosen) < len(unread):
            self._waiting.add(base)
        for _, _, path, identity in chosen:
            position = self._quiet.pop(identity, None) or self._take_saved(identity[1], path)
            self._open(path, position, now)

    def _is_quiet(self, identity: Identity, now: int, *, newest: bool) -> bool:
        """Return whether a file was read to its end and has not changed since; the newest may do so any moment."""
        path, status = self._present[identity]
        position = self._quiet.get(identity) or self._saved_of(identity[1], path)
        if position is None or not position.ended:
            return False
        if (position.size, position.mtime_ns) != (status.st_size, status.st_mtime_ns):
            return False
        unfinished = position.offset < position.size
        if newest and (unfinished or status.st_mtime_ns + _QUIET_NS > now):
            return False
        if unfinished and status.st_mtime_ns + self._linger_ns <= now:
            return False  # its last line will not get its line feed any more
        self._quiet[identity] = position
        self._take_saved(identity[1], path)
        return True

    def _save(self, position: FilePosition) -> None:
        self._saved.setdefault(position.inode, []).append(position)

    def _saved_of(self, inode: int, path: str) -> FilePosition | None:
        """Return the saved position of a file: its log's, where several file systems have the same inode number."""
        candidates = self._saved.get(inode, [])
        if len(candidates) > 1:
            candidates = [position for position in candidates if base_of(position.path) == base_of(path)]
        return candidates[0] if candidates else None

    def _take_saved(self, inode: int, path: str) -> FilePosition | None:
        position = self._saved_of(inode, path)
        if position is not None:
            self._saved[inode].remove(position)
            if not self._saved[inode]:
                del self._saved[inode]
        return position

    def _open(self, path: str, position: FilePosition | None, now: int, *, left: bool = False) -> None:
        """Follow a file from `position`, unless it is followed already."""
        try:
            follower = FileTail(path, position)
        except OSError as error:
            self._unreadable(path, error)
            if position is not None:
                self._save(position)
            return
        self._warned.discard(path)
        if any(follower.identity == other.identity for other in self._followers()):
            follower.close()
            return
        self.opened += 1
        if left:
            self._left[follower.identity] = now
        base = base_of(path)
        parts = self._logs.setdefault(base, [])
        parts.append(follower)
        parts.sort(key=lambda part: (part.identity not in self._left, part.path == base, part.mtime_ns))
        if position is not None:
            self._check_position(follower, position, now)

    def _check_position(self, follower: FileTail, position: FilePosition, now: int) -> None:
        """Check whether an earlier run's file was truncated meanwhile; without read bytes only its time tells."""
        if follower.offset != position.offset:
            self.counts["truncated"] += 1
            self._find_copies(follower.path, position, now)
        elif not position.offset and follower.mtime_ns != position.mtime_ns:
            self._find_copies(follower.path, position, now)

    def _unreadable(self, path: str, error: OSError) -> None:
        self.counts["unreadable"] += 1
        if path not in self._warned:
            self._warned.add(path)
            log.warning("cannot read %s: %s", for_terminal(path), error.strerror)

    def _find_saved(self, now: int) -> None:
        """Find the files of an earlier run that no longer match the pattern, and what came after them."""
        inodes = {inode for _, inode in self._present}
        logs = {(inode, base_of(path)) for (_, inode), (path, _) in self._present.items()} if self._saved else set()
        for positions in [list(each) for each in self._saved.values()]:
            for position in positions:
                is_others = len(positions) > 1 and (position.inode, base_of(position.path)) not in logs
                if position.inode not in inodes or is_others:
                    self._take_saved(position.inode, position.path)
                    self._find_rotated(position, now)

    def _find_rotated(self, position: FilePosition, now: int) -> None:
        part = copy_of(position.path, position)
        if part is not None:
            self._open(part, position, now, left=True)
        elif position.offset < position.size:
            self.counts["lost"] += 1
            log.warning("%s was removed before all of it was read", for_terminal(position.path))
        self._open_missed(position.path, position.mtime_ns, now)

    def _open_missed(self, path: str, since_ns: int, now: int) -> None:
        """Open the parts that came and went between two looks; one that was read before gets the same ids again."""
        base = base_of(path)
        for part, status in parts_of(path):
            is_matched = (status.st_dev, status.st_ino) in self._present
            if status.st_mtime_ns >= since_ns and part != base and not is_matched:
                self._open(part, None, now, left=True)

    def next_lines(self, now: int) -> tuple[FileTail, list[Line]] | None:
        """Return the next lines of the log whose turn it is, and their file; None when there is nothing to read."""
        bases = list(self._logs)
        for step in range(len(bases)):
            base = bases[(self._turn + step) % len(bases)]
            lines = self._lines_of(base, now)
            if lines is not None:
                self._turn = (self._turn + step + 1) % len(bases)
                return lines
        return None

    def _lines_of(self, base: str, now: int) -> tuple[FileTail, list[Line]] | None:
        for follower in list(self._logs[base]):
            self._notice_cut(base, follower, now)
        for follower in list(self._logs.get(base, [])):
            if base in self._waiting and follower is self._logs[base][-1]:
                return None
            lines = self._read(base, follower, now)
            if lines:
                return follower, lines
        return None

    def _notice_cut(self, base: str, follower: FileTail, now: int) -> None:
        before = follower.position
        try:
            change = follower.look(now)
        except OSError as error:
            self._give_up(base, follower, error)
            return
        if change is TailEvent.CUT:
            self.counts["truncated"] += 1
            follower.begin_again()
        if change is TailEvent.CUT or (change is TailEvent.MAYBE and not before.offset):
            self._find_copies(follower.path, before, now)

    def _read(self, base: str, follower: FileTail, now: int) -> list[Line]:
        try:
            lines = follower.read(last=self._is_final(base, follower, now))
        except OSError as error:
            self._give_up(base, follower, error)
            return []
        if not lines:
            self._close_if_finished(base, follower, now)
        return lines

    def _give_up(self, base: str, follower: FileTail, error: OSError) -> None:
        """Close a file that cannot be read now (a network file system went away); the next look opens it again."""
        self._unreadable(follower.path, error)
        self._save(follower.position)
        self._close(base, follower)

    def _find_copies(self, path: str, position: FilePosition, now: int) -> None:
        """After a truncation: read what is unread from copies made before it, if there are any."""
        part = copy_of(path, position)
        if part is not None:
            self._open(part, position, now, left=True)
        self._open_missed(path, position.mtime_ns, now)

    def _is_over(self, follower: FileTail, now: int) -> bool:
        left = self._left.get(follower.identity)
        return left is not None and left + self._linger_ns <= now

    def _is_final(self, base: str, follower: FileTail, now: int) -> bool:
        """Return whether no program will complete the last line of a part any more."""
        is_old = follower is not self._logs[base][-1] and follower.mtime_ns + self._linger_ns <= now
        return is_old or self._is_over(follower, now)

    def _close_if_finished(self, base: str, follower: FileTail, now: int) -> None:
        """Close a part that has nothing more to read; remember one that still has a name."""
        if self._is_over(follower, now):
            self._close(base, follower)
            return
        is_quiet = not follower.unread and follower.mtime_ns + _QUIET_NS < now
        may_rest = is_quiet or base in self._waiting
        if may_rest and follower.ended and follower.identity not in self._left:
            self._quiet[follower.identity] = follower.position
            self._close(base, follower)

    def _close(self, base: str, follower: FileTail) -> None:
        self._left.pop(follower.identity, None)
        self._logs[base].remove(follower)
        if not self._logs[base]:
            del self._logs[base]
        follower.close()
