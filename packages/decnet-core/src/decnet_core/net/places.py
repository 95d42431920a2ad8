# SPDX-License-Identifier: MIT
"""Places for connections, shared fairly between sources. Pure.

A limit alone lets whoever comes first lock all others out: 300 addresses with two connections each are enough. So when
all places are taken, a newcomer gets that of a connection which owes a request, or does not take its answer: of those
that have owed for longest the one whose source has most connections. No other connection is ended for a newcomer.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

from decnet_core.net.connections import ConnectionLimiter

_MOST_WEIGHED = 1024
"""Of the connections that owe a request, how many are compared, so that a newcomer costs little."""


class Place:
    """The place of one connection, from when its client is accepted; it begins as one that owes a request."""

    __slots__ = ("_busy", "_places", "_source", "_stalled", "evict", "evictable")

    def __init__(self, places: Places, source: str, *, evictable: bool) -> None:
        self._places: Places | None = places
        self._source = source
        self._busy = self._stalled = False
        self.evictable = evictable
        self.evict: Callable[[], object] = lambda: None
        """Ends the connection, soon; its place is free at once."""

    @property
    def source(self) -> str:
        return self._source

    def busy(self) -> None:
        """Say that the client's request is complete."""
        self._busy = True
        self._sort()

    def idle(self) -> None:
        """Say that the client has its answer, and owes the next request."""
        self._busy = False
        self._sort()

    def stalls(self) -> None:
        """Say that the client does not take what is sent."""
        self._stalled = True
        self._sort()

    def moves(self) -> None:
        """Say that it takes it again."""
        self._stalled = False
        self._sort()

    def free(self) -> None:
        """Say that the connection is gone; whoever says so first frees the place."""
        if self._places is not None:
            self._places.owing.pop(self, None)
            self._places.release(self._source)
            self._places = None

    def _sort(self) -> None:
        if self._places is None or not self.evictable:
            return
        if self._stalled or not self._busy:
            self._places.owing[self] = None
        else:
            self._places.owing.pop(self, None)


class Places(ConnectionLimiter):
    """Up to `most` places, and `most_per_source` of one source."""

    def __init__(self, most: int, most_per_source: int) -> None:
        super().__init__(most, most_per_source)
        self.owing: dict[Place, None] = {}
        """Places of connections that may be ended for others, the one that has owed a request for longest first."""
        self.evicted = 0

    def take(self, source: str, *, evictable: bool = True) -> Place | None:
        """Return a place for a connection of `source`, of another connection if none is free; None if that is unfair.

        Without `evictable` it is never ended for another.
        """
        if self.is_full and (victim := self._victim(source)) is not None and self.of(source) < self.most_per_source:
            victim.free()
            victim.evict()
            self.evicted += 1
        if not self.acquire(source):
            return None
        place = Place(self, source, evictable=evictable)
        place.idle()
        return place

    def _victim(self, newcomer: str) -> Place | None:
        most, victim = self.of(newcomer) + 1 if self.of(newcomer) else 0, None
        for place in islice(self.owing, _MOST_WEIGHED):
            count = self.of(place.source)
            if count > most:
                most, victim = count, place
        return victim
