# SPDX-License-Identifier: MIT
"""Who may be connected: places shared between sources, and between the ports of the deckies. Pure.

A limit alone lets whoever comes first lock all others out. So when all places are taken, the source that has most of
them loses the one that was idle longest to a newcomer; and half of the places are reserved, each port its part, so that
a crowd at one decky leaves room at the others.
"""

from collections import Counter
from collections.abc import Callable, Iterable

from decnet_core.net.addresses import prefix_of, source_of
from decnet_decoys.shared_sources import SourcesOfShare

_PREFIX_WEIGHT = 1 / 4
"""What a connection of a neighbour in the same /24 or /48 counts."""


class Place:
    """One open connection."""

    __slots__ = ("active_at", "evict", "port", "prefix", "source")

    def __init__(self, port: str, address: str) -> None:
        self.port = port
        """Which port of which decky."""
        self.source = source_of(address)
        self.prefix = prefix_of(address)
        self.active_at: Callable[[], float] = float
        """Returns when something was last done for it, on any clock that all places share."""
        self.evict: Callable[[], object] = lambda: None
        """Ends the connection, soon; its place is free at once."""


class Places:
    """The open connections to the deckies of this process: up to `most`, and `most_per_source` of one source."""

    def __init__(
        self, most: int, most_per_source: int, ports: Iterable[str], shared: SourcesOfShare | None = None
    ) -> None:
        """`shared` tells of connections to deckies of other processes, which count for `most_per_source`."""
        self.evicted = 0
        self.admitted = 0
        """How many places were ever taken."""
        self._shared = shared
        self._most = most
        self._most_per_source = most_per_source
        self._reserved = 0
        self._ports: Counter[str] = Counter()
        self._sources: Counter[str] = Counter()
        self._prefixes: Counter[str] = Counter()
        self._taken: dict[Place, None] = {}
        self.add_ports(ports)

    def add_ports(self, ports: Iterable[str]) -> None:
        """Reserve a part of the places for each of these, too."""
        self._ports.update(dict.fromkeys(ports, 0))
        self._share_out()

    def remove_ports(self, ports: Iterable[str]) -> None:
        """Reserve none for these any more; nobody may be connected to them."""
        for port in ports:
            self._ports.pop(port, None)
        self._share_out()

    def _share_out(self) -> None:
        self._reserved = self._most // (2 * len(self._ports)) if self._ports else 0

    @property
    def open(self) -> int:
        """How many places are taken."""
        return len(self._taken)

    def take(self, place: Place) -> bool:
        """Take a place, evicting another connection if none is free; False when that would be unfair."""
        elsewhere = self._shared.elsewhere(place.source) if self._shared is not None else 0
        if self._sources[place.source] + elsewhere >= self._most_per_source:
            return False
        if not self._has_room(place.port):
            victim = self._victim(place)
            if victim is None:
                return False
            self.release(victim)
            self.evicted += 1
            victim.evict()
        self._taken[place] = None
        self.admitted += 1
        self._count(place, 1)
        return True

    def release(self, place: Place) -> None:
        """Free the place; does nothing if it was evicted before."""
        if place in self._taken:
            del self._taken[place]
            self._count(place, -1)

    def _count(self, place: Place, change: int) -> None:
        if self._shared is not None:
            self._shared.count(place.source, change)
        for counter, key in (
            (self._ports, place.port),
            (self._sources, place.source),
            (self._prefixes, place.prefix),
        ):
            counter[key] += change
            if not counter[key] and counter is not self._ports:
                del counter[key]

    def _has_room(self, port: str) -> bool:
        """Whether there is a free place that is not reserved for other ports."""
        kept = 0
        if self._reserved:  # at most `most` / 2 ports have any
            kept = sum(max(0, self._reserved - count) for other, count in self._ports.items() if other != port)
        return len(self._taken) + kept < self._most or (
            self._ports[port] < self._reserved and len(self._taken) < self._most
        )

    def _victim(self, newcomer: Place) -> Place | None:
        """Return the place to evict: the longest idle one of the source that holds most."""
        if self._ports[newcomer.port] >= self._reserved:
            candidates = [one for one in self._taken if self._exceeds(one.port) or one.port == newcomer.port]
        else:
            candidates = [one for one in self._taken if self._exceeds(one.port)]
        if not candidates:
            return None
        most = max(map(self._weight, candidates))
        if self._sources[newcomer.source] and most <= self._weight(newcomer) + 1:
            return None
        return min((one for one in candidates if self._weight(one) == most), key=lambda one: one.active_at())

    def _exceeds(self, port: str) -> bool:
        return self._ports[port] > self._reserved

    def _weight(self, place: Place) -> float:
        return self._sources[place.source] + self._prefixes[place.prefix] * _PREFIX_WEIGHT
