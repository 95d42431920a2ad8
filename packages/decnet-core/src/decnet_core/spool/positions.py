# SPDX-License-Identifier: MIT
"""Positions in a spool, and the files in which its readers keep those that they have acknowledged.

An acknowledgement lets the writer delete evidence, so nobody may make one for another: each reader has a directory of
its own beside the spools, `.readers/READER/SPOOL.json`, in which only its account may write. They used to lie in the
spool itself, `SPOOL/readers/READER.json`, where every worker could write; a reader takes its own file over once.
"""

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import msgspec

from decnet_core.durable import replace_file, write_all

READERS = ".readers"
_FORMER = "readers"
_LARGEST_BYTES = 4096
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


class Position(msgspec.Struct, frozen=True, order=True):
    """Everything before byte `offset` of `segment` has been read; Position(0, 0) is the beginning."""

    segment: int
    offset: int


START = Position(0, 0)


def spool_names(spools: Path) -> list[str]:
    """Return the names of the spools in the directory `spools`, sorted; raises OSError."""
    with os.scandir(spools) as entries:
        return sorted(entry.name for entry in entries if entry.is_dir() and entry.name != READERS)


def acknowledgement(directory: Path, reader: str) -> Path:
    """Return the file in which `reader` keeps what it has acknowledged of the spool in `directory`."""
    return directory.parent / READERS / reader / f"{directory.name}.json"


def acknowledged_positions(directory: Path) -> list[Position]:
    """Return what each registered reader of the spool in `directory` has acknowledged.

    That is START where another account than the reader's could have written it, or when it cannot be understood:
    rather keep too much than lose an event.
    """
    found = (_position_of_reader(file) for file in _registered(directory))
    return [position for position in found if position is not None]


def _registered(directory: Path) -> Iterator[Path]:
    with contextlib.suppress(FileNotFoundError), os.scandir(directory.parent / READERS) as readers:
        for reader in readers:
            if reader.is_dir(follow_symlinks=False):
                yield acknowledgement(directory, reader.name)


def _position_of_reader(file: Path) -> Position | None:
    """Return the position in `file` if only the owner of its directory can have written it, None if there is none."""
    folder = file.parent.stat()
    return START if folder.st_mode & _OTHERS_WRITE and file.exists() else _position_of(file, folder.st_uid)


def _position_of(file: Path, owner: int) -> Position | None:
    """Return the position in `file`, START unless it is a plain file of user `owner`; None if there is none."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError:
        return START
    try:
        status = os.fstat(descriptor)
        plain = stat.S_ISREG(status.st_mode) and status.st_uid == owner
        return _decoded(os.read(descriptor, _LARGEST_BYTES)) if plain else START
    except OSError:
        return START
    finally:
        os.close(descriptor)


def take_over_former(directory: Path, reader: str) -> Position:
    """Return what `reader`'s own file of an earlier version says of the spool in `directory`, and remove that file."""
    file = directory / _FORMER / f"{reader}.json"
    position = _position_of(file, os.geteuid())
    with contextlib.suppress(OSError):  # read-only in the sandbox of its unit; the new file is looked at first
        file.unlink()
        file.parent.rmdir()
    return position or START


def read_position(file: Path) -> Position:
    """Return the position in `file`; START when it cannot be understood: rather keep too much than lose an event."""
    try:
        return _decoded(file.read_bytes())
    except OSError:
        return START


def _decoded(content: bytes) -> Position:
    try:
        return msgspec.json.decode(content, type=Position)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return START


def write_position(file: Path, position: Position) -> None:
    """Keep `position` in `file` durably; raises OSError.

    A disk that a spool itself has filled is freed by nothing but this, so then the file is written over in place:
    it is far smaller than a sector, so that a crash leaves the old or the new.
    """
    content = msgspec.json.encode(position)
    try:
        replace_file(file, content)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        _overwrite(file, content)


def _overwrite(file: Path, content: bytes) -> None:
    """Write `content` over what `file` holds, padded with the blanks that JSON allows, and take no new block."""
    descriptor = os.open(file, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        write_all(descriptor, content.ljust(os.fstat(descriptor).st_size))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
