# SPDX-License-Identifier: MIT
"""What the events of a span of time sum up to. Events that stand for several are counted as many times.

Whole hours that the worker history has counted come from its rows, as does the last hour of a span that ends now. The
rest, which is at most two hours and what is newer than the worker's position, is counted from the event log. So the
result is what the log alone would say; what came from a source before that became known stays counted in the rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from heapq import nlargest
from itertools import chain

import msgspec
from sqlalchemy import Connection

from decnet.history.recount import Recount
from decnet_core.timing.durations import HOUR_NS
from decnet_models.database.window import ALWAYS_UNTIL, Window
from decnet_models.events.queries import Occurred, occurred, occurred_after
from decnet_models.history import queries
from decnet_models.history.counts import Value, digest_of
from decnet_models.history.source_set import size, united
from decnet_models.known.matching import KnownSources
from decnet_models.known.queries import known_sources
from decnet_models.progress.queries import cursor_of

WORKER = "history"

_PAGE = 5000
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
    """Counts of events from attackers; synthetic ones and those of known sources are left out.

    Of the hours only that is read which is asked for, through the snapshot of `connection`: who asks for values alone
    need not wait for the addresses of a day.
    """

    def __init__(self, connection: Connection, hours: Hours, recount: Recount) -> None:
        self._connection = connection
        self._hours = hours
        self._recount = recount
        self._attackers, self._uses = recount.sent()

    @cached_property
    def attackers(self) -> set[str]:
        found = queries.attackers_in(self._connection, self._hours.first, self._hours.end)
        found |= self._attackers
        return found

    @cached_property
    def not_counted(self) -> int:
        """Occurrences of values that came when there were too many different ones in an hour."""
        return queries.not_kept(self._connection, self._hours.each)

    @property
    def events(self) -> int:
        return self.kinds.total()

    @property
    def kinds(self) -> Counter[str]:
        return self._places.kinds

    @property
    def deckies(self) -> Counter[str]:
        return self._places.deckies

    @property
    def hours(self) -> Counter[int]:
        """Events by hour, in hours since the Unix epoch."""
        return self._places.hours

    @property
    def accepted_logins(self) -> int:
        return self._places.accepted_logins

    @cached_property
    def _places(self) -> _Places:
        counted = queries.place_counts(self._connection, self._hours.first, self._hours.end)
        return _Places(chain(counted, self._recount.places()))

    def most_sent(self, what: str, limit: int) -> list[Ranked]:
        """Return the values of a sort that were sent most often."""
        values = {digest_of(value): value for value in self._uses if value.what == what}
        sums = {digest: (self._uses[value].times, self._uses[value].accepted) for digest, value in values.items()}
        candidates = max(_CANDIDATES, 2 * limit)
        most = queries.most_sent(self._connection, what, self._hours.first, self._hours.end, candidates)
        _add(sums, most)
        if len(most) == candidates:
            rest = _candidates(sums, most, limit)[:candidates]
            _add(sums, queries.sent(self._connection, what, self._hours.each, rest))
        best = sorted(sums, key=lambda digest: (-sums[digest][0], digest))[:limit]
        return sorted(self._ranked(what, best, values, sums), key=_order)

    def _ranked(
        self, what: str, best: list[int], values: dict[int, Value], sums: dict[int, tuple[int, int]]
    ) -> Iterator[Ranked]:
        sources = {digest: [self._uses[values[digest]].sources] if digest in values else [] for digest in best}
        for one in queries.uses_of(self._connection, what, self._hours.each, best):
            values.setdefault(one.digest, Value(what, one.value, one.secret))
            sources[one.digest].append(one.sources)
        for digest in best:
            yield Ranked(values[digest], *sums[digest], size(united(*sources[digest])))


def _add(sums: dict[int, tuple[int, int]], counts: Iterable[queries.ValueCount]) -> None:
    for one in counts:
        times, accepted = sums.get(one.digest, (0, 0))
        sums[one.digest] = (times + one.times, accepted + one.accepted)


def _candidates(sums: Mapping[int, tuple[int, int]], most: Sequence[queries.ValueCount], limit: int) -> list[int]:
    """Return those of the log, not of `most`, that may be among the first `limit`, those sent most often first.

    None of them was sent in the hours more often than the last one of `most`.
    """
    found, beyond = {one.digest for one in most}, most[-1].times
    least = nlargest(limit, (times for times, _ in sums.values()))[-1]
    rest = [digest for digest, (times, _) in sums.items() if digest not in found and times + beyond >= least]
    return sorted(rest, key=lambda digest: (-sums[digest][0], digest))


class _Places:
    """Events by kind, decky and hour, and log-ins that were let in."""

    def __init__(self, counts: Iterable[queries.PlaceCount]) -> None:
        self.kinds: Counter[str] = Counter()
        self.deckies: Counter[str] = Counter()
        self.hours: Counter[int] = Counter()
        self.accepted_logins = 0
        for one in counts:
            self.kinds[one.kind] += one.events
            self.hours[one.hour] += one.events
            self.accepted_logins += one.accepted
            if one.decky:
                self.deckies[one.decky] += one.events


def _order(one: Ranked) -> tuple[int, str, str]:
    return -one.times, one.value.text, one.value.secret or ""


def tally_of(connection: Connection, window: Window) -> Tally:
    """Return what the events of a span of time sum up to."""
    hours = _counted_hours(connection, window)
    recount = Recount(KnownSources(known_sources(connection)))
    for page in _uncounted(connection, window, hours):
        recount.add(page)
    return Tally(connection, hours, recount)


def _counted_hours(connection: Connection, window: Window) -> Hours:
    through = cursor_of(connection, WORKER)
    last = window.until // HOUR_NS + _ends_with_its_last_hour(connection, window, through)
    first, end = queries.hours_between(connection, -(-window.since // HOUR_NS), last)
    return Hours(first, end, through)


def _ends_with_its_last_hour(connection: Connection, window: Window, through: int) -> bool:
    """Return whether no counted event of the hour in which the span ends is after the span, as until now none is.

    Then the hour's rows tell what the span has of it, as they do in the overview.
    """
    end = -(-window.until // HOUR_NS) * HOUR_NS
    if not window.until < end <= ALWAYS_UNTIL:
        return False
    return not occurred(connection, Window(window.until, end), 1, through_seq=through)


def _uncounted(connection: Connection, window: Window, hours: Hours) -> Iterator[Sequence[Occurred]]:
    """Yield, by the page, the events of the span that the hours do not count."""
    seq = hours.through
    while page := occurred_after(connection, seq, _PAGE):
        yield [one for one in page if window.since <= one[1] < window.until]
        seq = page[-1][0]
    for edge in _edges(window, hours):
        last: Occurred | None = None
        while page := occurred(connection, edge, _PAGE, through_seq=hours.through, after=last):
            yield page
            last = page[-1]


def _edges(window: Window, hours: Hours) -> Iterator[Window]:
    counted = hours.window
    if hours.first == hours.end:
        yield window
        return
    for edge in (Window(window.since, counted.since), Window(counted.until, window.until)):
        if edge.since < edge.until:
            yield edge
