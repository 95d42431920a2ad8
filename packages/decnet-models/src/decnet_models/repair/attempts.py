# SPDX-License-Identifier: MIT
"""One repair at a time, and none again of a file for which one has failed.

What is remembered lies beside the database and is of that file (its inode): a salvaged or restored file begins anew.
"""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from decnet_core.durable import replace_file
from decnet_models.root_error import ModelsError

MOST_A_DAY = 3
"""Successful repairs of one file within 24 hours; more means that the disk is failing."""

_DAY = 86_400
_MODE = 0o660


class RepairError(ModelsError):
    """The indexes were not rebuilt; the message says why, and what to do."""


class AnotherRepairError(RepairError):
    """Another process is at it."""


class Attempts(msgspec.Struct):
    """What has been tried with a file."""

    inode: int = 0
    failed: str = ""
    """Why the last attempt failed."""
    succeeded: list[float] = []
    """When attempts succeeded, in seconds since the Unix epoch."""


@contextmanager
def only_repair(database: Path) -> Iterator[None]:
    """Hold the lock on repairs of `database`; raises AnotherRepairError when another process has it."""
    descriptor = os.open(_beside(database, "repair-lock"), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, _MODE)
    try:
        with contextlib.suppress(PermissionError):  # another worker's account made it
            os.fchmod(descriptor, _MODE)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise AnotherRepairError("another process is rebuilding indexes") from None
    finally:
        os.close(descriptor)


def attempts(database: Path) -> Attempts:
    """Return what has been tried with the file that is there now."""
    inode = database.stat().st_ino
    with contextlib.suppress(OSError, msgspec.DecodeError):
        known = msgspec.json.decode(_beside(database, "repairs").read_bytes(), type=Attempts)
        if known.inode == inode:
            return known
    return Attempts(inode)


def require_allowed(known: Attempts) -> None:
    """Raise RepairError when a repair has failed before, or was needed too often."""
    if known.failed:
        raise RepairError(f"not tried again: {known.failed}")
    recent = [moment for moment in known.succeeded if moment > time.time() - _DAY]
    if len(recent) >= MOST_A_DAY:
        raise RepairError(
            f"indexes were damaged and rebuilt {len(recent)} times within a day: the disk or the memory is failing; "
            "move the database to another host"
        )


def remember(database: Path, known: Attempts) -> None:
    """Write what has been tried."""
    known.succeeded = known.succeeded[-MOST_A_DAY:]
    replace_file(_beside(database, "repairs"), msgspec.json.encode(known), mode=_MODE)


def _beside(database: Path, what: str) -> Path:
    return database.with_name(f"{database.name}.{what}")
