# SPDX-License-Identifier: MIT
"""How much one source may do: token buckets and connection counts in bounded tables; the caller brings the time."""

from __future__ import annotations

import ipaddress
from collections import OrderedDict

MAX_SOURCES = 4096
"""Buckets kept; the longest unused one is forgotten first, which only ever gives its source a full bucket again."""


def source_of(address: str) -> str:
    """Return what is limited as one: an IPv4 address, or the /64 of an IPv6 address (one host owns all of it)."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return address
    return str(ipaddress.IPv6Address(int(parsed) >> 64 << 64))


class RateLimit:
    """Token buckets by source: `burst` at once, `per_second` in the long run."""

    def __init__(self, per_second: float, burst: int, max_sources: int = MAX_SOURCES) -> None:
        self._per_second = per_second
        self._burst = burst
        self._max_sources = max_sources
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def allows(self, source: str, now: float) -> bool:
        """Take one token of `source` at `now` (seconds, monotonic); False when it has none."""
        level, since = self._buckets.pop(source, (float(self._burst), now))
        level = min(float(self._burst), level + max(0.0, now - since) * self._per_second)
        allowed = level >= 1
        self._buckets[source] = (level - 1 if allowed else level, now)
        if len(self._buckets) > self._max_sources:
            self._buckets.popitem(last=False)
        return allowed


class ConnectionLimit:
    """Open connections, in all and by source."""

    def __init__(self, most: int, most_per_source: int) -> None:
        self._most = most
        self._most_per_source = most_per_source
        self._open: dict[str, int] = {}
        self.total = 0

    def enter(self, source: str) -> bool:
        """Count one more connection of `source`; False, and nothing counted, when that is too many."""
        if self.total >= self._most or self._open.get(source, 0) >= self._most_per_source:
            return False
        self._open[source] = self._open.get(source, 0) + 1
        self.total += 1
        return True

    def leave(self, source: str) -> None:
        """Count one connection of `source` less."""
        self.total -= 1
        self._open[source] -= 1
        if not self._open[source]:
            del self._open[source]
