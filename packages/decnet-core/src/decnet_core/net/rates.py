# SPDX-License-Identifier: MIT
"""How often one source may act: token buckets, single or in a bounded table by source. Pure; the caller has the clock.

Time is in seconds of any clock. One that is set back refills nothing and delays nobody beyond what it owed before: the
bucket continues from the new time.
"""

from collections import OrderedDict

MAX_SOURCES = 4096
"""Buckets kept. The one unused for longest is forgotten first, which at most gives its source a full bucket again."""


class TokenBucket:
    """`burst` tokens at once, `per_second` in the long run; full when new."""

    __slots__ = ("_burst", "_per_second", "_since", "_tokens")

    def __init__(self, per_second: float, burst: float) -> None:
        self._per_second = per_second
        self._burst = burst
        self._tokens = burst
        self._since: float | None = None

    def allows(self, now: float, count: float = 1) -> bool:
        """Take `count` tokens if there are as many, and return whether there were."""
        self._refill(now)
        if self._tokens < count:
            return False
        self._tokens -= count
        return True

    def delay(self, now: float, count: float = 1) -> float:
        """Take `count` tokens, on credit if need be; return in how many seconds the debt is paid, 0 without one."""
        self._refill(now)
        self._tokens -= count
        return max(0.0, -self._tokens / self._per_second)

    def _refill(self, now: float) -> None:
        passed = 0.0 if self._since is None else max(0.0, now - self._since)
        self._since = now
        self._tokens = min(self._burst, self._tokens + passed * self._per_second)


class SourceRates:
    def __init__(self, per_second: float, burst: float, max_sources: int = MAX_SOURCES) -> None:
        self._per_second = per_second
        self._burst = burst
        self._max_sources = max_sources
        self._buckets: OrderedDict[str, TokenBucket] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def allows(self, source: str, now: float, count: float = 1) -> bool:
        return self._bucket(source).allows(now, count)

    def delay(self, source: str, now: float, count: float = 1) -> float:
        return self._bucket(source).delay(now, count)

    def _bucket(self, source: str) -> TokenBucket:
        bucket = self._buckets.get(source)
        if bucket is None:
            bucket = self._buckets[source] = TokenBucket(self._per_second, self._burst)
            if len(self._buckets) > self._max_sources:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(source)
        return bucket
