# SPDX-License-Identifier: MIT
"""How much one address may send, so that one noisy or hostile host does not silence the others; no clock of its own."""

from __future__ import annotations

import ipaddress
from collections import OrderedDict

_REMEMBERED = 4096


def source_of(address: str) -> str:
    """Return who is counted as one sender: an IPv4 address, or the /64 that an IPv6 host can choose addresses from."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((int(found) >> 64 << 64, 64)).network_address)
    return str(found)


def plain_address(address: str) -> str:
    """Return the address as it is written everywhere else: without a zone; IPv4 mapped into IPv6 as IPv4."""
    found = ipaddress.ip_address(address.partition("%")[0])
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return str(mapped or found)


class Rates:
    """A token bucket per sender: `per_second` messages in the long run, twice as many at once.

    The senders seen last are remembered; a forgotten one begins with a full bucket.
    """

    def __init__(self, per_second: float, remembered: int = _REMEMBERED) -> None:
        self._per_second = per_second
        self._burst = 2 * per_second
        self._remembered = remembered
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        """Tokens, and at what time (s) there were so many."""

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, sender: str, now: float, count: int = 1) -> float:
        """Take `count` tokens and return how many seconds the sender is then ahead of its rate; 0 within it."""
        tokens, since = self._buckets.pop(sender, (self._burst, now))
        tokens = min(self._burst, tokens + max(0.0, now - since) * self._per_second) - count
        self._buckets[sender] = (tokens, now)
        if len(self._buckets) > self._remembered:
            self._buckets.popitem(last=False)
        return max(0.0, -tokens / self._per_second)

    def allows(self, sender: str, now: float) -> bool:
        """Take a token when there is one; return whether there was."""
        tokens, since = self._buckets.get(sender, (self._burst, now))
        if tokens + max(0.0, now - since) * self._per_second < 1:
            return False
        self.take(sender, now)
        return True
