# SPDX-License-Identifier: MIT
"""How much of a disk DECNET uses unless a setting says otherwise."""

import os
from pathlib import Path

SHARE = 0.1
"""What grows with attacks (events, spools, captured files) takes at most this part of its file system, each."""


def share_of_disk(path: Path, share: float = SHARE) -> int:
    """Return so much of the file system that holds `path`, in bytes, at least 1; raises OSError."""
    status = os.statvfs(path)
    return max(1, int(status.f_blocks * status.f_frsize * share))
