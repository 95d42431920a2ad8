# SPDX-License-Identifier: MIT
"""Bounds how many incidents are told singly: in a storm of attackers a minute has one digest for all others.

Each severity has an allowance of its own, so that many harmless incidents keep back no severe one. It is kept in
memory: after a restart a minute may have it twice.
"""

from collections import Counter

from decnet_core.timing.durations import MINUTE_NS


class StormLimit:
    """Allows `per_minute` notifications of each severity."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._minute = 0
        self._told: Counter[int] = Counter()

    def allows(self, severity: int, now: int) -> bool:
        """Return whether one more may be told now, and count it."""
        if now // MINUTE_NS != self._minute:
            self._minute = now // MINUTE_NS
            self._told.clear()
        self._told[severity] += 1
        return self._told[severity] <= self._per_minute


def minute_end(now: int) -> int:
    return (now // MINUTE_NS + 1) * MINUTE_NS
