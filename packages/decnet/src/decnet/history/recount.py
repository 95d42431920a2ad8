# SPDX-License-Identifier: MIT
"""What events of the log add to a tally, read again because no row of the counts by hour has them.

An hour of a busy day has tens of thousands of them, and somebody waits. Those who guess passwords and scan send the
same payloads again and again, so a payload is decoded once, and its values are looked up once for all such events.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence

import msgspec

from decnet_core.events.codec import BadEventError, decode_payload
from decnet_core.net.addresses import canonical
from decnet_core.timing.durations import HOUR_NS
from decnet_models.events.queries import Occurred
from decnet_models.history.counts import Counted, Use, Value, counted
from decnet_models.history.queries import PlaceCount
from decnet_models.history.source_set import member
from decnet_models.known.matching import KnownSources

_REMEMBERED = 100_000
"""Events between two times of adding up what their payloads add."""


class _Alike(msgspec.Struct, gc=False):
    """Events with the same payload: what each adds, and for each its source."""

    events: int
    accepted: int
    values: tuple[tuple[Value, int, int], ...]
    sources: list[str]


class Recount:
    """Counts of events from attackers; synthetic ones and those of known sources are left out."""

    def __init__(self, known: KnownSources) -> None:
        self._known = known
        self._addresses: dict[str | None, str | None] = {}
        self._alike: dict[str, _Alike | None] = {}
        self._places: defaultdict[tuple[int, str, str | None, int, int], int] = defaultdict(int)
        """Events at a place of which each adds so many events and accepted log-ins."""
        self._attackers: set[str] = set()
        self._uses: dict[Value, Use] = {}
        self._events = 0
        """Events that are not added up."""

    def add(self, events: Sequence[Occurred]) -> None:
        covering = self._known.covering if self._known else None
        addresses, same, places = self._addresses, self._alike, self._places
        for _, ts, kind, decky, src_ip, port, payload in events:
            try:
                address, alike = addresses[src_ip], same[payload]
            except KeyError:
                address, alike = self._address(src_ip), self._read(payload)
            if address is None or alike is None or (covering is not None and covering(address, port, kind, ts)):
                continue
            alike.sources.append(address)
            places[ts // HOUR_NS, kind, decky, alike.events, alike.accepted] += 1
        self._events += len(events)
        if self._events >= _REMEMBERED:
            self._add_up()

    def places(self) -> Iterator[PlaceCount]:
        for (hour, kind, decky, events, accepted), times in self._places.items():
            yield PlaceCount(hour, kind, decky or "", times * events, times * accepted)

    def sent(self) -> tuple[set[str], dict[Value, Use]]:
        """Return who came, and what they sent, how often and by whom."""
        self._add_up()
        return self._attackers, self._uses

    def _address(self, text: str | None) -> str | None:
        if text not in self._addresses:
            self._addresses[text] = canonical(text or "")
        return self._addresses[text]

    def _read(self, payload: str) -> _Alike | None:
        """Return the events with a payload since adding up; None for one of ours or one that cannot be read."""
        if payload not in self._alike:
            what = _counted(payload)
            self._alike[payload] = None if what is None else _Alike(*what, [])
        return self._alike[payload]

    def _add_up(self) -> None:
        self._events, found = 0, [one for one in self._alike.values() if one is not None and one.sources]
        addresses = {address for alike in found for address in alike.sources}
        self._attackers |= addresses
        members = {address: member(address) for address in addresses}
        for alike in found:
            for value, times, accepted in alike.values:
                use = self._uses.get(value)
                if use is None:
                    use = self._uses[value] = Use()
                use.times += times * len(alike.sources)
                use.accepted += accepted * len(alike.sources)
                use.sources.update([members[address] for address in alike.sources])
        self._alike.clear()


def _counted(text: str) -> Counted | None:
    try:
        payload = decode_payload(text)
    except BadEventError:
        return None
    return counted(payload) if payload.from_attacker else None
