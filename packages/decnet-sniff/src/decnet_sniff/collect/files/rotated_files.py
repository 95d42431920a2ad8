# SPDX-License-Identifier: MIT
"""Finds the older parts of a log: the names that rotation gives them, and the copy that copytruncate made."""

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from decnet_sniff.collect.files.positions import FilePosition, is_same_file

Identity = tuple[int, int]
"""Device and inode."""

_ROTATED = re.compile(r"[.-]\d[\dT:_.-]*$")
COMPRESSED = (".gz", ".xz", ".bz2", ".zst", ".Z", ".zip")


def base_of(path: str) -> str:
    """Return the log's name from that of one of its parts: `x.json` for x.json.1 and x.json.2026-11-23."""
    return _ROTATED.sub("", path)


def parts_of(path: str) -> list[tuple[str, os.stat_result]]:
    """Return all parts of the log of `path`, least recently changed first; compressed ones are finished."""
    base = base_of(path)
    parts = [(part, status) for part, status in _siblings(base) if base_of(part) == base]
    return sorted(parts, key=lambda part: part[1].st_mtime_ns)


def _siblings(base: str) -> Iterator[tuple[str, os.stat_result]]:
    place = Path(base)
    with contextlib.suppress(OSError), os.scandir(place.parent) as entries:
        for entry in entries:
            if not entry.name.startswith(place.name) or entry.name.endswith(COMPRESSED):
                continue
            with contextlib.suppress(OSError):
                if entry.is_file():
                    yield str(place.parent / entry.name), entry.stat()


def copy_of(path: str, position: FilePosition) -> str | None:
    """Return the part that begins with all that was read of `path` up to `position`; None if there is none.

    The file itself under a new name is preferred to a copy; a file that was not read yet has no copy.
    """
    parts = parts_of(path)
    own = [part for part, status in parts if status.st_ino == position.inode]
    copies = [part for part, _ in reversed(parts) if part not in own] if position.offset else []
    return next((part for part in [*own, *copies] if _begins_with(part, position)), None)


def _begins_with(part: str, position: FilePosition) -> bool:
    try:
        descriptor = os.open(part, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        return is_same_file(descriptor, position)
    except OSError:
        return False
    finally:
        os.close(descriptor)
