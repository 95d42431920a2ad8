# SPDX-License-Identifier: MIT
"""Pages of the event log for a query, newest or oldest first, each for a bounded amount of work.

What no index has (a decky, a sensor, a port, a network, what is excluded) is filtered on the way. A page for which
more than MOST_LOOKED_AT rows would have to be looked at ends early, with fewer events and the place to go on from; so
nobody waits for a walk over the whole log, and who wants to goes on walking.

Without a span of time the order is that of the log (`seq`), which is that of arrival; with one it is that of the
events' own times, since that is what the index of times has.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any, TypeAlias, TypeVar

import msgspec
from sqlalchemy import Connection

from decnet.history.language import EventQuery
from decnet.history.stretches import Position, Stretch, merged, stretch_of, stretch_within
from decnet.history.tally import WORKER
from decnet_core.events.codec import BadEventError
from decnet_core.net.addresses import parse_address
from decnet_models.database.rows.keyset import Direction
from decnet_models.events.queries import StoredEvent, stored
from decnet_models.events.walking import Place, places_of, rows_of
from decnet_models.history import index
from decnet_models.history.words import texts, words_in
from decnet_models.known.matching import KnownSources
from decnet_models.progress.queries import cursor_of

log = logging.getLogger(__name__)

MOST_LOOKED_AT = 50_000
"""Rows for one page, of which the database compares what is not indexed; about 50 ms."""
MOST_READ = 2_000
"""Events with their payloads that are searched for texts for one page."""
_FEWEST, _MOST = 50, 20_000
"""Rows of one stretch: it begins with few, which are enough when most fit."""
_SHOWN = 10
"""Rows of the first stretch at least where there is no condition, and most are shown."""
_CHUNKS = 16
_MERGED = 8
"""Values of the driving field whose rows are merged; of more it is less work to look at all rows."""
_SHORT = 3
"""Words that are shorter are not looked up when there are longer ones: half of all events have them."""


T = TypeVar("T")

KnownRows: TypeAlias = Callable[[Sequence[tuple[int, Any]]], Sequence[T | None]]


class Found(msgspec.Struct, frozen=True):
    """A page of events and where the next begins; None: there is no more."""

    events: list[StoredEvent]
    next: Position | None


def page(
    connection: Connection,
    query: EventQuery,
    known: KnownSources,
    limit: int,
    after: Position | None = None,
    *,
    direction: Direction = "desc",
) -> Found:
    """Return the next `limit` events that fit; events of `known` sources are left out."""
    return Found(*page_of(connection, query, known, limit, after, direction=direction, make=stored))


def page_of(
    connection: Connection,
    query: EventQuery,
    known: KnownSources,
    limit: int,
    after: Position | None,
    *,
    direction: Direction = "desc",
    make: Callable[[Sequence[Any]], T],
    known_rows: KnownRows[T] | None = None,
) -> tuple[list[T], Position | None]:
    """Return what `make` makes of the rows of those events, and where the next page begins.

    A row for which it raises BadEventError is left out. `known_rows([(seq, id), ...])` returns what it made of each
    before, None where that is not known.
    """
    fits, taken, looked_at, read = _filter(query, known), list[T](), 0, 0
    wanted = (*query.texts, *query.excluded_texts)
    for part in _stretches(connection, query, limit, after, direction):
        looked_at += part.rows
        chosen = [one for one in part.fitting if fits(one)]
        for start in range(0, len(chosen), limit):
            some = chosen[start : start + limit]
            read += len(some) if wanted else 0
            for one, made in _made(connection, part, some, query, make=make, known_rows=known_rows):
                taken.append(made)
                if len(taken) == limit:
                    return taken, (one.ts, one.seq)
        if part.end is None or looked_at >= MOST_LOOKED_AT or read >= MOST_READ:
            return taken, part.end
    return taken, None


def _made(
    connection: Connection,
    part: Stretch,
    places: Sequence[Place],
    query: EventQuery,
    *,
    make: Callable[[Sequence[Any]], T],
    known_rows: KnownRows[T] | None,
) -> Iterator[tuple[Place, T]]:
    """Yield what is made of those rows that say what the query asks for."""
    wanted = query.texts or query.excluded_texts
    kept: Sequence[T | None] = [None] * len(places)
    if known_rows is not None and not wanted:
        kept = known_rows([(one.seq, one.id) for one in places])
    rows = part.events or rows_of(connection, (one.seq for one, made in zip(places, kept, strict=True) if made is None))
    for place, made in zip(places, kept, strict=True):
        if made is not None:
            yield place, made
            continue
        row = rows.get(place.seq)
        if row is None:
            continue
        try:
            if not wanted or _says(stored(row), query):
                yield place, make(row)
        except BadEventError as error:
            log.warning("event skipped seq=%d error=%s", place.seq, error)


def _filter(query: EventQuery, known: KnownSources) -> Callable[[Place], bool]:
    conditions = [(_TESTS[one.field], one.wanted, one.excluded) for one in query.conditions]
    since, until, synthetic, anybody = query.window.since, query.window.until, query.synthetic, bool(known)

    def fits(place: Place) -> bool:
        if (place.synthetic and not synthetic) or not since <= place.ts < until:
            return False
        if conditions and any(test(place, wanted) == excluded for test, wanted, excluded in conditions):
            return False
        return not anybody or known.covering(place.src_ip, place.dst_port, place.kind, place.ts) is None

    return fits


def _in_network(place: Place, networks: Sequence[object]) -> bool:
    address = _address(place.src_ip or "")
    return address is not None and any(address in network for network in networks)  # type: ignore[operator]  # networks


_address = lru_cache(4096)(parse_address)


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


def _stretches(
    connection: Connection, query: EventQuery, limit: int, after: Position | None, direction: Direction
) -> Iterator[Stretch]:
    """Yield parts of the log, in order, by the index that leaves out most."""
    addresses = [str(one.network_address) for one in query.only("src") if one.prefixlen == one.max_prefixlen]
    sources = addresses if len(addresses) == len(query.only("src")) else []
    drivers = (("session", query.only("session")), ("src_ip", sources), ("kind", query.only("kind")))
    column, values = next(((name, some) for name, some in drivers if 0 < len(some) <= _MERGED), ("", ()))
    if query.texts and column != "session":
        yield from (_with_words if direction == "desc" else _oldest_with_words)(connection, query, after)
    elif query.window.bounded and column in ("", "kind"):
        yield from _walk(
            lambda rows, at: stretch_within(connection, rows, query, at, direction=direction), limit, after, _FEWEST
        )
    elif len(values) > 1:
        driven = (column, values)
        yield from _walk(
            lambda rows, at: merged(connection, rows, query, driven, at, direction=direction), limit, after, _FEWEST
        )
    else:
        driver = (column, values[0]) if values else None
        fewest = _FEWEST if query.conditions else _SHOWN
        yield from _walk(
            lambda rows, at: stretch_of(connection, rows, query, driver, at, direction=direction), limit, after, fewest
        )


def _walk(
    take: Callable[[int, Position | None], Stretch], limit: int, after: Position | None, fewest: int
) -> Iterator[Stretch]:
    rows = max(fewest, min(limit, _MOST))
    while True:
        part = take(rows, after)
        yield part
        if part.end is None:
            return
        after, rows = part.end, min(4 * rows, _MOST)


def _with_words(connection: Connection, query: EventQuery, after: Position | None) -> Iterator[Stretch]:
    """Yield rows that may contain the texts: those that the index does not have yet, then what it finds."""
    words, chunks, indexed = _index_for(connection, query)
    for part in _walk(
        lambda rows, at: stretch_of(connection, rows, query, None, at, direction="desc"), _FEWEST, after, _FEWEST
    ):
        new = [one for one in part.fitting if one.seq > indexed]
        if indexed and (part.end is None or part.end[1] <= indexed):
            yield Stretch(new, part.rows, (0, indexed + 1))
            break
        yield Stretch(new, part.rows, part.end)
    if indexed:
        yield from _indexed(connection, words, chunks, indexed if after is None else min(indexed, after[1] - 1))


def _oldest_with_words(connection: Connection, query: EventQuery, after: Position | None) -> Iterator[Stretch]:
    """Yield the same rows, oldest first: what the index finds, then those that it does not have yet."""
    words, chunks, indexed = _index_for(connection, query)
    if indexed and (after is None or after[1] < indexed):
        yield from _indexed_upwards(connection, words, chunks, (0 if after is None else after[1], indexed))
        after = (0, indexed)
    yield from _walk(
        lambda rows, at: stretch_of(connection, rows, query, None, at, direction="asc"), _FEWEST, after, _FEWEST
    )


def _index_for(connection: Connection, query: EventQuery) -> tuple[list[str], range, int]:
    """Return the words to look up, the chunks of the index, and up to which event it has all; 0: it is of no use."""
    words, chunks = _looked_up(query.texts), index.chunks(connection)
    usable = words and chunks and not query.synthetic  # of synthetic events there is no index
    return words, chunks, cursor_of(connection, WORKER) if usable else 0


def _indexed_upwards(
    connection: Connection, words: Sequence[str], chunks: range, between: tuple[int, int]
) -> Iterator[Stretch]:
    """Yield the rows above the first number, up to the second, that the index finds."""
    lowest, highest = between
    start = max(0, (lowest + 1) // index.CHUNK - chunks.start)
    while start < len(chunks):
        some_chunks = chunks[start : start + _CHUNKS]
        above = min(highest, (some_chunks[-1] + 1) * index.CHUNK - 1)
        found = index.events_with(connection, words, some_chunks)
        seqs = [seq for seq in reversed(found) if lowest < seq <= highest]
        yield from _in_parts(connection, seqs, above, direction="asc")
        start += _CHUNKS


def _indexed(connection: Connection, words: Sequence[str], chunks: range, highest: int) -> Iterator[Stretch]:
    """Yield the rows up to `highest` that the index finds."""
    end = min(len(chunks), max(0, highest // index.CHUNK + 1 - chunks.start))
    while end > 0:
        start = max(0, end - _CHUNKS)
        below = chunks[start] * index.CHUNK
        seqs = [seq for seq in index.events_with(connection, words, chunks[start:end]) if seq <= highest]
        yield from _in_parts(connection, seqs, below, direction="desc")
        end = start
    yield Stretch([], 0, None)


def _in_parts(connection: Connection, seqs: Sequence[int], end: int, *, direction: Direction) -> Iterator[Stretch]:
    """Yield these rows, which are in the direction's order, in parts of which the last goes to `end`."""
    for first in range(0, len(seqs), _FEWEST):
        some = seqs[first : first + _FEWEST]
        last = some[-1] if first + _FEWEST < len(seqs) else end
        places = places_of(connection, some)
        yield Stretch(places if direction == "desc" else places[::-1], len(some), (0, last))
    if not seqs:
        yield Stretch([], 0, (0, end))


def _looked_up(texts: Sequence[str]) -> list[str]:
    words = [word for text in texts for word in words_in(text)]
    return [word for word in words if len(word) >= _SHORT]
