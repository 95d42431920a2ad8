# SPDX-License-Identifier: MIT
"""Stretches of the event log, newest first: so many rows by one index, of which the database returns those that fit.

What no index has (a decky, a sensor, a port, what is excluded) is compared by the database, so a stretch in which
nothing fits costs a tenth of what reading its rows here would. What comes back may still not fit: networks are
compared by the beginnings of their addresses' texts.
"""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, bindparam, func, literal_column, or_, select

from decnet.findings.texts import beginning_with, textual_prefix
from decnet.history.language import Condition, EventQuery
from decnet_models.database.rows.keyset import in_order
from decnet_models.database.rows.row_select import RowSelect
from decnet_models.events.tables import event
from decnet_models.events.walking import Place, place_of

Position = tuple[int, int]
"""Time and `seq` of a row; the time matters within a span of time only."""

_COLUMNS = {"kind": "kind", "decky": "decky", "session": "session", "sensor": "sensor", "port": "dst_port"}
_PLACE = tuple(event.c[name] for name in Place._fields)
_ENDS = RowSelect(lambda _: select(*(select(one(event.c.seq)).scalar_subquery() for one in (func.min, func.max))))
_SEQ = event.c.seq
_NEWEST = select(event).where(bindparam("high") > _SEQ).order_by(_SEQ.desc())
_WHOLE = RowSelect(lambda _: _NEWEST.limit(bindparam("limit")).offset(literal_column("0")))
ABOVE = 2**63 - 1
"""Above the number of any row."""
_READ_WHOLE = 1_000
"""Rows of a stretch that are read with their payloads at once, where there is no condition and most will be shown."""


class Stretch(NamedTuple):
    """The rows of a stretch that may fit, newest first, how many it has, and where it ends (None: with the log)."""

    fitting: list[Place]
    rows: int
    end: Position | None
    events: Mapping[int, Sequence[Any]] = MappingProxyType({})
    """The rows of those that were read already, by `seq`."""


def stretch_of(
    connection: Connection, rows: int, query: EventQuery, driver: tuple[str, str] | None, after: Position | None
) -> Stretch:
    """Return the next stretch in the order of the log; `driver` is the column and value that an index has."""
    if driver is None:
        return _of_whole_log(connection, rows, query, None if after is None else after[1])
    c = event.c
    walked = select(event).where(c[driver[0]] == driver[1]).order_by(c.seq.desc()).limit(rows)
    if after is not None:
        walked = walked.where(c.seq < after[1])
    ends = walked.with_only_columns(c.seq).subquery()
    number, last = connection.execute(select(func.count(), func.min(ends.c.seq))).one()
    return Stretch(_fitting(connection, walked, query), number, (0, last) if number == rows else None)


def _of_whole_log(connection: Connection, rows: int, query: EventQuery, before: int | None) -> Stretch:
    """Return the next stretch of all rows, whose numbers say where it ends."""
    if rows <= _READ_WHOLE and not query.conditions:
        high = ABOVE if before is None else before
        found = {row[0]: row for row in _WHOLE.rows(connection, high=high, limit=rows)}
        end = (0, min(found)) if len(found) == rows else None
        return Stretch(list(map(place_of, found.values())), len(found), end, found)
    c = event.c
    oldest, newest = (number or 0 for number in _ENDS.rows(connection)[0])
    high = newest + 1 if before is None else before
    low = high - rows
    end = (0, low) if low > oldest else None
    walked = select(*_PLACE).where(c.seq >= low, c.seq < high, *_conditions(c, query))
    return Stretch(_places(connection, walked), rows, end)


def stretch_within(connection: Connection, rows: int, query: EventQuery, after: Position | None) -> Stretch:
    """Return the next stretch of the query's span of time, in the order of the events' own times."""
    c, window = event.c, query.window
    walked = select(event).where(c.ts >= window.since, c.ts < window.until)
    walked = in_order(walked, (c.ts, c.seq), after).limit(rows)
    ends = walked.with_only_columns(c.ts, c.seq).subquery()
    number = connection.execute(select(func.count()).select_from(ends)).scalar_one()
    last = select(ends.c.ts, ends.c.seq).order_by(ends.c.ts, ends.c.seq).limit(1)
    end = tuple(connection.execute(last).one()) if number == rows else None
    found = sorted(_fitting(connection, walked, query), key=lambda one: (-one.ts, -one.seq))
    return Stretch(found, number, None if end is None else (end[0], end[1]))


def merged(
    connection: Connection,
    rows: int,
    query: EventQuery,
    driver: tuple[str, Sequence[str]],
    after: Position | None,
) -> Stretch:
    """Return the next stretch of rows that have one of several values, as far as the stretch of each of them goes."""
    column, values = driver
    each = [stretch_of(connection, rows, query, (column, value), after) for value in values]
    cut = max((one.end[1] for one in each if one.end is not None), default=None)
    found = [place for one in each for place in one.fitting if cut is None or place.seq >= cut]
    ordered = sorted(found, key=lambda one: -one.seq)
    return Stretch(ordered, sum(one.rows for one in each), None if cut is None else (0, cut))


def _fitting(connection: Connection, walked: Select[Any], query: EventQuery) -> list[Place]:
    """Return the rows of a walk that may fit, newest first by `seq`."""
    inner = walked.with_only_columns(*_PLACE).subquery()
    return _places(connection, select(inner).where(*_conditions(inner.c, query)))


def _places(connection: Connection, query: Select[Any]) -> list[Place]:
    return sorted(map(Place._make, connection.execute(query).all()), key=lambda one: -one.seq)


def _conditions(c: Any, query: EventQuery) -> Iterator[ColumnElement[bool]]:
    if query.window.bounded:
        yield c.ts >= query.window.since
        yield c.ts < query.window.until
    if not query.synthetic:
        yield c.synthetic.is_(False)
    for one in query.conditions:
        if one.field != "src":
            yield _of_values(c[_COLUMNS[one.field]], one)
        elif not one.excluded:
            yield or_(*(beginning_with(c.src_ip, textual_prefix(network)) for network in one.wanted))


def _of_values(column: ColumnElement[Any], one: Condition) -> ColumnElement[bool]:
    return or_(column.is_(None), column.not_in(one.wanted)) if one.excluded else column.in_(one.wanted)
