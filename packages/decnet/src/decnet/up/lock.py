# SPDX-License-Identifier: MIT
"""One fleet per state directory: a lock that the kernel releases however its holder ends."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from decnet.errors import RefusedError


class FleetLock:
    """Holds `<state>/run/fleet.lock`; the file names the holder's pid for whoever comes second."""

    def __init__(self, path: Path) -> None:
        """Take the lock; raises RefusedError when another fleet holds it."""
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(self._descriptor, 32).decode("ascii", "replace").strip()
            os.close(self._descriptor)
            raise RefusedError(
                f"another fleet (pid {holder or 'unknown'}) runs on {path.parent.parent}; "
                "stop it, or use another directory with --state DIR"
            ) from None
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let another fleet have the directory."""
        os.close(self._descriptor)
