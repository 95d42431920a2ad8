# SPDX-License-Identifier: MIT
"""When a failed delivery is retried; pure: the caller passes time and random number."""

import msgspec

from decnet_core.timing.backoff import backoff
from decnet_core.timing.durations import SECOND_NS

JITTER = 0.2
"""Fraction by which a delay is randomly changed, so that many do not return together."""


class Schedule(msgspec.Struct, frozen=True):
    """Exponential back-off; all figures in seconds."""

    first: float
    factor: float
    longest: float
    give_up: float

    def delay(self, attempts: int, chance: float) -> float:
        """Return the seconds after the `attempts`-th failure (1, 2, ...); `chance` in [0, 1) spreads them."""
        return backoff(self.first, attempts - 1, self.longest, self.factor) * (1 - JITTER + 2 * JITTER * chance)

    def next_at(
        self, attempts: int, started_ns: int, now_ns: int, chance: float, wait_seconds: float | None = None
    ) -> int | None:
        """Return when to retry (ns), None to give up.

        `wait_seconds` is what the receiver requested (Retry-After). The last attempt is at the end of `give_up`.
        """
        end = started_ns + int(self.give_up * SECOND_NS)
        if now_ns >= end:
            return None
        delay = max(self.delay(attempts, chance), wait_seconds or 0)
        return min(end, now_ns + int(delay * SECOND_NS))
