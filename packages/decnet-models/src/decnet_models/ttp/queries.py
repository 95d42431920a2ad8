# SPDX-License-Identifier: MIT
"""Queries of the ttp domain; addresses in canonical text form, times in ns since the Unix epoch (UTC)."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeAlias
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, Connection, Select, bindparam, delete, func, select

from decnet_models.database.rows.keyset import Direction, in_order
from decnet_models.database.rows.page_select import PageSelect
from decnet_models.database.rows.row_insert import RowInsert
from decnet_models.database.rows.row_select import RowSelect, as_uuid
from decnet_models.database.statements import insert_into, parts
from decnet_models.database.window import Window
from decnet_models.ttp.tables import ttp_tag, ttp_technique_attacker

_ORDER = (ttp_tag.c.seq, ttp_tag.c.rule_id, ttp_tag.c.technique)


TagRow: TypeAlias = tuple[int, str, str, str, str, str, str, str, int, str | None, str | None]
"""The values of a `Tag` in their order, its ids as their 32 hexadecimal digits, as SQLite has them."""


class Tag(msgspec.Struct, frozen=True):
    """A technique that a rule recognised in an event (`seq`, `event_id`)."""

    seq: int
    rule_id: UUID
    technique: str
    id: UUID
    title: str
    level: str
    attacker: str
    event_id: UUID
    ts: int
    session: str | None = None
    decky: str | None = None


_TAGS = RowInsert(
    ttp_tag,
    Tag.__struct_fields__,
    lambda connection: insert_into(connection, ttp_tag).on_conflict_do_nothing(
        index_elements=["seq", "rule_id", "technique"]
    ),
)
_ATTACKERS = RowInsert(
    ttp_technique_attacker,
    ("technique", "attacker"),
    lambda connection: insert_into(connection, ttp_technique_attacker).on_conflict_do_nothing(
        index_elements=["technique", "attacker"]
    ),
)


_OF = ttp_tag.alias().c
_PAIR = ttp_technique_attacker.c

_Look: TypeAlias = Callable[[ColumnElement[str]], Select[Any]]
"""Makes the query for one value of a technique."""


def _walked(*looks: _Look) -> Select[Any]:
    """Return the query that goes from each technique to the next one in the index, as no plan for GROUP BY does.

    Each of `looks` is one of its own, into the index that has what it needs in order.
    """
    c = ttp_tag.c
    walked = select(func.min(c.technique).label("technique")).cte("walked", recursive=True)
    following = select(func.min(c.technique)).where(c.technique > walked.c.technique).scalar_subquery()
    walked = walked.union_all(select(following).where(walked.c.technique.is_not(None)))
    values = [look(walked.c.technique).scalar_subquery() for look in looks]
    return select(walked.c.technique, *values).where(walked.c.technique.is_not(None)).order_by(walked.c.technique)


def _of_tags(value: ColumnElement[Any]) -> _Look:
    return lambda technique: select(value).where(_OF.technique == technique)


def _attackers(technique: ColumnElement[str]) -> Select[Any]:
    return select(func.count()).where(_PAIR.technique == technique)


def _first_recognised(_: Connection) -> Select[Any]:
    return _walked(_of_tags(func.min(_OF.ts)))


def _used(_: Connection) -> Select[Any]:
    c = ttp_tag.c
    sums: tuple[Any, ...] = (func.count(), func.count(c.attacker.distinct()), func.min(c.ts), func.max(c.ts))
    span = (c.ts >= bindparam("since"), c.ts < bindparam("until"))
    return select(*sums).where(c.technique == bindparam("technique"), *span)


def _ever_used(_: Connection) -> Select[Any]:
    """Return the query that sorts no attackers, and takes the first and the last time from the ends of an index."""
    tags, first, last = (_of_tags(value) for value in (func.count(_OF.technique), func.min(_OF.ts), func.max(_OF.ts)))
    return _walked(tags, _attackers, first, last)


def _by_title(_: Connection) -> Select[Any]:
    c = ttp_tag.c
    query = select(c.technique, c.title, func.count(), func.min(c.ts), func.max(c.ts))
    query = query.where(c.attacker == bindparam("attacker")).group_by(c.technique, c.title)
    return query.order_by(c.technique, c.title)


def _of_session(_: Connection) -> Select[Any]:
    c = ttp_tag.c
    of = (c.attacker == bindparam("attacker"), c.session == bindparam("session"), c.seq >= bindparam("seq"))
    return select(ttp_tag).where(*of).order_by(*(column.desc() for column in _ORDER)).limit(bindparam("limit"))


_T = ttp_tag.c
_OF_SESSION = RowSelect(_of_session)
_BY_TITLE = RowSelect(_by_title)
_OF_TECHNIQUE = PageSelect(
    lambda _: select(ttp_tag),
    (_T.ts, _T.attacker, _T.seq, _T.rule_id),
    {
        "technique": _T.technique == bindparam("technique"),
        "since": _T.ts >= bindparam("since"),
        "until": _T.ts < bindparam("until"),
    },
)
_ID_PLACES = tuple(map(Tag.__struct_fields__.index, ("rule_id", "id", "event_id")))
_TECHNIQUE, _ATTACKER = map(Tag.__struct_fields__.index, ("technique", "attacker"))
_FIRST, _USED, _EVER_USED = RowSelect(_first_recognised), RowSelect(_used), RowSelect(_ever_used)


class TechniqueSeen(msgspec.Struct, frozen=True):
    """An attacker's use of one technique: number of tags, their time, and the titles of the rules."""

    technique: str
    tags: int
    first_seen: int
    last_seen: int
    titles: tuple[str, ...]


class TechniqueUsed(msgspec.Struct, frozen=True):
    """A technique in the events of all attackers: number of tags and of attackers, and the time of the tags."""

    technique: str
    tags: int
    attackers: int
    first_seen: int
    last_seen: int


class TechniqueUse(msgspec.Struct, frozen=True):
    """One attacker's use of one technique: number of tags and their time."""

    attacker: str
    technique: str
    tags: int
    first_seen: int
    last_seen: int


def add_tags(connection: Connection, tags: Iterable[Tag]) -> None:
    """Write the tags that are not there yet."""
    prepared(connection, [msgspec.structs.astuple(tag) for tag in tags])(connection)


def prepared(connection: Connection, tags: Sequence[TagRow]) -> Callable[[Connection], None]:
    """Return what does what `add_tags` does; all that needs no transaction is done here."""
    rows = _TAGS.prepared(connection, tags)
    pairs = _ATTACKERS.prepared(connection, sorted({(tag[_TECHNIQUE], tag[_ATTACKER]) for tag in tags}))

    def write(writer: Connection) -> None:
        _TAGS.execute_prepared(writer, rows)
        _ATTACKERS.execute_prepared(writer, pairs)

    return write


def tags(
    connection: Connection, attacker: str | None = None, limit: int = 100, *, before: Tag | None = None
) -> list[Tag]:
    """Return the newest `limit` tags, newest first; page on with `before` = the last one."""
    query = select(ttp_tag)
    if attacker is not None:
        query = query.where(ttp_tag.c.attacker == attacker)
    return [Tag(*row) for row in connection.execute(in_order(query, _ORDER, _place(before)).limit(limit))]


def tags_of_session(connection: Connection, attacker: str, session: str, limit: int, *, from_seq: int = 0) -> list[Tag]:
    """Return the newest `limit` tags of an attacker's session, newest first; none is of an event before `from_seq`."""
    rows = _OF_SESSION.rows(connection, attacker=attacker, session=session, seq=from_seq, limit=limit)
    return [tag_of(row) for row in rows]


def forget(connection: Connection, attackers: Iterable[str]) -> None:
    """Delete the tags of these attackers."""
    for part in parts(attackers):
        for table in (ttp_tag, ttp_technique_attacker):
            connection.execute(delete(table).where(table.c.attacker.in_(part)))


def techniques_of(connection: Connection, attacker: str) -> list[TechniqueSeen]:
    """Return the attacker's techniques in the order in which they were first seen."""
    merged: dict[str, TechniqueSeen] = {}
    for technique, title, count, first, last in _BY_TITLE.rows(connection, attacker=attacker):
        one = TechniqueSeen(technique, count, first, last, (title,))
        merged[technique] = _joined(merged[technique], one) if technique in merged else one
    return sorted(merged.values(), key=lambda seen: (seen.first_seen, seen.technique))


def first_recognised(connection: Connection) -> dict[str, int]:
    """Return the techniques that were ever recognised, in order, and when first; one look into the index for each."""
    return dict(map(tuple, _FIRST.rows(connection)))


def techniques_in(connection: Connection, window: Window, numbers: Iterable[str] | None = None) -> list[TechniqueUsed]:
    """Return the techniques (of `numbers`; None: all) recognised in a span of time, most often recognised first.

    Technique by technique, so that the work grows with what was recognised in the span, not with what ever was.
    """
    found = _in_span(connection, window, numbers) if window.bounded else _ever(connection, numbers)
    return sorted((one for one in found if one.tags), key=lambda one: (-one.tags, one.technique))


def _in_span(connection: Connection, window: Window, numbers: Iterable[str] | None) -> Iterator[TechniqueUsed]:
    span = {"since": window.since, "until": window.until}
    for number in first_recognised(connection) if numbers is None else numbers:
        yield TechniqueUsed(number, *_USED.rows(connection, technique=number, **span)[0])


def _ever(connection: Connection, numbers: Iterable[str] | None) -> Iterator[TechniqueUsed]:
    wanted = None if numbers is None else set(numbers)
    for row in _EVER_USED.rows(connection):
        if wanted is None or row[0] in wanted:
            yield TechniqueUsed(*row)


def technique_uses(
    connection: Connection, window: Window, attackers: Iterable[str] | None = None
) -> list[TechniqueUse]:
    """Return the techniques of the attackers (None: of all) in a span of time, by address and technique."""
    c = ttp_tag.c
    query = (
        select(c.attacker, c.technique, func.count(), func.min(c.ts), func.max(c.ts))
        .where(c.ts >= window.since, c.ts < window.until)
        .group_by(c.attacker, c.technique)
        .order_by(c.attacker, c.technique)
    )
    if attackers is None:
        asked = [query.where(c.technique == number) for number in first_recognised(connection)]
    else:
        asked = [query.where(c.attacker.in_(part)) for part in parts(sorted(set(attackers)))]
    found = [TechniqueUse(*row) for one in asked for row in connection.execute(one)]
    return sorted(found, key=lambda use: (use.attacker, use.technique))


def tags_of_technique(
    connection: Connection,
    technique: str,
    window: Window,
    limit: int = 100,
    *,
    after: tuple[int, str, int, UUID] | None = None,
    direction: Direction = "desc",
) -> list[Tag]:
    """Return tags of a technique in a span of time, the latest first.

    Page on with `after` = time, attacker, `seq` and rule of the last one.
    """
    rows = rows_of_technique(connection, technique, window, limit, after=after, direction=direction)
    return [tag_of(row) for row in rows]


def rows_of_technique(
    connection: Connection,
    technique: str,
    window: Window,
    limit: int = 100,
    *,
    after: tuple[int, str, int, UUID] | None = None,
    direction: Direction = "desc",
) -> Sequence[Any]:
    """Return what `tags_of_technique` does as rows, which `tag_of` reads."""
    times = {"since": window.since, "until": window.until}
    return _OF_TECHNIQUE.rows(connection, limit, after=after, direction=direction, technique=technique, **times)


def tag_of(row: Sequence[Any]) -> Tag:
    """Return the tag of a row, whose ids may be texts (`RowSelect`)."""
    values = list(row)
    for place in _ID_PLACES:
        values[place] = as_uuid(values[place])
    return Tag(*values)


def tags_between(
    connection: Connection, window: Window, limit: int = 1000, *, attacker: str | None = None, after: Tag | None = None
) -> list[Tag]:
    """Return tags in a span of time, in the order of the log; page on with `after` = the last one."""
    c = ttp_tag.c
    query = select(ttp_tag).where(c.ts >= window.since, c.ts < window.until)
    if attacker is not None:
        query = query.where(c.attacker == attacker)
    return [Tag(*row) for row in connection.execute(in_order(query, _ORDER, _place(after), "asc").limit(limit))]


def technique_sequences(connection: Connection, attackers: Iterable[str]) -> dict[str, list[str]]:
    """Return the techniques of each of the attackers in the order of the log, each where it was first seen."""
    column = ttp_tag.c
    query = select(column.attacker, column.technique, func.min(column.seq)).group_by(column.attacker, column.technique)
    sequences: dict[str, list[str]] = {}
    for part in parts(attackers):
        first = query.where(column.attacker.in_(part)).order_by(func.min(column.seq), column.technique)
        for attacker, technique, _ in connection.execute(first):
            sequences.setdefault(attacker, []).append(technique)
    return sequences


def tagged_events(connection: Connection, rule_id: UUID, attacker: str, since: int, until: int) -> int:
    """Return how many of the attacker's events from `since` to before `until` a rule has tagged."""
    column = ttp_tag.c
    query = select(func.count(column.event_id.distinct())).where(
        column.rule_id == rule_id, column.attacker == attacker, column.ts >= since, column.ts < until
    )
    return connection.execute(query).scalar_one()


def _place(tag: Tag | None) -> tuple[int, UUID, str] | None:
    return None if tag is None else (tag.seq, tag.rule_id, tag.technique)


def _joined(one: TechniqueSeen, other: TechniqueSeen) -> TechniqueSeen:
    return TechniqueSeen(
        one.technique,
        one.tags + other.tags,
        min(one.first_seen, other.first_seen),
        max(one.last_seen, other.last_seen),
        (*one.titles, *other.titles),
    )
