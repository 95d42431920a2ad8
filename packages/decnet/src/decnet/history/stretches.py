# SPDX-License-Identifier: MIT
"""Stretches of the event log, in either direction: so many rows by one index, of which those come back that fit.

What no index has (a decky, a sensor, a port, what is excluded) is compared by the database, so a stretch in which
nothing fits costs a tenth of what reading its rows here would. What comes back may still not fit: networks are
compared by the beginnings of their addresses' texts.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from operator import attrgetter
from types import MappingProxyType
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, bindparam, func, literal, literal_column, or_, select

from decnet.findings.texts import beginning_with, textual_prefix
from decnet.history.language import Condition, EventQuery
from decnet_models.database.rows.keyset import Direction, in_order
from decnet_models.database.rows.row_select import RowSelect
from decnet_models.events.tables import event
from decnet_models.events.walking import PLACE, Place, place_of

Position = tuple[int, int]
"""Time and `seq` of a row; the time matters within a span of time only."""

_COLUMNS = {"kind": "kind", "decky": "decky", "session": "session", "sensor": "sensor", "port": "dst_port"}
_ENDS = RowSelect(lambda _: select(*(select(one(event.c.seq)).scalar_subquery() for one in (func.min, func.max))))
_SEQ = event.c.seq
_SEQ_OF = attrgetter("seq")
_NEWEST = select(event).where(bindparam("bound") > _SEQ).order_by(_SEQ.desc())
_OLDEST = select(event).where(bindparam("bound") < _SEQ).order_by(_SEQ)
_WHOLE = {
    "desc": RowSelect(lambda _: _NEWEST.limit(bindparam("limit")).offset(literal_column("0"))),
    "asc": RowSelect(lambda _: _OLDEST.limit(bindparam("limit")).offset(literal_column("0"))),
}
ABOVE = 2**63 - 1
"""Above the number of any row."""
MOST_STATEMENTS = 8
"""Of each form, for the conditions that were asked for last, about 50 KiB each: composing them takes a millisecond."""
_READ_WHOLE = 1_000
"""Rows of a stretch that are read with their payloads at once, where there is no condition and most will be shown."""


class Stretch(NamedTuple):
    """The rows of a stretch that may fit, in order, how many it has, and where it ends (None: with the log)."""

    fitting: list[Place]
    rows: int
    end: Position | None
    events: Mapping[int, Sequence[Any]] = MappingProxyType({})
    """The rows of those that were read already, by `seq`."""


def stretch_of(
    connection: Connection,
    rows: int,
    query: EventQuery,
    driver: tuple[str, str] | None,
    after: Position | None,
    *,
    direction: Direction,
) -> Stretch:
    """Return the next stretch in the order of the log; `driver` is the column and value that an index has."""
    place = None if after is None else after[1]
    if driver is None:
        return _of_whole_log(connection, rows, query, place, direction)
    ends, fitting = _driven(
        query.conditions, query.synthetic, query.window.bounded, driver[0], first=place is None, direction=direction
    )
    values = {"driven": driver[1], "rows": rows, **({} if place is None else {"seq_after": place})}
    ((number, last),) = ends.rows(connection, **values)
    return Stretch(
        _places(connection, fitting, query, direction, **values), number, (0, last) if number == rows else None
    )


@lru_cache(MOST_STATEMENTS)
def _driven(
    conditions: tuple[Condition, ...], synthetic: bool, bounded: bool, column: str, *, first: bool, direction: Direction
) -> tuple[RowSelect, RowSelect]:
    """Return what selects the number of rows of a stretch and its last one, and what selects those that may fit."""
    walked = select(event).where(event.c[column] == bindparam("driven"))
    walked = in_order(walked, (_SEQ,), None if first else (bindparam("seq_after", type_=_SEQ.type),), direction)
    walked = _limited(walked)
    ends = walked.with_only_columns(_SEQ).subquery()
    last_of = func.min if direction == "desc" else func.max
    asked: Any = select(func.count(), last_of(ends.c.seq))
    return RowSelect(lambda _: asked), _fitting(walked, conditions, synthetic, bounded)


def _of_whole_log(
    connection: Connection, rows: int, query: EventQuery, after: int | None, direction: Direction
) -> Stretch:
    """Return the next stretch of all rows, whose numbers say where it ends."""
    if rows <= _READ_WHOLE and not query.conditions:
        bound = after if after is not None else ABOVE if direction == "desc" else 0
        found = {row[0]: row for row in _WHOLE[direction].rows(connection, bound=bound, limit=rows)}
        end = (0, next(reversed(found))) if len(found) == rows else None
        return Stretch(list(map(place_of, found.values())), len(found), end, found)
    low, high, end = _numbers(connection, rows, after, direction)
    fitting = _numbered(query.conditions, query.synthetic, query.window.bounded)
    return Stretch(_places(connection, fitting, query, direction, low=low, high=high), rows, end)


@lru_cache(MOST_STATEMENTS)
def _numbered(conditions: tuple[Condition, ...], synthetic: bool, bounded: bool) -> RowSelect:
    between = bindparam("low") <= _SEQ, bindparam("high") > _SEQ
    asked = select(*PLACE).where(*between, *_conditions(event.c, conditions, synthetic, bounded))
    return RowSelect(lambda _: asked)


def _numbers(
    connection: Connection, rows: int, after: int | None, direction: Direction
) -> tuple[int, int, Position | None]:
    """Return from which number to below which the next stretch of all rows goes, and where it ends."""
    oldest, newest = (number or 0 for number in _ENDS.rows(connection)[0])
    if direction == "desc":
        high = newest + 1 if after is None else after
        low = high - rows
        return low, high, (0, low) if low > oldest else None
    low = oldest if after is None else max(after + 1, oldest)
    high = low + rows
    return low, high, (0, high - 1) if high <= newest else None


def stretch_within(
    connection: Connection, rows: int, query: EventQuery, after: Position | None, *, direction: Direction
) -> Stretch:
    """Return the next stretch of the query's span of time, in the order of the events' own times."""
    ends, last, fitting = _within(query.conditions, query.synthetic, after is None, direction)
    values = {"since": query.window.since, "until": query.window.until, "rows": rows}
    if after is not None:
        values |= {"ts_after": after[0], "seq_after": after[1]}
    ((number,),) = ends.rows(connection, **values)
    end = tuple(last.rows(connection, **values)[0]) if number == rows else None
    found = _places(connection, fitting, query, direction, **values)
    found.sort(key=lambda one: (one.ts, one.seq), reverse=direction == "desc")
    return Stretch(found, number, None if end is None else (end[0], end[1]))


@lru_cache(MOST_STATEMENTS)
def _within(
    conditions: tuple[Condition, ...], synthetic: bool, first: bool, direction: Direction
) -> tuple[RowSelect, RowSelect, RowSelect]:
    """Return what selects the number of rows of a stretch, its last one, and those that may fit."""
    c = event.c
    walked = select(event).where(c.ts >= bindparam("since"), c.ts < bindparam("until"))
    after = bindparam("ts_after", type_=c.ts.type), bindparam("seq_after", type_=_SEQ.type)
    walked = _limited(in_order(walked, (c.ts, _SEQ), None if first else after, direction))
    ends = walked.with_only_columns(c.ts, _SEQ).subquery()
    last = in_order(select(ends), (ends.c.ts, ends.c.seq), None, "asc" if direction == "desc" else "desc").limit(1)
    number = select(func.count()).select_from(ends)
    return RowSelect(lambda _: number), RowSelect(lambda _: last), _fitting(walked, conditions, synthetic, True)


def merged(
    connection: Connection,
    rows: int,
    query: EventQuery,
    driver: tuple[str, Sequence[str]],
    after: Position | None,
    *,
    direction: Direction,
) -> Stretch:
    """Return the next stretch of rows that have one of several values, as far as the stretch of each of them goes."""
    column, values = driver
    each = [stretch_of(connection, rows, query, (column, value), after, direction=direction) for value in values]
    ends = [one.end[1] for one in each if one.end is not None]
    found = sorted((place for one in each for place in one.fitting), key=_SEQ_OF, reverse=direction == "desc")
    number = sum(one.rows for one in each)
    if not ends:
        return Stretch(found, number, None)
    cut = max(ends) if direction == "desc" else min(ends)
    within = [one for one in found if (one.seq >= cut if direction == "desc" else one.seq <= cut)]
    return Stretch(within, number, (0, cut))


def _limited(walked: Select[Any]) -> Select[Any]:
    return walked.limit(bindparam("rows")).offset(literal_column("0"))


def _fitting(walked: Select[Any], conditions: tuple[Condition, ...], synthetic: bool, bounded: bool) -> RowSelect:
    """Return what selects the rows of a walk that may fit."""
    inner = walked.with_only_columns(*PLACE).subquery()
    asked = select(inner).where(*_conditions(inner.c, conditions, synthetic, bounded))
    return RowSelect(lambda _: asked)


def _places(
    connection: Connection, fitting: RowSelect, query: EventQuery, direction: Direction, **values: Any
) -> list[Place]:
    """Return the rows that may fit, in the direction by `seq`."""
    values |= {"since": query.window.since, "until": query.window.until} if query.window.bounded else {}
    found = map(Place._make, fitting.rows(connection, **values))
    return sorted(found, key=_SEQ_OF, reverse=direction == "desc")


def _conditions(
    c: Any, conditions: tuple[Condition, ...], synthetic: bool, bounded: bool
) -> Iterator[ColumnElement[bool]]:
    if bounded:
        yield c.ts >= bindparam("since")
        yield c.ts < bindparam("until")
    if not synthetic:
        yield c.synthetic.is_(False)
    for one in conditions:
        if one.field != "src":
            yield _of_values(c[_COLUMNS[one.field]], one)
        elif not one.excluded:
            yield or_(*(beginning_with(c.src_ip, textual_prefix(network)) for network in one.wanted))


def _of_values(column: ColumnElement[Any], one: Condition) -> ColumnElement[bool]:
    wanted = [literal(value, column.type) for value in one.wanted]  # of values SQLAlchemy writes a statement each time
    return or_(column.is_(None), column.not_in(wanted)) if one.excluded else column.in_(wanted)
