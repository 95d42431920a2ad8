# SPDX-License-Identifier: MIT
"""A control group per child, where systemd has delegated ours (Delegate=memory, cgroup v2).

The kernel then accounts for each worker and kills one that uses far too much. Above its budget a worker is replaced
gracefully by the supervisor; the hard limit is twice the budget, for during a replacement two instances live in it.

A group with children may hold no process of its own, so the supervisor and the zygote move into one, too.
"""

import os
from pathlib import Path

DIRECTORY = "DECNET_CGROUP"
"""Names the delegated directory to the children."""
ROOT = Path("/sys/fs/cgroup")
OWN = "supervisor"


def path_in(membership: str) -> str | None:
    """Return the v2 path of a process whose /proc/PID/cgroup is `membership` (cgroups(7)), None without v2."""
    for line in membership.splitlines():
        if line.startswith("0::/"):
            return line[len("0::") :]
    return None


def delegated(root: Path, path: str | None) -> Path | None:
    """Return the directory of group `path` if it was delegated to us with the memory controller, else None."""
    if path is None or path == "/":
        return None
    directory = root / path.lstrip("/")
    try:
        controllers = (directory / "cgroup.controllers").read_text().split()
    except OSError:
        return None
    ours = os.access(directory / "cgroup.subtree_control", os.W_OK) and os.access(directory, os.W_OK)
    return directory if ours and "memory" in controllers else None


def divide(directory: Path) -> None:
    """Move this process, the only one in the group, into a child group, so that others can be made; raises OSError."""
    _join(directory / OWN)
    (directory / "cgroup.subtree_control").write_text("+memory")


def enter(directory: Path, name: str, budget_bytes: int) -> None:
    """Move this process into the group of worker `name`; raises OSError."""
    group = directory / name
    group.mkdir(exist_ok=True)
    if budget_bytes:
        (group / "memory.max").write_text(str(2 * budget_bytes))
    _join(group)


def used_bytes(directory: Path, name: str) -> int:
    """Return the anonymous memory of worker `name`, without the page cache; 0 if unknown."""
    try:
        lines = (directory / name / "memory.stat").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("anon "))


def _join(group: Path) -> None:
    group.mkdir(exist_ok=True)
    (group / "cgroup.procs").write_text("0")
