# SPDX-License-Identifier: MIT
"""Who uses the files of a machine: what a system call knows of the process that makes it."""

from collections.abc import Callable
from typing import NamedTuple

from decnet_decoys.shell.machine.tree import ROOT, Entry, Identity


class Access(NamedTuple):
    """Who uses the files, from which directory, and when (Unix time): what a system call knows of its process."""

    identity: Identity = ROOT
    cwd: str = "/"
    now: int = 0
    on_bait: Callable[[str, str], None] | None = None
    """Called with path and canary token when a planted file is read."""
    umask: int = 0o022

    def made(self, entry: Entry) -> Entry:
        """Return `entry` as a new one of this user's."""
        uid, gids = self.identity
        mode = (
            entry.mode if entry.kind == "link" else (entry.mode | (0o022 if self.umask != 0o022 else 0)) & ~self.umask
        )
        return entry._replace(uid=uid, gid=min(gids, default=uid), mtime=self.now, mode=mode)


KERNEL = Access()
