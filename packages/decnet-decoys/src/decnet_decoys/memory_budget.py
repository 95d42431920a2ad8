# SPDX-License-Identifier: MIT
"""Memory that all sessions together may fill with what attackers send or write; when it is gone, disks are full."""

from __future__ import annotations

from collections.abc import Callable


class MemoryBudget:
    """Bytes that are left of a fixed amount."""

    def __init__(self, size: int) -> None:
        self.left = size
        self.refused = 0
        self.relieve: Callable[[], bool] | None = None
        """Gives something back that can be missed; False when there is nothing of the kind."""

    def take(self, size: int) -> bool:
        """Take `size` bytes, or none of them (counted)."""
        while size > self.left:
            if self.relieve is None or not self.relieve():
                self.refused += 1
                return False
        self.left -= size
        return True

    def give(self, size: int) -> None:
        """Give back what was taken."""
        self.left += size


class MemoryLease:
    """What one session, or one disk, has taken of the budget, given back when it ends."""

    def __init__(self, budget: MemoryBudget) -> None:
        self._budget = budget
        self._taken = 0

    def hold(self, size: int) -> bool:
        """Hold `size` more bytes (fewer when negative); False when there is no room."""
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
