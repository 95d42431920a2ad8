# SPDX-License-Identifier: MIT
"""The memory that all sessions together may use for what attackers send or write. Without it, disks appear full.

No source gets all of it: one may hold up to twice what is left for others (a dynamic threshold, Choudhury and Hahne,
1998). Alone it gets two thirds; the more sources there are, the less each gets, and something is always left for the
next.
"""

from collections.abc import Callable

SHARE = 2
"""How many times what is left for others one source may hold."""


class MemoryBudget:
    """A fixed number of bytes to be leased."""

    def __init__(self, size: int) -> None:
        self.left = size
        self.refused = 0
        self.relieve: Callable[[], bool] | None = None
        """Frees something dispensable; returns False if there is nothing."""
        self._by_source: dict[str, int] = {}

    def take(self, size: int, source: str = "") -> bool:
        """Take `size` bytes, or none (counted as refused); without a source, as many as are left."""
        while not self._allows(size, source):
            if self.relieve is None or not self.relieve():
                self.refused += 1
                return False
        self.left -= size
        if source:
            self._by_source[source] = self._by_source.get(source, 0) + size
        return True

    def _allows(self, size: int, source: str) -> bool:
        left = self.left - size
        return left >= 0 and (not source or self._by_source.get(source, 0) + size <= SHARE * left)

    def give(self, size: int, source: str = "") -> None:
        self.left += size
        if source:
            held = self._by_source.pop(source, 0) - size
            if held > 0:
                self._by_source[source] = held


class MemoryLease:
    """What one session or one disk of a source has taken of the budget."""

    __slots__ = ("_budget", "_source", "_taken")

    def __init__(self, budget: MemoryBudget, source: str = "") -> None:
        self._budget = budget
        self._source = source
        self._taken = 0

    @property
    def held(self) -> int:
        """Bytes held."""
        return self._taken

    def hold(self, size: int) -> bool:
        """Hold `size` more bytes (fewer if negative); False if there are none left for it."""
        if size > 0 and not self._budget.take(size, self._source):
            return False
        if size < 0:
            self._budget.give(-size, self._source)
        self._taken += size
        return True

    def close(self) -> None:
        self._budget.give(self._taken, self._source)
        self._taken = 0
