# SPDX-License-Identifier: MIT
"""Memory budgets: what a process holds for itself (USS), and whether that is more than it declared."""

from __future__ import annotations

from pathlib import Path


def uss_of(pid: int) -> int:
    """Return the unique set size of a process in bytes: what would be freed if it ended; 0 when it is gone.

    Private_Clean + Private_Dirty of smaps_rollup, proc(5).
    """
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_bytes().splitlines()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith((b"Private_Clean:", b"Private_Dirty:")))


def is_over(uss_bytes: int, budget_bytes: int) -> bool:
    """Return whether a worker outgrew its budget; one that declared none (0) cannot."""
    return 0 < budget_bytes < uss_bytes
