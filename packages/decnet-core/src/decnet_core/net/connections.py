# SPDX-License-Identifier: MIT
"""Limits open connections, in total and by source. Pure.

The table holds only sources with an open connection, so the limit on connections bounds it and nothing is evicted.
"""


class ConnectionLimiter:
    """Admits connections up to `most` in all and `most_per_source` of one source."""

    def __init__(self, most: int, most_per_source: int) -> None:
        self._most = most
        self.most_per_source = most_per_source
        self._by_source: dict[str, int] = {}
        self.open = 0

    def acquire(self, source: str) -> bool:
        """Count one more connection of `source`; False, and nothing counted, when that is too many."""
        if self.open >= self._most or self.of(source) >= self.most_per_source:
            return False
        self.open += 1
        self._by_source[source] = self.of(source) + 1
        return True

    def release(self, source: str) -> None:
        """Count one connection less of `source`; raises KeyError when it has none."""
        left = self._by_source[source] - 1
        self.open -= 1
        if left:
            self._by_source[source] = left
        else:
            del self._by_source[source]

    @property
    def is_full(self) -> bool:
        return self.open >= self._most

    def of(self, source: str) -> int:
        return self._by_source.get(source, 0)
