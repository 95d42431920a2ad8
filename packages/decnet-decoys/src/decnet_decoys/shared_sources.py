# SPDX-License-Identifier: MIT
"""How many connections each source has at the shares of the other processes, in memory that all of them map.

Each process counts in a row of its own, so nothing is locked; two that admit a client of one source at the same moment
may admit one too many. A source is counted in the slot that its hash chooses, by a key that no client knows. Two
sources in one slot count as one: of 22 that hold all they may, a newcomer meets one in a thousand times.
"""

from __future__ import annotations

import mmap

SLOTS = 1 << 14
_BYTES = 2
_MOST = (1 << 16) - 1


class SharedSources:
    """The counts of all shares; made before the processes are forked, which share str's hash, too."""

    def __init__(self, shares: int) -> None:
        self._shares = shares
        self._counts = memoryview(mmap.mmap(-1, shares * SLOTS * _BYTES)).cast("H")

    def of(self, share: int) -> SourcesOfShare:
        """Return what share `share` uses; what a predecessor of its process had counted is forgotten."""
        self._counts[share * SLOTS : (share + 1) * SLOTS] = memoryview(bytes(SLOTS * _BYTES)).cast("H")
        return SourcesOfShare(self._counts, share, self._shares)


class SourcesOfShare:
    """The counts as one share sees and changes them."""

    def __init__(self, counts: memoryview, share: int, shares: int) -> None:
        self._counts = counts
        self._own = share * SLOTS
        self._others = [other * SLOTS for other in range(shares) if other != share]

    def elsewhere(self, source: str) -> int:
        """Return how many connections the source has at the other shares."""
        slot = hash(source) % SLOTS
        return sum(self._counts[row + slot] for row in self._others)

    def count(self, source: str, change: int) -> None:
        """Add to how many connections the source has here."""
        place = self._own + hash(source) % SLOTS
        self._counts[place] = min(max(0, self._counts[place] + change), _MOST)
