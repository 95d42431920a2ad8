# SPDX-License-Identifier: MIT
"""Queries of the event log. Functions that list events skip rows whose payload this version cannot decode."""

import logging
import sys
import time
from collections.abc import Collection, Generator, Iterable, Sequence
from contextlib import closing
from functools import cache
from typing import Any, TypeAlias
from uuid import UUID

import msgspec
from msgspec import convert
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    CursorResult,
    Select,
    bindparam,
    func,
    literal_column,
    select,
    tuple_,
)

from decnet_core.events.catalogue import Payload
from decnet_core.events.codec import BadEventError, decode_payload, encode_payload
from decnet_core.events.envelope import Event
from decnet_core.text import for_column
from decnet_models.database.rows.driver_rows import driver_parts
from decnet_models.database.rows.keyset import in_order
from decnet_models.database.rows.row_select import RowSelect, listed
from decnet_models.database.shards import SHARDS, shard_of
from decnet_models.database.statements import commit_in_order, copy_into, insert_into, parts, unindexed
from decnet_models.database.window import Window
from decnet_models.events.tables import event, event_volume, ingest_position
from decnet_models.events.volume import add_volume, sizes_after

log = logging.getLogger(__name__)

_COLUMNS = tuple(column.name for column in event.columns if column is not event.c.seq)

_KIND, _PAYLOAD = _COLUMNS.index("kind"), _COLUMNS.index("payload")

_BY_ID = RowSelect(lambda connection: select(event).where(listed(connection, event.c.id, "ids")))

_FETCHED = 64
"""Rows that are fetched at once where their size is limited."""

_SEQS_ASKED = 500
"""Rows per query, far below the limit of bound parameters."""

# SQLAlchemy would spend more on the parameters of a row than SQLite on the row.
_SQLITE_INSERT = (
    f"INSERT INTO event ({', '.join(_COLUMNS)}) "  # noqa: S608  # our own column names
    f"VALUES ({', '.join('?' * len(_COLUMNS))}) ON CONFLICT (id) DO NOTHING"
)

# PostgreSQL takes rows several times as fast by COPY, which cannot pass over known ids: so they come by a table aside.
_ASIDE = (
    f"CREATE TEMP TABLE IF NOT EXISTS incoming AS SELECT {', '.join(_COLUMNS)} FROM event "  # noqa: S608  # our names
    "WITH NO DATA"
)
_COPY = f"COPY incoming ({', '.join(_COLUMNS)}) FROM STDIN"
_POSTGRESQL_INSERT = (
    f"INSERT INTO event ({', '.join(_COLUMNS)}) "  # noqa: S608  # our own column names
    f"SELECT {', '.join(_COLUMNS)} FROM incoming ORDER BY ctid ON CONFLICT (id) DO NOTHING"
)


StoredRow: TypeAlias = Sequence[Any]
"""A row of the log as the driver returns it: `seq` first, the payload last."""

WHOLE = ("seq", *_COLUMNS)
BRIEF = ("seq", "ts", "kind", "src_ip", "dst_port", "payload")

BriefRow: TypeAlias = tuple[int, int, str, "str | None", "int | None", str]
"""The columns `BRIEF` of a row; the payload is JSON. It is read in half of the time, and takes half of the memory."""


class StoredEvent(msgspec.Struct, frozen=True):
    """An event with its position in the log: `seq` grows in the order of commit."""

    seq: int
    event: Event


def insert_events(connection: Connection, events: Iterable[Event], *, now_ns: int | None = None) -> int:
    """Append `events` to the log in their order and return how many were new; known ids are ignored.

    New ones are added to `event_volume`, at `now_ns` (nanoseconds since the Unix epoch; None: now).
    """
    rows = [_row(one) for one in events]
    if not rows:
        return 0
    commit_in_order(connection, event)
    before = last_seq(connection)
    new = _insert(connection, rows)
    whole = new == len(rows)
    sizes = ((row[_KIND], len(row[_PAYLOAD])) for row in rows) if whole else sizes_after(connection, before)
    add_volume(connection, sizes, last_seq(connection), now_ns=time.time_ns() if now_ns is None else now_ns)
    return new


def _insert(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> int:
    if connection.dialect.name == "sqlite":
        return connection.exec_driver_sql(_SQLITE_INSERT, [(row[0].hex, *row[1:]) for row in rows]).rowcount
    connection.exec_driver_sql(_ASIDE)
    connection.exec_driver_sql("TRUNCATE incoming")
    copy_into(connection, _COPY, rows)
    return connection.exec_driver_sql(_POSTGRESQL_INSERT).rowcount


def rows_after(
    connection: Connection,
    seq: int,
    *,
    through: int,
    limit: int,
    kinds: Sequence[str],
    synthetic: bool = True,
    characters: int = sys.maxsize,
    brief: bool = False,
) -> Sequence[StoredRow]:
    """Return up to `limit` rows with `seq` < row <= `through`, oldest first; `stored` decodes them.

    `brief` ones have the columns `BRIEF`. Those after the payloads have so many `characters` are left out; it may be a
    few more.

    Walks the log by row number whatever the planner thinks of the index on `kind`: sorting a backlog's worth of index
    entries for every batch would make catching up quadratic.
    """
    if connection.dialect.name == "sqlite":
        text = _sqlite_rows(len(kinds), synthetic=synthetic, brief=brief)
        parts_of_it = driver_parts(connection, text, (seq, through, *kinds, limit), _FETCHED)
        return _up_to(characters, parts_of_it)
    query = _walk(connection, _select(brief), seq, through, kinds, synthetic=synthetic)
    return _up_to(characters, _partitions(connection.execute(query.limit(limit))))


def _select(brief: bool) -> Select[Any]:
    return select(*(event.c[name] for name in (BRIEF if brief else WHOLE)))


def _partitions(result: CursorResult[Any]) -> Generator[Sequence[StoredRow]]:
    with result:
        yield from result.partitions(_FETCHED)


def _up_to(characters: int, parts_of_it: Generator[Sequence[StoredRow]]) -> list[StoredRow]:
    rows: list[StoredRow] = []
    size = 0
    with closing(parts_of_it):
        for part in parts_of_it:
            rows += part
            size += payload_size(part)
            if size >= characters:
                break
    return rows


def payload_size(rows: Iterable[StoredRow]) -> int:
    """Return how many characters the payloads of whole rows have together."""
    return sum([len(row[-1]) for row in rows])


@cache
def _sqlite_rows(kinds: int, *, synthetic: bool, brief: bool) -> str:
    """Return the query of `rows_after` for so many kinds, the values as SQLite stores them; see `_unindexed`."""
    wanted = f" AND +kind IN ({', '.join('?' * kinds)})" if kinds else ""
    made_by_us = "" if synthetic else " AND synthetic IS 0"
    columns = ", ".join(BRIEF if brief else WHOLE)
    return f"SELECT {columns} FROM event WHERE seq > ? AND seq <= ?{wanted}{made_by_us} ORDER BY seq LIMIT ?"  # noqa: S608  # our own names


def rows_of_shards(
    connection: Connection,
    shards: Collection[int],
    seq: int,
    *,
    through: int,
    limit: int,
    kinds: Sequence[str],
    synthetic: bool = True,
    characters: int = sys.maxsize,
    brief: bool = False,
) -> Sequence[StoredRow]:
    """Return what `rows_after` would if the log held only the events of these shards' attackers.

    The shard is computed here, not in SQL, because only a parser knows that two spellings are one address. So addresses
    are read, as many as are likely to be enough, and then the selected events.
    """
    mine: list[int] = []
    addresses, likely = select(event.c.seq, event.c.src_ip), limit + limit * SHARDS // max(1, len(shards))
    while len(mine) < limit:
        query = _walk(connection, addresses, seq, through, kinds, synthetic=synthetic).limit(likely)
        rows = connection.execute(query).all()
        mine += [row.seq for row in rows if shard_of(row.src_ip) in shards]
        if len(rows) < likely:
            break
        seq = rows[-1].seq
    del mine[limit:]
    selected: list[StoredRow] = []
    for start in range(0, len(mine), _SEQS_ASKED):
        part = _select(brief).where(event.c.seq.in_(mine[start : start + _SEQS_ASKED])).order_by(event.c.seq)
        selected += _up_to(characters, _partitions(connection.execute(part)))
        if payload_size(selected) >= characters:
            break
    return selected


def stored(row: StoredRow) -> StoredEvent:
    """Return the event of a row; BadEventError for a payload that this version's catalogue does not have."""
    return _event_of(row, decode_payload(row[-1]))


def decoded(rows: Iterable[StoredRow]) -> list[StoredEvent]:
    """Return the events of a batch's rows, with one object for all payloads that are equal; errors as of `stored`.

    Attackers repeat themselves: of thousands of payloads, most are there already.
    """
    known: dict[str, Payload] = {}
    events = []
    for row in rows:
        payload = known.get(row[-1])
        if payload is None:
            payload = known[row[-1]] = decode_payload(row[-1])
        events.append(_event_of(row, payload))
    return events


def _event_of(row: StoredRow, payload: Payload) -> StoredEvent:
    (seq, id_, ts, sensor, decky, _, src_ip, src_port, dst_ip, dst_port, session, synthetic, _) = row
    return StoredEvent(
        seq,
        Event(
            id=id_ if isinstance(id_, UUID) else convert(id_, UUID),  # takes half of the time of UUID()
            ts=ts,
            sensor=sensor,
            payload=payload,
            decky=decky,
            src_ip=src_ip,
            src_port=src_port,
            dst_ip=dst_ip,
            dst_port=dst_port,
            session=session,
            synthetic=bool(synthetic),
        ),
    )


def events_after(connection: Connection, seq: int, limit: int, kinds: Sequence[str] = ()) -> list[StoredEvent]:
    """Return up to `limit` events after `seq`, of `kinds` only unless empty, oldest first."""
    return readable(rows_after(connection, seq, through=last_seq(connection), limit=limit, kinds=kinds))


def recent(
    connection: Connection, limit: int, *, kinds: Sequence[str] = (), before: int | None = None
) -> list[StoredEvent]:
    """Return the newest `limit` events, newest first; page on with `before` = the last one's `seq`."""
    query = select(event)
    if kinds:
        query = query.where(event.c.kind.in_(kinds))
    return _newest(connection, query, limit, before)


def of_attacker(connection: Connection, address: str, limit: int, *, before: int | None = None) -> list[StoredEvent]:
    """Return the newest `limit` events from `address`, newest first; page on with `before`."""
    return _newest(connection, select(event).where(event.c.src_ip == address), limit, before)


def in_window(
    connection: Connection, window: Window, limit: int, *, after: StoredEvent | None = None, newest: bool = False
) -> list[StoredEvent]:
    """Return up to `limit` events of a span of time in their order, or the newest first.

    Page on with `after` = the last one. The order is that of the events' own times, which sensors far away may deliver
    late, and not that of the log.
    """
    ts, seq = event.c.ts, event.c.seq
    query = select(event).where(ts >= window.since, ts < window.until)
    last = None if after is None else (after.event.ts, after.seq)
    query = in_order(query, (ts, seq), last, "desc" if newest else "asc")
    return readable(connection.execute(query.limit(limit)).all())


Occurred: TypeAlias = tuple[int, int, str, "str | None", "str | None", "int | None", str]
"""What is counted of an event, as `_OCCURRED` names it. `payload` is JSON.

Plain tuples, as the driver makes them: an hour of a busy day has tens of thousands.
"""
_OCCURRED = ("seq", "ts", "kind", "decky", "src_ip", "dst_port", "payload")


def _occurred(*where: ColumnElement[bool]) -> Select[Any]:
    wanted = select(*(event.c[name] for name in _OCCURRED)).where(event.c.synthetic.is_(False), *where)
    return wanted.limit(bindparam("limit")).offset(literal_column("0"))


def _occurred_in_span(_: Connection) -> Select[Any]:
    c = event.c
    span = (c.ts >= bindparam("since"), c.ts < bindparam("until"), c.seq <= bindparam("through"))
    last: tuple[BindParameter[int], ...] = (bindparam("after_ts"), bindparam("after_seq"))
    after = tuple_(c.ts, c.seq) > tuple_(*last, types=[c.ts.type, c.seq.type])
    return _occurred(*span, after).order_by(c.ts, c.seq)


_IN_SPAN = RowSelect(_occurred_in_span)
_AFTER = RowSelect(lambda _: _occurred(event.c.seq > bindparam("seq")).order_by(event.c.seq))


def occurred(
    connection: Connection, window: Window, limit: int, *, through_seq: int, after: Occurred | None = None
) -> Sequence[Occurred]:
    """Return up to `limit` events of a span of time up to a row, in the order of time; page on with `after`.

    Synthetic ones are left out. Decoding whole events would take longer than everything that counts them.
    """
    since, place = (window.since, -1) if after is None else (after[1], after[0])
    return _IN_SPAN.rows(
        connection,
        since=since,
        until=window.until,
        through=through_seq,
        after_ts=since,
        after_seq=place,
        limit=limit,
    )


def occurred_after(connection: Connection, seq: int, limit: int) -> Sequence[Occurred]:
    """Return up to `limit` events after a row, in the log's order; synthetic ones are left out."""
    return _AFTER.rows(connection, seq=seq, limit=limit)


def by_session(connection: Connection, session: str, limit: int = 10_000) -> list[StoredEvent]:
    """Return the events of one session, in the order they happened."""
    query = select(event).where(event.c.session == session).order_by(event.c.ts, event.c.seq).limit(limit)
    return readable(connection.execute(query).all())


def by_seq(connection: Connection, seq: int) -> StoredEvent | None:
    stored_events = readable(connection.execute(select(event).where(event.c.seq == seq)).all())
    return stored_events[0] if stored_events else None


def selected(
    connection: Connection,
    seqs: Sequence[int],
    window: Window,
    *,
    kinds: Sequence[str] = (),
    attacker: str | None = None,
    decky: str | None = None,
) -> list[StoredEvent]:
    """Return those of up to 500 rows that are still in the log and fit, newest first."""
    c = event.c
    query = select(event).where(c.seq.in_(seqs), c.ts >= window.since, c.ts < window.until).order_by(c.seq.desc())
    if kinds:
        query = query.where(unindexed(connection, c.kind).in_(kinds))
    if attacker is not None:
        query = query.where(unindexed(connection, c.src_ip) == attacker)
    if decky is not None:
        query = query.where(c.decky == decky)
    return readable(connection.execute(query).all())


def by_ids(connection: Connection, ids: Iterable[UUID]) -> list[StoredEvent]:
    """Return the events with these ids that are still in the log, in its order."""
    rows = [row for part in parts(ids) for row in _BY_ID.rows(connection, ids=part)]
    return sorted(readable(rows), key=lambda one: one.seq)


def known(connection: Connection, ids: Iterable[UUID]) -> set[UUID]:
    query = select(event.c.id)
    return {id_ for part in parts(ids) for id_ in connection.execute(query.where(event.c.id.in_(part))).scalars()}


def count(connection: Connection) -> int:
    """Return the number of events, from `event_volume`."""
    return int(connection.execute(select(func.sum(event_volume.c.events))).scalar() or 0)


def count_by_kind(connection: Connection) -> dict[str, int]:
    """Return the number of events of each kind, from `event_volume`."""
    query = select(event_volume.c.kind, func.sum(event_volume.c.events)).group_by(event_volume.c.kind)
    return {kind: int(events) for kind, events in connection.execute(query.order_by(event_volume.c.kind))}


def last_seq(connection: Connection) -> int:
    """Return the newest event's `seq`, 0 when there is none."""
    ((seq,),) = _LAST_SEQ.rows(connection)
    return seq or 0


_LAST_SEQ = RowSelect(lambda _: select(func.max(event.c.seq)))


def ingest_positions(connection: Connection) -> dict[str, tuple[int, int]]:
    """Return segment and offset up to which each spool is ingested."""
    query = select(ingest_position.c.spool, ingest_position.c.segment, ingest_position.c.offset)
    return {spool: (segment, offset) for spool, segment, offset in connection.execute(query)}


def move_ingest_position(connection: Connection, spool: str, segment: int, offset: int, *, now_ns: int) -> None:
    """Set the position up to which `spool` is ingested; belongs in the transaction that inserts its events."""
    statement = insert_into(connection, ingest_position)
    values = {"segment": segment, "offset": offset, "updated_at": now_ns}
    connection.execute(
        statement.values(spool=spool, **values).on_conflict_do_update(index_elements=["spool"], set_=values)
    )


def _row(one: Event) -> tuple[Any, ...]:
    return (
        one.id,
        one.ts,
        _name(one.sensor),
        _name(one.decky),
        one.kind,
        _name(one.src_ip),
        one.src_port,
        _name(one.dst_ip),
        one.dst_port,
        _name(one.session),
        one.synthetic,
        encode_payload(one.payload).decode(),
    )


def _name(text: str | None) -> str | None:
    """PostgreSQL refuses NUL."""
    return for_column(text) if text and "\0" in text else text


def _newest(connection: Connection, query: Select[Any], limit: int, before: int | None) -> list[StoredEvent]:
    if before is not None:
        query = query.where(event.c.seq < before)
    return readable(connection.execute(query.order_by(event.c.seq.desc()).limit(limit)).all())


def readable(rows: Iterable[Sequence[Any]]) -> list[StoredEvent]:
    """Return the events of the rows whose payload this version can decode."""
    events = []
    for row in rows:
        try:
            events.append(stored(row))
        except BadEventError as error:
            log.warning("event skipped seq=%d error=%s", row[0], error)
    return events


def _walk(
    connection: Connection, query: Select[Any], seq: int, through: int, kinds: Sequence[str], *, synthetic: bool
) -> Select[Any]:
    """Restrict a query to `seq` < row <= `through`, in log order."""
    query = query.where(event.c.seq > seq, event.c.seq <= through)
    if kinds:
        query = query.where(unindexed(connection, event.c.kind).in_(kinds))
    if not synthetic:
        query = query.where(event.c.synthetic.is_(False))
    return query.order_by(event.c.seq)
