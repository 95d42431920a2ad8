# SPDX-License-Identifier: MIT
"""The cost of a process, from proc(5): private and shared memory, threads, wake-ups, CPU time.

RSS counts shared pages in full in every process, so it cannot be added up. PSS divides each page by the number of
processes that map it: the sum over a fleet is what the fleet takes. USS is what would be freed if the process ended.
"""

import os
from pathlib import Path

import msgspec

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Footprint(msgspec.Struct, frozen=True):
    """One process at one moment; memory in bytes."""

    pid: int
    rss: int
    pss: int
    private_clean: int
    private_dirty: int
    threads: int
    wakeups: int
    """Voluntary context switches since its start."""
    cpu_seconds: float
    """User and system time since its start."""

    @property
    def uss(self) -> int:
        """What would be freed if it ended."""
        return self.private_clean + self.private_dirty


def measure(pid: int) -> Footprint | None:
    """Return the footprint of `pid`; None when it is gone or not accessible."""
    try:
        memory = _memory(pid)
        status = _fields(Path(f"/proc/{pid}/status").read_text())
        times = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        wakeups = sum(_switches(task) for task in Path(f"/proc/{pid}/task").iterdir())
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return None
    return Footprint(
        pid=pid,
        rss=memory["Rss"] * 1024,
        pss=memory["Pss"] * 1024,
        private_clean=memory["Private_Clean"] * 1024,
        private_dirty=memory["Private_Dirty"] * 1024,
        threads=status["Threads"],
        wakeups=wakeups,
        cpu_seconds=(int(times[11]) + int(times[12])) / _TICKS,
    )


def children_of(pid: int) -> list[int]:
    """Return the processes that `pid` has forked; none when it is gone or not accessible."""
    try:
        return [
            int(word)
            for task in Path(f"/proc/{pid}/task").iterdir()
            for word in (task / "children").read_text().split()
        ]
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return []


def uss_of(pid: int) -> int:
    """Return the unique set size of `pid` in bytes; 0 when it is gone or not accessible."""
    try:
        memory = _memory(pid)
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return 0
    return (memory.get("Private_Clean", 0) + memory.get("Private_Dirty", 0)) * 1024


def resident_of(pid: int) -> int:
    """Return the resident set size of `pid` in bytes; 0 when it is gone.

    The unique set size is never more. The kernel keeps this count, but walks all pages to tell what is shared: 1 to 3
    ms for a worker, half of the CPU time of an idle fleet.
    """
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
    except (FileNotFoundError, ProcessLookupError):
        return 0


def _memory(pid: int) -> dict[str, int]:
    return _fields(Path(f"/proc/{pid}/smaps_rollup").read_text())


def _switches(task: Path) -> int:
    return _fields((task / "status").read_text())["voluntary_ctxt_switches"]


def _fields(text: str) -> dict[str, int]:
    """Return the lines `Name: NUMBER ...` of a file below /proc."""
    fields: dict[str, int] = {}
    for line in text.splitlines():
        name, _, value = line.partition(":")
        words = value.split()
        if words and words[0].isdecimal():
            fields[name] = int(words[0])
    return fields
