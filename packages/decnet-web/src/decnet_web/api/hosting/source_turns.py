# SPDX-License-Identifier: MIT
"""Who is parsed next: one turn of each source after the other, and all together only a part of the loop's time.

A turn is short, but 256 connections of one source that all have something to parse would take the loop for half a
second between two steps of anybody else's request.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable
from time import monotonic

PART_SECONDS = 0.005
"""How long turns may take before everything else that the loop has to do."""


class SourceTurns:
    """The turns that connections have asked for, in one event loop."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, deque[Callable[[], None]]] = OrderedDict()
        self._running = False

    @property
    def busy(self) -> bool:
        """Whether anybody waits."""
        return bool(self._waiting)

    def ask(self, source: str, turn: Callable[[], None]) -> None:
        """Call `turn` when it is the turn of `source`, and of this one among those of the source."""
        self._waiting.setdefault(source, deque()).append(turn)
        if not self._running:
            self._running = True
            asyncio.get_running_loop().call_soon(self._run)

    def _run(self) -> None:
        try:
            self._run_some()
        finally:  # a defect in one turn takes none from the others
            self._running = self.busy
            if self._running:
                asyncio.get_running_loop().call_soon(self._run)

    def _run_some(self) -> None:
        end = monotonic() + PART_SECONDS
        while self._waiting and monotonic() < end:
            source, turns = self._waiting.popitem(last=False)
            turn = turns.popleft()
            if turns:
                self._waiting[source] = turns
            turn()
