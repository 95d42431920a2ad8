# SPDX-License-Identifier: MIT
"""What the events of a span of time sum up to. Events that stand for several are counted as many times.

Whole hours that the worker history has counted come from its rows. The rest of the span, which is at most two hours and
what is newer than the worker's position, is counted from the event log. So the result is what the log alone would say.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec
from sqlalchemy import Connection

from decnet_core.events.codec import BadEventError, decode_payload
from decnet_core.net.addresses import canonical
from decnet_core.timing.durations import HOUR_NS
from decnet_models.database.window import Window
from decnet_models.events.queries import Occurred, occurred, occurred_after
from decnet_models.history import queries
from decnet_models.history.counts import Counted, Counts, Use, Value, counted, digest_of
from decnet_models.history.source_set import size, united
from decnet_models.known.matching import KnownSources
from decnet_models.known.queries import known_sources
from decnet_models.progress.queries import cursor_of

WORKER = "history"

_PAGE = 5000
_REMEMBERED = 20_000
"""Payloads of which is remembered what they add; an attacker can send any number of different ones."""
_CANDIDATES = 1000
"""Values of the hours, and as many of the log, among which those that were sent most often are sought."""


class Ranked(msgspec.Struct, frozen=True):
    """A value with how often it was sent and let in, and by how many addresses."""

    value: Value
    times: int
    accepted: int
    attackers: int


class Hours(msgspec.Struct, frozen=True):
    """Whole hours that are counted, from `first` to before `end`, by events up to row `through`."""

    first: int
    end: int
    through: int

    @property
    def each(self) -> range:
        return range(self.first, self.end)

    @property
    def window(self) -> Window:
        return Window(self.first * HOUR_NS, self.end * HOUR_NS)


class Tally:
    """Counts of events from attackers; synthetic ones and those of known sources are left out."""

    def __init__(self, connection: Connection, hours: Hours) -> None:
        self._connection = connection
        self._hours = hours
        self._uses: dict[Value, Use] = {}
        self.kinds: Counter[str] = Counter()
        self.deckies: Counter[str] = Counter()
        self.hours: Counter[int] = Counter()
        """Events by hour, in hours since the Unix epoch."""
        self.accepted_logins = 0
        self.attackers = queries.attackers_in(connection, hours.first, hours.end)
        self.not_counted = queries.not_kept(connection, hours.each)
        """Occurrences of values that came when there were too many different ones in an hour."""
        for one in queries.place_counts(connection, hours.first, hours.end):
            self._add_place(one.hour, one.kind, one.decky, one.events, one.accepted)

    @property
    def events(self) -> int:
        return self.kinds.total()

    def add(self, counts: Counts) -> None:
        """Add what was counted from the log."""
        for place, one in counts.places.items():
            self._add_place(*place, one.events, one.accepted)
        self.attackers.update(attacker for _, attacker in counts.attackers)
        for (_, value), use in counts.values.items():
            sum_ = self._uses.setdefault(value, Use())
            sum_.times += use.times
            sum_.accepted += use.accepted
            sum_.sources |= use.sources

    def most_sent(self, what: str, limit: int) -> list[Ranked]:
        """Return the values of a sort that were sent most often."""
        values = {digest_of(value): value for value in self._uses if value.what == what}
        sums = {digest: (self._uses[value].times, self._uses[value].accepted) for digest, value in values.items()}
        for one in self._counted(what, sums, max(_CANDIDATES, 2 * limit)):
            times, accepted = sums.get(one.digest, (0, 0))
            sums[one.digest] = (times + one.times, accepted + one.accepted)
        best = sorted(sums, key=lambda digest: (-sums[digest][0], digest))[:limit]
        return sorted(self._ranked(what, best, values, sums), key=_order)

    def _counted(self, what: str, sums: Iterable[int], limit: int) -> Iterator[queries.ValueCount]:
        """Yield the counts in the hours of those that were sent most often, and of the candidates of the log."""
        first, end = self._hours.first, self._hours.end
        most = queries.most_sent(self._connection, what, first, end, limit)
        yield from most
        found = {one.digest for one in most}
        if len(most) == limit:
            rest = [digest for digest in sums if digest not in found][:limit]
            yield from queries.sent(self._connection, what, self._hours.each, rest)

    def _ranked(
        self, what: str, best: list[int], values: dict[int, Value], sums: dict[int, tuple[int, int]]
    ) -> Iterator[Ranked]:
        sources = {digest: self._uses[values[digest]].sources for digest in best if digest in values}
        for one in queries.uses_of(self._connection, what, self._hours.each, best):
            values.setdefault(one.digest, Value(what, one.value, one.secret))
            sources[one.digest] = united(sources.get(one.digest, ()), one.sources)
        for digest in best:
            yield Ranked(values[digest], *sums[digest], size(sources[digest]))

    def _add_place(self, hour: int, kind: str, decky: str, events: int, accepted: int) -> None:
        self.kinds[kind] += events
        self.hours[hour] += events
        self.accepted_logins += accepted
        if decky:
            self.deckies[decky] += events


def _order(one: Ranked) -> tuple[int, str, str]:
    return -one.times, one.value.text, one.value.secret or ""


def tally_of(connection: Connection, window: Window) -> Tally:
    """Return what the events of a span of time sum up to."""
    hours = _counted_hours(connection, window)
    tally = Tally(connection, hours)
    tally.add(_counts(connection, _uncounted(connection, window, hours)))
    return tally


def _counted_hours(connection: Connection, window: Window) -> Hours:
    through = cursor_of(connection, WORKER)
    first, end = queries.hours_between(connection, -(-window.since // HOUR_NS), window.until // HOUR_NS)
    return Hours(first, end, through)


def _uncounted(connection: Connection, window: Window, hours: Hours) -> Iterator[Occurred]:
    """Yield the events of the span that the hours do not count."""
    seq = hours.through
    while page := occurred_after(connection, seq, _PAGE):
        yield from (one for one in page if window.since <= one.ts < window.until)
        seq = page[-1].seq
    for edge in _edges(window, hours):
        last: Occurred | None = None
        while page := occurred(connection, edge, _PAGE, through_seq=hours.through, after=last):
            yield from page
            last = page[-1]


def _edges(window: Window, hours: Hours) -> Iterator[Window]:
    counted = hours.window
    if hours.first == hours.end:
        yield window
        return
    for edge in (Window(window.since, counted.since), Window(counted.until, window.until)):
        if edge.since < edge.until:
            yield edge


def _counts(connection: Connection, events: Iterable[Occurred]) -> Counts:
    counts, known, seen = Counts(), KnownSources(known_sources(connection)), _Seen()
    for one in events:
        address = seen.address(one.src_ip or "")
        if address is None or known.covering(address, one.dst_port, one.kind, one.ts):
            continue
        what = seen.counted(one.payload)
        if what is not None:
            counts.add_counted(one.ts // HOUR_NS, (one.kind, one.decky or ""), address, what)
    return counts


class _Seen:
    """What was read of addresses and payloads: those who guess passwords send the same ones again and again."""

    def __init__(self) -> None:
        self._addresses: dict[str, str | None] = {}
        self._counted: dict[str, Counted | None] = {}

    def address(self, text: str) -> str | None:
        try:
            return self._addresses[text]
        except KeyError:
            found = self._addresses[text] = canonical(text)
            return found

    def counted(self, payload: str) -> Counted | None:
        """Return what is counted of an event with this payload; None when it is no attacker's, or cannot be read."""
        try:
            return self._counted[payload]
        except KeyError:
            if len(self._counted) >= _REMEMBERED:
                self._counted.clear()
            found = self._counted[payload] = _counted(payload)
            return found


def _counted(text: str) -> Counted | None:
    try:
        payload = decode_payload(text)
    except BadEventError:
        return None
    return counted(payload) if payload.from_attacker else None
