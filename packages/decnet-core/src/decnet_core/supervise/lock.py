# SPDX-License-Identifier: MIT
"""One fleet per state directory: locks that the kernel releases however their holder ends.

A whole fleet holds `<state>/run/supervise/fleet.lock` alone. Supervisors of single groups share it, and each holds its
group's own. Without this, a second supervisor of the same workers would overwrite the status file of the first, have
half of its workers refused by the spools' own locks and let the other half stand by: two fleets to look at and one that
works.
"""

import contextlib
import fcntl
import os
from collections.abc import Sequence
from pathlib import Path

from decnet_core.state import StateError
from decnet_core.supervise.groups import ALL


class FleetBusyError(StateError):
    """Another supervisor hosts the same workers on this state directory."""


class FleetLock:
    """Holds the locks of `groups` on a state directory."""

    def __init__(self, directory: Path, groups: Sequence[str] = (ALL,)) -> None:
        """Take the locks in the existing `directory`, which is `State.supervisors`.

        Raises FleetBusyError when another fleet holds one, OSError when they cannot be used.
        """
        self._descriptors: list[int] = []
        try:
            if ALL in groups:
                self._take(directory / "fleet.lock", fcntl.LOCK_EX)
                return
            self._take(directory / "fleet.lock", fcntl.LOCK_SH)
            for group in sorted(set(groups)):
                self._take(directory / f"fleet.{group}.lock", fcntl.LOCK_EX)
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        while self._descriptors:
            os.close(self._descriptors.pop())

    def _take(self, path: Path, how: int) -> None:
        descriptor = _opened(path)
        self._descriptors.append(descriptor)
        try:
            fcntl.flock(descriptor, how | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 32).decode("ascii", "replace").strip()
            raise FleetBusyError(
                f"another fleet (pid {holder or 'unknown'}) runs on {path.parents[2]}; "
                "stop it, or use another directory with --state DIR"
            ) from None
        with contextlib.suppress(OSError):  # a full disk or another account's file: the lock holds, the pid is unknown
            os.ftruncate(descriptor, 0)
            if how == fcntl.LOCK_EX:
                os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)


def _opened(path: Path) -> int:
    """Open the lock file, for reading only when another account made it: that is enough to lock it."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    except PermissionError:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    with contextlib.suppress(PermissionError):
        os.fchmod(descriptor, 0o644)  # whatever the umask
    return descriptor
