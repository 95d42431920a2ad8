# SPDX-License-Identifier: MIT
"""How often somebody may knock: a token bucket for each source and one for all. Pure; the caller tells the time."""

from __future__ import annotations

import ipaddress
from collections import OrderedDict

import msgspec

SOURCES = 1024
"""Sources that are remembered; beyond, the one that was quiet for longest is forgotten."""


class Rate(msgspec.Struct, frozen=True):
    """So many at once, and then so many a minute."""

    burst: float
    per_minute: float


EACH = Rate(burst=10, per_minute=10)
ALL = Rate(burst=60, per_minute=60)


class Gate:
    """Says who may come in now."""

    def __init__(self, each: Rate = EACH, everybody: Rate = ALL) -> None:
        self._each = each
        self._everybody = _Bucket(everybody)
        self._sources: OrderedDict[str, _Bucket] = OrderedDict()

    def admits(self, source: str, now: float) -> bool:
        """Return whether `source` (an address) may come in at `now` (seconds of a clock that only goes forward).

        A source that is over its own rate takes nothing from what is left for all.
        """
        key = network_of(source)
        bucket = self._sources.pop(key, None) or _Bucket(self._each)
        self._sources[key] = bucket
        if len(self._sources) > SOURCES:
            self._sources.popitem(last=False)
        return bucket.take(now) and self._everybody.take(now)


class _Bucket:
    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._left = rate.burst
        self._at: float | None = None

    def take(self, now: float) -> bool:
        passed = 0.0 if self._at is None else max(0.0, now - self._at)
        self._at = now
        self._left = min(self._rate.burst, self._left + passed * self._rate.per_minute / 60)
        if self._left < 1:
            return False
        self._left -= 1
        return True


def network_of(source: str) -> str:
    """Return what counts as one source: an IPv4 address, or the /64 that an IPv6 host can choose its addresses from."""
    try:
        address = ipaddress.ip_address(source.partition("%")[0])
    except ValueError:
        return source
    if address.version == 4:
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, 64), strict=False))
