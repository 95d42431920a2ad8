# SPDX-License-Identifier: MIT
"""How many connections may be open, in all and from one source. No clock and no socket."""

from __future__ import annotations

from decnet_decoys.settings import LimitSettings


class ConnectionLimiter:
    """Counts open connections, in all and by source."""

    def __init__(self, limits: LimitSettings) -> None:
        self._limits = limits
        self._by_source: dict[str, int] = {}
        self.open = 0

    def acquire(self, source: str) -> bool:
        """Count one more connection of `source`; False when a limit is reached."""
        mine = self._by_source.get(source, 0)
        if self.open >= self._limits.connections or mine >= self._limits.connections_per_source:
            return False
        self.open += 1
        self._by_source[source] = mine + 1
        return True

    def release(self, source: str) -> None:
        """Count the end of an accepted connection."""
        self.open -= 1
        left = self._by_source[source] - 1
        if left:
            self._by_source[source] = left
        else:
            del self._by_source[source]
