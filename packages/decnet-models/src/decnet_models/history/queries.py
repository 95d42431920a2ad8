# SPDX-License-Identifier: MIT
"""Queries of the counts by hour. Hours are counted from the Unix epoch; `first` is included, `end` is not."""

from collections.abc import Collection, Iterable, Iterator
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, delete, func, literal_column, select

from decnet_models.database.rows.row_select import RowSelect
from decnet_models.database.statements import parts
from decnet_models.history.counts import REST, SORTS
from decnet_models.history.source_set import unpacked
from decnet_models.history.tables import hourly_attacker, hourly_count, hourly_value

_C = hourly_attacker.c
_SPACE: Any = literal_column("' '")  # a str would need values of all parameters when the statement is compiled
_ACTIVE = RowSelect(
    lambda _: select(func.aggregate_strings(_C.attacker, _SPACE)).where(
        _C.hour >= bindparam("first"), _C.hour < bindparam("end")
    )
)
"""One text of all addresses: to make a row of each takes the driver longer than all the rest."""
_HOURS_READ = 2
"""Hours whose addresses are in memory as a text: to have the database sort them apart takes longer than a set."""


class PlaceCount(NamedTuple):
    """Events of a kind at a decky in an hour, and log-ins among them that were let in."""

    hour: int
    kind: str
    decky: str
    events: int
    accepted: int


class ValueCount(NamedTuple):
    """How often a value was sent and let in."""

    digest: int
    times: int
    accepted: int


class ValueUse(NamedTuple):
    """A value of an hour with the set of the addresses that sent it."""

    digest: int
    value: str
    secret: str | None
    sources: set[int]


def place_counts(connection: Connection, first: int, end: int) -> list[PlaceCount]:
    """Return the counts of events."""
    c = hourly_count.c
    rows = connection.execute(select(hourly_count).where(c.hour >= first, c.hour < end))
    return [PlaceCount(*row) for row in rows]


def events_by_decky(connection: Connection, first: int, end: int) -> dict[str, int]:
    """Return the attackers' events at each decky in whole hours from `first` to before `end`, as far as counted."""
    c = hourly_count.c
    query = select(c.decky, func.sum(c.events)).where(c.hour >= first, c.hour < end, c.decky != "").group_by(c.decky)
    return {decky: int(events) for decky, events in connection.execute(query.order_by(c.decky))}


def attackers_in(connection: Connection, first: int, end: int) -> set[str]:
    """Return the addresses that were active, read a few hours at a time."""
    found: set[str] = set()
    for hour in range(first, end, _HOURS_READ):
        ((addresses,),) = _ACTIVE.rows(connection, first=hour, end=min(end, hour + _HOURS_READ))
        found.update((addresses or "").split())
    return found


def most_sent(connection: Connection, what: str, first: int, end: int, limit: int) -> list[ValueCount]:
    """Return the values that were sent most often."""
    c = hourly_value.c
    times = func.sum(c.times)
    query = select(c.digest, times, func.sum(c.accepted)).where(c.what == what, c.hour >= first, c.hour < end)
    query = query.where(c.digest != REST).group_by(c.digest).order_by(times.desc(), c.digest).limit(limit)
    return [ValueCount(*map(int, row)) for row in connection.execute(query)]


def sent(connection: Connection, what: str, hours: Iterable[int], digests: Collection[int]) -> list[ValueCount]:
    """Return how often these values were sent."""
    c = hourly_value.c
    query = select(c.digest, func.sum(c.times), func.sum(c.accepted)).where(c.what == what).group_by(c.digest)
    return _summed(
        ValueCount(*map(int, row))
        for some in parts(hours)
        for part in parts(digests)
        for row in connection.execute(query.where(c.hour.in_(some), c.digest.in_(part)))
    )


def uses_of(connection: Connection, what: str, hours: Iterable[int], digests: Collection[int]) -> list[ValueUse]:
    """Return, hour by hour, these values and who sent them."""
    c = hourly_value.c
    query = select(c.digest, c.value, c.secret, c.sources).where(c.what == what)
    return [
        ValueUse(digest, value, secret, unpacked(sources))
        for some in parts(hours)
        for part in parts(digests)
        for digest, value, secret, sources in connection.execute(query.where(c.hour.in_(some), c.digest.in_(part)))
    ]


def not_kept(connection: Connection, hours: Iterable[int]) -> int:
    """Return how often values were sent that were too many to be kept."""
    c = hourly_value.c
    query = select(func.sum(c.times)).where(c.what.in_(SORTS), c.digest == REST)
    return sum(int(connection.execute(query.where(c.hour.in_(some))).scalar() or 0) for some in parts(hours))


def hours_between(connection: Connection, first: int, end: int) -> tuple[int, int]:
    """Return the part of a span of hours in which there are counts; an empty one when there are none."""
    c = hourly_count.c
    within = (c.hour >= first) & (c.hour < end)
    earliest, latest = (connection.execute(select(one(c.hour)).where(within)).scalar() for one in (func.min, func.max))
    return (0, 0) if earliest is None or latest is None else (earliest, latest + 1)


def forget_before(connection: Connection, hour: int, limit: int) -> int:
    """Delete counts of hours before this one, of up to `limit` hours; return how many rows."""
    oldest = connection.execute(select(func.min(hourly_count.c.hour))).scalar()
    if oldest is None or oldest >= hour:
        return 0
    end = min(hour, oldest + limit)
    values = delete(hourly_value).where(hourly_value.c.what.in_(SORTS), hourly_value.c.hour < end)
    counts = (delete(one).where(one.c.hour < end) for one in (hourly_count, hourly_attacker))
    return sum(connection.execute(one).rowcount for one in (values, *counts))


def _summed(counts: Iterator[ValueCount]) -> list[ValueCount]:
    sums: dict[int, ValueCount] = {}
    for one in counts:
        old = sums.get(one.digest, ValueCount(one.digest, 0, 0))
        sums[one.digest] = ValueCount(one.digest, old.times + one.times, old.accepted + one.accepted)
    return list(sums.values())
