# SPDX-License-Identifier: MIT
"""What is counted of events, and the rows of the counts by hour.

`Counts` adds up a batch of events for the worker history.
"""

from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, Insert, Table, func, select

from decnet_core.events.catalogue import CanaryHit, CommandRun, HttpRequest, LoginAttempt, Payload
from decnet_core.text import for_column
from decnet_core.timing.durations import HOUR_NS
from decnet_models.database.rows.row_insert import RowInsert
from decnet_models.database.statements import insert_into, parts
from decnet_models.history.source_set import member, packed, united, unpacked
from decnet_models.history.tables import hourly_attacker, hourly_count, hourly_value

LOGIN, COMMAND, REQUEST, TOKEN = SORTS = ("login", "command", "request", "token")
"""What is counted by its value."""

VALUES_KEPT = 10_000
"""Different values of one sort that are kept of an hour; an attacker can send any number."""
REST = 0
"""The digest under which the values beyond that are counted."""
_LENGTH = 1024

Place = tuple[int, str, str]
"""Hour, kind, decky."""


class Value(NamedTuple):
    """Something that attackers send: a command, a request, a token, or the user and secret of a log-in."""

    what: str
    text: str
    secret: str | None = None


class Use(msgspec.Struct):
    """How often a value was sent, let in, and the set of the addresses that sent it."""

    times: int = 0
    accepted: int = 0
    sources: set[int] = msgspec.field(default_factory=set)


class Sum(msgspec.Struct):
    """Events, and log-ins among them that were let in."""

    events: int = 0
    accepted: int = 0


class ValueRow(NamedTuple):
    """A row of the table `hourly_value`."""

    what: str
    hour: int
    digest: int
    value: str
    secret: str | None
    times: int
    accepted: int
    sources: bytes


class Counted(NamedTuple):
    """What an event adds to counts: events, log-ins let in, and each of its values with how often, and let in."""

    events: int
    accepted: int
    values: tuple[tuple[Value, int, int], ...] = ()


class Counts(msgspec.Struct):
    """Counts of events by hour, in hours since the Unix epoch."""

    places: dict[Place, Sum] = msgspec.field(default_factory=dict)
    attackers: dict[tuple[int, str], int] = msgspec.field(default_factory=dict)
    values: dict[tuple[int, Value], Use] = msgspec.field(default_factory=dict)

    def add(self, ts: int, kind: str, decky: str | None, address: str, payload: Payload) -> None:
        """Add an event; one that stands for several is counted as many times."""
        hour, what = ts // HOUR_NS, counted(payload)
        place = self.places.get((hour, kind, decky or ""))
        if place is None:
            place = self.places[hour, kind, decky or ""] = Sum()
        place.events += what.events
        place.accepted += what.accepted
        self.attackers[hour, address] = self.attackers.get((hour, address), 0) + what.events
        for value, times, accepted in what.values:
            self._use(hour, value, address, times, accepted)

    def _use(self, hour: int, value: Value, address: str, times: int, accepted: int) -> None:
        use = self.values.get((hour, value))
        if use is None:
            use = self.values[hour, value] = Use()
        use.times += times
        use.accepted += accepted
        use.sources.add(member(address))


def counted(payload: Payload) -> Counted:
    """Return what an event with this payload adds to counts."""
    if not isinstance(payload, _WITH_VALUE):
        return Counted(payload.occurrences, 0)
    if payload.repeats is not None:
        values = tuple((value_of(one), times, times * _let_in(one)) for one, times in payload.variants())
        return Counted(payload.occurrences, sum(accepted for _, _, accepted in values), values)
    accepted = _let_in(payload)
    return Counted(1, accepted, ((value_of(payload), 1, accepted),))


_WITH_VALUE = (LoginAttempt, CommandRun, HttpRequest, CanaryHit)


def _let_in(payload: Payload) -> int:
    return int(isinstance(payload, LoginAttempt) and payload.success)


def value_of(payload: LoginAttempt | CommandRun | HttpRequest | CanaryHit) -> Value:
    if isinstance(payload, LoginAttempt):
        secret = payload.password if payload.password is not None else payload.public_key
        return Value(LOGIN, _cut(payload.username), None if secret is None else _cut(secret))
    if isinstance(payload, CommandRun):
        return Value(COMMAND, _cut(payload.command))
    if isinstance(payload, HttpRequest):
        return Value(REQUEST, _cut(f"{payload.method} {payload.target}"))
    return Value(TOKEN, _cut(payload.token))


def digest_of(value: Value) -> int:
    """Return the value's digest, a signed 64-bit number, never REST."""
    text = f"{value.what}\0{value.text}\0{value.secret}" if value.secret is not None else f"{value.what}\0{value.text}"
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little", signed=True) or 1


_PLACES = RowInsert(
    hourly_count,
    ("hour", "kind", "decky", "events", "accepted"),
    lambda connection: _adding(connection, hourly_count),
)
_ATTACKERS = RowInsert(
    hourly_attacker, ("hour", "attacker", "events"), lambda connection: _adding(connection, hourly_attacker)
)
_VALUES = RowInsert(
    hourly_value,
    ("what", "hour", "digest", "value", "secret", "times", "accepted", "sources"),
    lambda connection: _replacing(connection),  # noqa: PLW0108  # defined below
)


def write(connection: Connection, counts: Counts, values: Sequence[ValueRow]) -> None:
    """Add counts to the rows that there are; `values` are the rows that `merged_values` returned."""
    _PLACES.execute(connection, [(*place, sum_.events, sum_.accepted) for place, sum_ in _sorted(counts.places)])
    _ATTACKERS.execute(connection, [(*key, events) for key, events in sorted(counts.attackers.items())])
    _VALUES.execute(connection, list(values))


def merged_values(connection: Connection, counts: Counts) -> list[ValueRow]:
    """Return the rows of the values that there will be with the counts, by what is there now."""
    by_hour: dict[tuple[str, int], dict[int, tuple[Value, Use]]] = {}
    for (hour, value), use in counts.values.items():
        by_hour.setdefault((value.what, hour), {})[digest_of(value)] = (value, use)
    return [row for (what, hour), uses in sorted(by_hour.items()) for row in _merged(connection, what, hour, uses)]


def _merged(connection: Connection, what: str, hour: int, uses: Mapping[int, tuple[Value, Use]]) -> Iterator[ValueRow]:
    before = _uses_at(connection, what, hour, [*uses, REST])
    room = VALUES_KEPT - _kept(connection, what, hour)
    rest, beyond = before.get(REST, Use()), False
    for digest, (value, use) in sorted(uses.items()):
        old = before.get(digest)
        if old is None and room <= 0:
            rest.times, rest.accepted, beyond = rest.times + use.times, rest.accepted + use.accepted, True
            continue
        room -= old is None
        yield _row(hour, digest, value, use if old is None else _sum(old, use))
    if beyond:
        yield ValueRow(what, hour, REST, "", None, rest.times, rest.accepted, b"")


def _row(hour: int, digest: int, value: Value, use: Use) -> ValueRow:
    secret = None if value.secret is None else for_column(value.secret)
    sources = packed(united(use.sources))
    return ValueRow(value.what, hour, digest, for_column(value.text), secret, use.times, use.accepted, sources)


def _sum(one: Use, other: Use) -> Use:
    return Use(one.times + other.times, one.accepted + other.accepted, one.sources | other.sources)


def _uses_at(connection: Connection, what: str, hour: int, digests: Sequence[int]) -> dict[int, Use]:
    c = hourly_value.c
    query = select(c.digest, c.times, c.accepted, c.sources).where(c.what == what, c.hour == hour)
    return {
        digest: Use(times, accepted, unpacked(sources))
        for part in parts(digests)
        for digest, times, accepted, sources in connection.execute(query.where(c.digest.in_(part)))
    }


def _kept(connection: Connection, what: str, hour: int) -> int:
    c = hourly_value.c
    query = select(func.count()).select_from(hourly_value).where(c.what == what, c.hour == hour)
    return connection.execute(query).scalar_one()


def _cut(text: str) -> str:
    return text if len(text) <= _LENGTH else text[:_LENGTH]


def _sorted(places: Mapping[Place, Sum]) -> list[tuple[Place, Sum]]:
    return [(place, places[place]) for place in sorted(places)]


def _adding(connection: Connection, table: Table) -> Insert:
    insert = insert_into(connection, table)
    sums = [column.name for column in table.columns if not column.primary_key]
    added = {one: table.c[one] + insert.excluded[one] for one in sums}
    return insert.on_conflict_do_update(index_elements=list(table.primary_key.columns), set_=added)


def _replacing(connection: Connection) -> Insert:
    insert = insert_into(connection, hourly_value)
    new = {one: insert.excluded[one] for one in ("times", "accepted", "sources")}
    return insert.on_conflict_do_update(index_elements=list(hourly_value.primary_key.columns), set_=new)
