# SPDX-License-Identifier: MIT
"""How many requests each principal, and each address, may make: token buckets, of which a bounded number is kept."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address

from starlette.types import ASGIApp, Receive, Scope, Send

from decnet_core.net.addresses import parse_address
from decnet_web.api.passage.clients import LOCAL
from decnet_web.api.problems import Problem

MOST_BUCKETS = 10_000
_IPV6_SITE_BITS = 64


class Rates:
    """Buckets that hold up to `burst` requests and fill at `per_second`; the one unused for longest is forgotten."""

    def __init__(self, per_second: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_second
        self._burst = burst
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self.refused = 0

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, key: str) -> None:
        """Take a request from the bucket of `key`; raises Problem 429 when it is empty."""
        now = self._clock()
        left, since = self._buckets.pop(key, (float(self._burst), now))
        left = min(self._burst, left + (now - since) * self._per_second)
        if left < 1:
            self._buckets[key] = (left, now)
            self.refused += 1
            wait = math.ceil((1 - left) / self._per_second)
            detail = f"more than {self._burst} requests at once, or {self._per_second:g} a second; wait {wait} s"
            raise Problem(429, detail=detail, headers={"Retry-After": str(wait)})
        self._buckets[key] = (left - 1, now)
        while len(self._buckets) > MOST_BUCKETS:
            self._buckets.popitem(last=False)


class AddressRates:
    """Limits the requests of an address, whoever they say that they are: an IPv4 address, or an IPv6 /64."""

    def __init__(self, app: ASGIApp, rates: Rates) -> None:
        self._app = app
        self._rates = rates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            client = scope.get("client")
            self._rates.take(site_of(client[0] if client else LOCAL))
        await self._app(scope, receive, send)


def site_of(text: str) -> str:
    """Return the key of an address's bucket."""
    if ":" not in text:
        return text
    address = parse_address(text)
    if isinstance(address, IPv6Address):
        return f"{int(address) >> (128 - _IPV6_SITE_BITS):x}"
    return text
