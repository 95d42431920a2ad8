# SPDX-License-Identifier: MIT
"""The memory that all sessions together may use for what attackers send or write. Without it, disks appear full."""

from __future__ import annotations

from collections.abc import Callable


class MemoryBudget:
    """A fixed number of bytes to be leased."""

    def __init__(self, size: int) -> None:
        self.left = size
        self.refused = 0
        self.relieve: Callable[[], bool] | None = None
        """Frees something dispensable; returns False if there is nothing."""

    def take(self, size: int) -> bool:
        """Take `size` bytes, or none (counted as refused)."""
        while size > self.left:
            if self.relieve is None or not self.relieve():
                self.refused += 1
                return False
        self.left -= size
        return True

    def give(self, size: int) -> None:
        self.left += size


class MemoryLease:
    """What one session or one disk has taken of the budget."""

    def __init__(self, budget: MemoryBudget) -> None:
        self._budget = budget
        self._taken = 0

    def hold(self, size: int) -> bool:
        """Hold `size` more bytes (fewer if negative); False if the budget is exhausted."""
        if size > 0 and not self._budget.take(size):
            return False
        if size < 0:
            self._budget.give(-size)
        self._taken += size
        return True

    def close(self) -> None:
        """Give everything back."""
        self._budget.give(self._taken)
        self._taken = 0
