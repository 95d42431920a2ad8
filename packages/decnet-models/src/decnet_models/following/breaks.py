# SPDX-License-Identifier: MIT
"""Breaks of workers for whose results nobody waits: under load they work once a minute, and have no process meanwhile.

Otherwise each keeps the memory of its largest batch, and does in many small steps what is less work in a large one.
They begin at different seconds of the minute, so that they are seldom there at once.
"""

import time
from collections.abc import Callable

SECONDS = 60.0
"""Between the beginnings of two turns."""
SHORTEST = 20.0
ENOUGH = 1000
"""Events that must have come since a process was started before it takes a break: fewer are not worth another start."""


class Breaks:
    """Says when a worker may take a break that ends at `turn_at`, a second of the minute, and for how long."""

    def __init__(self, turn_at: float, clock: Callable[[], float] = time.time) -> None:
        self._turn_at = turn_at
        self._clock = clock
        self._events = 0
        self._coming = False

    def note(self, events: int) -> None:
        """Note that a step has found so many new events."""
        self._events += events
        self._coming = self._coming or events > 0

    @property
    def wanted(self) -> bool:
        """Whether it shall take a break as soon as nothing is left to do."""
        return self._events >= ENOUGH

    def due(self) -> float | None:
        """Return the seconds of the break to take, now that nothing is left to do; None: it is too early.

        Nor is it time when nothing has come since this was asked: the worker may be parked as usual then.
        """
        coming, self._coming = self._coming, False
        if not (self.wanted and coming):
            return None
        left = (self._turn_at - self._clock()) % SECONDS
        return left if left >= SHORTEST else left + SECONDS
