# SPDX-License-Identifier: MIT
"""Limits enrolment attempts: a rate for each source and one for all together."""

import msgspec

from decnet_core.net.addresses import source_of
from decnet_core.net.rates import SourceRates, TokenBucket

SOURCES = 1024
"""Sources that are remembered."""


class Rate(msgspec.Struct, frozen=True):
    """A burst, and then a number per minute."""

    burst: float
    per_minute: float


EACH = Rate(burst=10, per_minute=10)
ALL = Rate(burst=60, per_minute=60)


class EnrolmentRates:
    """Decides which connections may enrol now."""

    def __init__(self, each: Rate = EACH, total: Rate = ALL) -> None:
        self._sources = SourceRates(each.per_minute / 60, each.burst, SOURCES)
        self._total = TokenBucket(total.per_minute / 60, total.burst)

    def allows(self, address: str, now: float) -> bool:
        """Return whether a connection from `address` may enrol at `now` (seconds, monotonic).

        A source that is over its own rate takes nothing from what is left for all.
        """
        return self._sources.allows(source_of(address), now) and self._total.allows(now)
