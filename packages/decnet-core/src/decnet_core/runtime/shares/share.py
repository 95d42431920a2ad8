# SPDX-License-Identifier: MIT
"""The share of a worker's job that one of its processes does, and what that process is called."""

import msgspec


class Share(msgspec.Struct, frozen=True):
    """One share of several."""

    worker: str
    index: int = 0
    """From 0."""
    count: int = 1
    restarts: int = 0
    """How often its process had to be started again."""

    @property
    def name(self) -> str:
        """What its process is called in the log, in `decnet status` and below `spool`."""
        return names(self.worker, self.count)[self.index]


def names(worker: str, count: int) -> tuple[str, ...]:
    """Return the names of a worker's processes; the first is called as the worker is, and as its only one would be."""
    return (worker, *(f"{worker}.{number}" for number in range(2, count + 1)))


def worker_of(name: str) -> str:
    """Return the worker that a process of that name belongs to."""
    return name.partition(".")[0]
