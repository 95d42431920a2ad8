# SPDX-License-Identifier: MIT
"""Which events come from a known source.

Asked of every event that a worker handles, so an address is compared with all networks once, not once per event.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

from sqlalchemy import Connection

from decnet_core.events.envelope import Event
from decnet_core.net.addresses import parse_address, parse_network
from decnet_models.known.queries import KnownSource, Stamp, known_sources, stamp

_ADDRESSES = 4096
"""Addresses whose entries are remembered; an attacker may come from any number."""


class KnownSources:
    """The known sources at one time."""

    def __init__(self, sources: Iterable[KnownSource] = ()) -> None:
        self._networks = [(parse_network(one.network), one) for one in sources]
        self._at: Callable[[str], Sequence[KnownSource]] = self._covering
        if self._networks:  # to make the cache takes as long as a short query
            self._at = lru_cache(_ADDRESSES)(self._covering)

    def __bool__(self) -> bool:
        return bool(self._networks)

    def match(self, event: Event) -> KnownSource | None:
        """Return the first entry that covers the event."""
        if not self._networks:
            return None
        return self.covering(event.src_ip, event.dst_port, event.kind, event.ts)

    def covering(self, address: str | None, port: int | None, kind: str, ts: int) -> KnownSource | None:
        """Return the first entry that covers an event with these values."""
        if not self._networks or address is None:
            return None
        return next((one for one in self._at(address) if _covers(one, port, kind, ts)), None)

    def address(self, address: str) -> KnownSource | None:
        """Return the first entry by which everything from the address is known, at whatever time."""
        whole = (one for one in self._at(address) if one.port is None and one.kind is None and one.until is None)
        return next(whole, None)

    def _covering(self, text: str) -> Sequence[KnownSource]:
        address = parse_address(text)
        if address is None:
            return ()
        return [one for network, one in self._networks if address in network]


class KnownSourcesCache:
    """The known sources as they are in the database, read again when they have changed."""

    def __init__(self) -> None:
        self._stamp = Stamp(0, 0)
        self._sources = KnownSources()

    def current(self, connection: Connection) -> KnownSources:
        if (now := stamp(connection)) != self._stamp:
            self._sources, self._stamp = KnownSources(known_sources(connection)), now
        return self._sources


def _covers(source: KnownSource, port: int | None, kind: str, ts: int) -> bool:
    return source.port in (None, port) and source.kind in (None, kind) and (source.until is None or ts < source.until)
