# SPDX-License-Identifier: MIT
"""Queries of the transactional outbox."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, bindparam, func, select

from decnet_core.events.notices import Notice, decode_notice, encode_notice, notice_kind
from decnet_core.text import for_column
from decnet_models.database.rows.row_insert import RowInsert
from decnet_models.database.rows.row_select import RowSelect
from decnet_models.database.statements import commit_in_order, existing, parts
from decnet_models.notices.tables import notice as notice_table

MAX_KEY = 512
"""Characters of a key; a longer one is the caller's error."""


class StoredNotice(msgspec.Struct, frozen=True):
    """A notice with its position in the outbox: `seq` grows in the order of commit."""

    seq: int
    key: str
    kind: str
    notice: Notice
    created_at: int


def add(connection: Connection, key: str, notice: Notice, now_ns: int) -> bool:
    """Write `notice` unless there is one with `key`; return whether it is new."""
    return bool(add_all(connection, [(key, notice)], now_ns))


def add_all(connection: Connection, keyed: Iterable[tuple[str, Notice]], now_ns: int) -> set[str]:
    """Write the notices whose keys are new, the first of equal ones; return their kinds.

    One query and one bulk insert, because a batch of password guesses has a notice for each of them.
    """
    return PreparedNotices(keyed, now_ns).add(connection)


class PreparedNotices(list[tuple[str, Notice]]):
    """Keyed notices as rows of the outbox, too, the first of equal keys: what can be done without a transaction.

    Raises ValueError for a key that is too long.
    """

    def __init__(self, keyed: Iterable[tuple[str, Notice]], now_ns: int) -> None:
        super().__init__(keyed)
        first: dict[str, Notice] = {}
        for key, notice in self:
            if len(key) > MAX_KEY:
                raise ValueError(f"the notice's key has {len(key)} characters, the limit is {MAX_KEY}")
            first.setdefault(for_column(key), notice)
        self._rows = {key: _row(key, notice, now_ns) for key, notice in first.items()}

    def add(self, connection: Connection) -> set[str]:
        """Write the notices whose keys are new; return their kinds."""
        if not self._rows:
            return set()
        if connection.dialect.name == "sqlite":
            return self._add_on_sqlite(connection)
        commit_in_order(connection, notice_table)  # from here on nobody else adds a key
        known = existing(connection, (notice_table.c.key,), [(key,) for key in self._rows])
        new = [row for key, row in self._rows.items() if (key,) not in known]
        _INSERT.execute(connection, new)
        return {kind for _, kind, *_ in new}

    def _add_on_sqlite(self, connection: Connection) -> set[str]:
        """Write the notices and have SQLite pass over known keys: to look for them takes as long as to write them."""
        before, rows = last_seq(connection), list(self._rows.values())
        new = connection.exec_driver_sql(_SQLITE_INSERT, rows).rowcount
        if new == len(rows):
            return {kind for _, kind, *_ in rows}
        return set(connection.execute(_KINDS_AFTER, {"after": before}).scalars()) if new else set()


def is_written(connection: Connection, key: str) -> bool:
    """Return whether there is a notice with `key`."""
    return bool(existing(connection, (notice_table.c.key,), [(for_column(key),)]))


def seqs_of(connection: Connection, keys: Sequence[str]) -> list[int]:
    """Return the numbers of the notices with these keys."""
    query = select(notice_table.c.seq)
    return [
        seq
        for part in parts([for_column(key) for key in keys])
        for seq in connection.execute(query.where(notice_table.c.key.in_(part))).scalars()
    ]


def after(connection: Connection, seq: int, limit: int) -> list[StoredNotice]:
    """Return up to `limit` notices after `seq`, oldest first; raises msgspec.DecodeError for an unknown body."""
    query = select(notice_table).where(notice_table.c.seq > seq).order_by(notice_table.c.seq).limit(limit)
    return [
        StoredNotice(row.seq, row.key, row.kind, decode_notice(row.body), row.created_at)
        for row in connection.execute(query)
    ]


def numbered(connection: Connection, seqs: Sequence[int]) -> list[StoredNotice]:
    """Return the notices of these numbers, oldest first; raises msgspec.DecodeError for an unknown body."""
    query = select(notice_table).order_by(notice_table.c.seq)
    return [
        StoredNotice(row.seq, row.key, row.kind, decode_notice(row.body), row.created_at)
        for part in parts(seqs)
        for row in connection.execute(query.where(notice_table.c.seq.in_(part)))
    ]


def last_seq(connection: Connection) -> int:
    """Return the newest notice's `seq`, 0 when there is none."""
    ((seq,),) = _LAST_SEQ.rows(connection)
    return seq or 0


_LAST_SEQ = RowSelect(lambda _: select(func.max(notice_table.c.seq)))


class OutboxLine(msgspec.Struct, frozen=True):
    """A stored notice, `body` its JSON: for those who forward it undecoded."""

    seq: int
    kind: str
    ts: int
    body: str
    created_at: int = 0


def lines_after(connection: Connection, seq: int, limit: int) -> list[OutboxLine]:
    """Return up to `limit` notices after `seq` undecoded, oldest first."""
    return [OutboxLine(*row) for row in _LINES_AFTER.rows(connection, after=seq, limit=limit)]


def _lines_after(_: Connection) -> Select[Any]:
    columns = (notice_table.c[name] for name in OutboxLine.__struct_fields__)
    query = select(*columns).where(notice_table.c.seq > bindparam("after"))
    return query.order_by(notice_table.c.seq).limit(bindparam("limit"))


_LINES_AFTER = RowSelect(_lines_after)


def _row(key: str, notice: Notice, now_ns: int) -> tuple[str, str, int, str, int]:
    return key, notice_kind(notice), notice.ts, encode_notice(notice).decode(), now_ns


_COLUMNS = [column.name for column in notice_table.columns if not column.primary_key]
_INSERT = RowInsert(notice_table, _COLUMNS)
_SQLITE_INSERT = (
    f"INSERT INTO notice ({', '.join(_COLUMNS)}) "  # noqa: S608  # our own column names
    f"VALUES ({', '.join('?' * len(_COLUMNS))}) ON CONFLICT (key) DO NOTHING"
)
_KINDS_AFTER = select(notice_table.c.kind).where(notice_table.c.seq > bindparam("after")).distinct()
