# SPDX-License-Identifier: MIT
"""A cache with a time to live that evicts the least recently used entry when it is full."""

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class LruTtlCache(Generic[K, V]):
    """At most `limit` values, each for `lifetime_ns` nanoseconds after it was last read or written.

    Time is passed in (that of the packets), and may stand still or step back.
    """

    def __init__(self, limit: int, lifetime_ns: int, forgotten: Callable[[V], object] = lambda _: None) -> None:
        """`forgotten` is called with each value that leaves the cache, for whatever reason."""
        self.limit = limit
        self.lifetime_ns = lifetime_ns
        self._forgotten = forgotten
        self.evicted = 0
        """Values that were evicted early because the cache was full."""
        self._entries: dict[K, tuple[int, V]] = {}  # in the order of the last touch

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: K, now: int) -> V | None:
        """Return the value of `key` and renew it; None if there is none any more."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        if now - entry[0] > self.lifetime_ns:
            self.forget(key)
            return None
        del self._entries[key]
        self._entries[key] = (now, entry[1])
        return entry[1]

    def put(self, key: K, value: V, now: int) -> None:
        self.forget(key)
        self._age(now)
        if len(self._entries) >= self.limit:
            self.evict()
        self._entries[key] = (now, value)

    def forget(self, key: K) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._forgotten(entry[1])

    def evict(self) -> None:
        """Evict the least recently used value; the cache must not be empty."""
        self.evicted += 1
        self.forget(next(iter(self._entries)))

    def _age(self, now: int) -> None:
        while self._entries:
            key = next(iter(self._entries))
            if now - self._entries[key][0] <= self.lifetime_ns:
                return
            self.forget(key)
