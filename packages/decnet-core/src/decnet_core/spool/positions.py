# SPDX-License-Identifier: MIT
"""Positions in a spool, and the files in which its readers keep those that they have acknowledged."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import msgspec

from decnet_core.durable import replace_file, write_all

READERS = "readers"


class Position(msgspec.Struct, frozen=True, order=True):
    """Everything before byte `offset` of `segment` has been read; Position(0, 0) is the beginning."""

    segment: int
    offset: int


START = Position(0, 0)


def acknowledged_positions(directory: Path) -> list[Position]:
    """Return what each registered reader of the spool in `directory` has acknowledged."""
    return [read_position(file) for file in (directory / READERS).glob("*.json")]


def read_position(file: Path) -> Position:
    """Return the position in `file`; START when it cannot be understood: rather keep too much than lose an event."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=Position)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
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
    descriptor = os.open(file, os.O_WRONLY | os.O_CLOEXEC)
    try:
        write_all(descriptor, content.ljust(os.fstat(descriptor).st_size))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
