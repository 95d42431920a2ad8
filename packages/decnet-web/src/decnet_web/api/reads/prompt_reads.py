# SPDX-License-Identifier: MIT
"""Which reads are so short that the event loop does them itself: handing one to a thread costs as much as SQLite does.

A kind of reads (a listing with certain conditions, say) is prompt while its last read took less than SECONDS and was
less than RECENT_SECONDS ago. So the first one is a thread's, which may find the pages it needs on a slow disk, and one
that was found to take long sends those after it to threads.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable

SECONDS = 0.005
"""What SQLite may take in the event loop."""
RECENT_SECONDS = 10.0
MOST_KINDS = 256


class PromptReads:
    """What is known of the latest reads, by kind; used in any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._short: dict[Hashable, float] = {}

    def may_be(self, kind: Hashable) -> bool:
        """Return whether a read of this kind may be done in the event loop now."""
        last = self._short.get(kind)
        return last is not None and self._clock() - last < RECENT_SECONDS

    def took(self, kind: Hashable, seconds: float) -> None:
        """Note what a read took."""
        if seconds >= SECONDS:
            self.forget(kind)
            return
        if len(self._short) >= MOST_KINDS and kind not in self._short:
            self._short.clear()
        self._short[kind] = self._clock()

    def forget(self, kind: Hashable) -> None:
        """Note that a read took too long."""
        self._short.pop(kind, None)
