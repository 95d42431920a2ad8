# SPDX-License-Identifier: MIT
"""Files that are the old one or the new one after any crash, never half of either."""

from __future__ import annotations

import os
from pathlib import Path


def replace_file(path: Path, content: bytes, mode: int = 0o640, owner: tuple[int, int] | None = None) -> None:
    """Make `content` what `path` holds, durably: write beside it, fsync, rename, fsync the directory.

    `owner` (user and group id) is the owner it gets, for root writing what another account reads. One process at a
    time may replace a given path. Raises OSError; `path` then still holds what it held.
    """
    beside = path.with_name(path.name + ".new")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    try:
        os.fchmod(descriptor, mode)  # the umask of a hardened unit must not lock the other workers out
        if owner is not None:
            os.fchown(descriptor, *owner)
        write_all(descriptor, content)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    beside.replace(path)
    sync_directory(path.parent)


def write_all(descriptor: int, content: bytes) -> None:
    """Write all of `content`; raises OSError when the disk takes only a part."""
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def sync_directory(directory: Path) -> None:
    """Make names created, renamed or removed in `directory` durable."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_directory(directory: Path, mode: int = 0o770) -> None:
    """Make `directory` with exactly `mode`, whatever the umask; one that exists is left as it is."""
    try:
        directory.mkdir()
    except FileExistsError:
        return
    except FileNotFoundError:
        make_directory(directory.parent, mode)
        make_directory(directory, mode)
        return
    directory.chmod(mode)
