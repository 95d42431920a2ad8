# SPDX-License-Identifier: MIT
"""Pages of the event log for a query, newest first, each for a bounded amount of work.

What no index has (a decky, a sensor, a port, a network, what is excluded) is filtered on the way. A page for which
more than MOST_LOOKED_AT rows would have to be looked at ends early, with fewer events and the place to go on from; so
nobody waits for a walk over the whole log, and who wants to goes on walking.

Without a span of time the order is that of the log (`seq`), which is that of arrival; with one it is that of the
events' own times, since that is what the index of times has.
"""

import heapq
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

import msgspec
from sqlalchemy import Connection

from decnet.history.language import EventQuery
from decnet.history.tally import WORKER
from decnet_core.net.addresses import parse_address
from decnet_models.database.window import Window
from decnet_models.events.queries import StoredEvent
from decnet_models.events.walking import Place, events_of, places, places_of, places_within
from decnet_models.history import index
from decnet_models.history.words import texts, words_in
from decnet_models.known.matching import KnownSources
from decnet_models.progress.queries import cursor_of

MOST_LOOKED_AT = 20_000
"""Rows for one page without their payloads; about 50 ms."""
MOST_READ = 2_000
"""Events with their payloads that are searched for texts for one page."""
_FEWEST, _MOST = 50, 5_000
"""Rows of one statement: it begins with few, which are enough when most fit."""
_CHUNKS = 16
_MERGED = 8
"""Kinds whose rows are merged; of more it is less work to look at all rows."""

Position = tuple[int, int]
"""Time and `seq` of the last row that was looked at."""


class Found(msgspec.Struct, frozen=True):
    """A page of events, newest first, and where the next begins; None: there is no more."""

    events: list[StoredEvent]
    next: Position | None


def page(
    connection: Connection, query: EventQuery, known: KnownSources, limit: int, after: Position | None = None
) -> Found:
    """Return the next `limit` events that fit; events of `known` sources are left out."""
    fits, taken, looked_at, read = _filter(query, known), list[StoredEvent](), 0, 0
    wanted = (*query.texts, *query.excluded_texts)
    for batch in _batches(connection, query, limit, after):
        looked_at += len(batch)
        chosen = [one for one in batch if fits(one)]
        for start in range(0, len(chosen), limit):
            some = chosen[start : start + limit]
            events = events_of(connection, (one.seq for one in some))
            read += len(some) if wanted else 0
            for one in some:
                event = events.get(one.seq)
                if event is not None and (not wanted or _says(event, query)):
                    taken.append(event)
                    if len(taken) == limit:
                        return Found(taken, (one.ts, one.seq))
        if looked_at >= MOST_LOOKED_AT or read >= MOST_READ:
            return Found(taken, (batch[-1].ts, batch[-1].seq))
    return Found(taken, None)


def _filter(query: EventQuery, known: KnownSources) -> Callable[[Place], bool]:
    conditions = [(_TESTS[one.field], one.wanted, one.excluded) for one in query.conditions]
    since, until, synthetic = query.window.since, query.window.until, query.synthetic

    def fits(place: Place) -> bool:
        if (place.synthetic and not synthetic) or not since <= place.ts < until:
            return False
        if any(test(place, wanted) == excluded for test, wanted, excluded in conditions):
            return False
        return known.covering(place.src_ip, place.dst_port, place.kind, place.ts) is None

    return fits


def _in_network(place: Place, networks: Sequence[object]) -> bool:
    address = parse_address(place.src_ip or "")
    return address is not None and any(address in network for network in networks)  # type: ignore[operator]  # networks


_TESTS: dict[str, Callable[[Place, Sequence[object]], bool]] = {
    "kind": lambda place, wanted: place.kind in wanted,
    "src": _in_network,
    "decky": lambda place, wanted: place.decky in wanted,
    "session": lambda place, wanted: place.session in wanted,
    "sensor": lambda place, wanted: place.sensor in wanted,
    "port": lambda place, wanted: place.dst_port in wanted,
}


def _says(stored: StoredEvent, query: EventQuery) -> bool:
    text = "\n".join(texts(stored.event)).casefold()
    return all(one in text for one in query.texts) and not any(one in text for one in query.excluded_texts)


def _batches(
    connection: Connection, query: EventQuery, limit: int, after: Position | None
) -> Iterator[Sequence[Place]]:
    """Yield rows, newest first, by the index that leaves out most."""
    before = None if after is None else after[1]
    addresses = [str(one.network_address) for one in query.only("src") if one.prefixlen == one.max_prefixlen]
    sources = addresses if len(addresses) == len(query.only("src")) else []
    for field, values in (("session", query.only("session")), ("attacker", sources)):
        if values:
            return _merged(connection, field, values, limit, before)
    if query.texts:
        return _with_words(connection, query.texts, before)
    if query.window.bounded:
        return _within(connection, query.window, limit, after)
    kinds = query.only("kind")
    return _merged(connection, "kind", kinds if len(kinds) <= _MERGED else (), limit, before)


def _merged(
    connection: Connection, field: str, values: Sequence[str], limit: int, before: int | None
) -> Iterator[Sequence[Place]]:
    """Yield the rows that have one of these values, without any all rows."""
    walks = [_walk(connection, {field: value}, limit, before) for value in values] or [
        _walk(connection, {}, limit, before)
    ]
    if len(walks) == 1:
        yield from walks[0]
        return
    merged = heapq.merge(*(_flat(walk) for walk in walks), key=lambda one: -one.seq)
    while batch := list(islice(merged, _FEWEST)):
        yield batch


def _flat(batches: Iterator[Sequence[Place]]) -> Iterator[Place]:
    for batch in batches:
        yield from batch


def _walk(
    connection: Connection, condition: dict[str, str], limit: int, before: int | None
) -> Iterator[Sequence[Place]]:
    for size in _sizes(limit):
        batch = places(connection, size, before=before, **condition)
        if batch:
            yield batch
            before = batch[-1].seq
        if len(batch) < size:
            return


def _within(connection: Connection, window: Window, limit: int, after: Position | None) -> Iterator[Sequence[Place]]:
    for size in _sizes(limit):
        batch = places_within(connection, window, size, before=after)
        if batch:
            yield batch
            after = (batch[-1].ts, batch[-1].seq)
        if len(batch) < size:
            return


def _sizes(limit: int) -> Iterator[int]:
    size = max(_FEWEST, min(limit, _MOST))
    while True:
        yield size
        size = min(4 * size, _MOST)


def _with_words(connection: Connection, wanted: Sequence[str], before: int | None) -> Iterator[Sequence[Place]]:
    """Yield rows that may contain the texts: those that the index does not have yet, then what it finds."""
    chunks = index.chunks(connection)
    indexed = cursor_of(connection, WORKER) if chunks else 0
    for batch in _walk(connection, {}, _FEWEST, before):
        if new := [one for one in batch if one.seq > indexed]:
            yield new
        if batch[-1].seq <= indexed:
            break
    words = [word for text in wanted for word in words_in(text)]
    end = len(chunks) if before is None else min(len(chunks), max(0, before // index.CHUNK + 1 - chunks.start))
    highest = indexed if before is None else min(indexed, before - 1)
    while end > 0:
        start = max(0, end - _CHUNKS)
        seqs = [seq for seq in index.events_with(connection, words, chunks[start:end]) if seq <= highest]
        for first in range(0, len(seqs), _FEWEST):
            if batch := places_of(connection, seqs[first : first + _FEWEST]):
                yield batch
        end = start
