# SPDX-License-Identifier: MIT
"""Segment files: numbered for ever, appended to by one process, whole lines only."""

import errno
import os
from pathlib import Path

from decnet_core.durable import sync_directory

SUFFIX = ".jsonl"
MODE = 0o640
LOST_NUMBERS = 1 << 16
"""Numbers that are passed over where a spool's segments were lost, but not what its readers acknowledged: more than the
segments between what a reader has stored and what it has acknowledged, which is one batch (256 MiB) of 4 KiB each."""


def path_of(directory: Path, number: int) -> Path:
    return directory / f"{number:010d}{SUFFIX}"


def sizes(directory: Path) -> dict[int, int]:
    """Return the size in bytes of every segment, by number, the oldest first; none of a missing directory."""
    found: dict[int, int] = {}
    try:
        with os.scandir(directory) as entries:
            for entry in entries:
                number = _number_of(entry.name)
                if number is not None:
                    found.update(_size(entry, number))
    except FileNotFoundError:
        return {}
    return dict(sorted(found.items()))


def _number_of(name: str) -> int | None:
    stem = name.removesuffix(SUFFIX)
    return int(stem) if stem != name and stem.isascii() and stem.isdigit() else None


def _size(entry: os.DirEntry[str], number: int) -> dict[int, int]:
    try:
        return {number: entry.stat().st_size}
    except FileNotFoundError:  # removed by the writer between listing and looking
        return {}


def count_lines(path: Path, offset: int) -> int:
    """Return how many whole lines follow `offset` in `path`; 0 when it cannot be read."""
    count = 0
    try:
        with path.open("rb") as file:
            file.seek(offset)
            while chunk := file.read(1 << 20):
                count += chunk.count(b"\n")
    except OSError:
        return count
    return count


class Segment:
    """The segment being written; its end is always the end of a line, unless `torn`."""

    def __init__(self, directory: Path, number: int) -> None:
        self.number = number
        self.size = 0
        self.torn = False
        """The disk refused even to cut a half-written line off: nothing may follow it."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
        path = path_of(directory, number)
        self.descriptor = os.open(path, flags, MODE)
        try:
            os.fchmod(self.descriptor, MODE)
            sync_directory(directory)  # else power loss could make a reader's position point into a later namesake
        except OSError:
            os.close(self.descriptor)
            path.unlink(missing_ok=True)
            raise

    def append(self, lines: bytes) -> int:
        """Write `lines`, each ending in a line feed, in one call; return how many bytes of them, all whole lines, stay.

        Whole lines that a full disk has taken may have been read already, so they stay; what it took of the next one
        is cut off. Raises OSError when not even one line was taken; nothing of them is in the file then.
        """
        try:
            written = os.write(self.descriptor, lines)
        except OSError:
            self._cut()
            raise
        kept = written if written == len(lines) else lines.rfind(b"\n", 0, written) + 1
        self.size += kept
        if kept != written:
            self._cut()
        if not kept:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return kept

    def _cut(self) -> None:
        try:
            os.ftruncate(self.descriptor, self.size)
        except OSError:
            self.torn = True

    def sync(self) -> None:
        os.fsync(self.descriptor)

    def close(self) -> None:
        os.close(self.descriptor)
