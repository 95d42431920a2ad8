# SPDX-License-Identifier: MIT
"""Queries of the transactional outbox."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, func, select

from decnet_core.events.notices import Notice, decode_notice, encode_notice, notice_kind
from decnet_core.text import for_column
from decnet_models.notices.tables import notice as notice_table
from decnet_models.statements import commit_in_order, insert_into

MAX_KEY = 512
"""Characters of a key; a longer one is an error of the caller."""


class StoredNotice(msgspec.Struct, frozen=True):
    """A notice with its place in the outbox: `seq` grows in the order of commit."""

    seq: int
    key: str
    kind: str
    notice: Notice
    created_at: int


def add(connection: Connection, key: str, notice: Notice, now_ns: int) -> bool:
    """Write `notice` unless one with `key` is there already; return whether it is new."""
    if len(key) > MAX_KEY:
        raise ValueError(f"the notice's key has {len(key)} characters, the limit is {MAX_KEY}")
    commit_in_order(connection, notice_table)
    statement = insert_into(connection, notice_table).values(
        key=for_column(key),
        kind=notice_kind(notice),
        ts=notice.ts,
        body=encode_notice(notice).decode(),
        created_at=now_ns,
    )
    return connection.execute(statement.on_conflict_do_nothing(index_elements=["key"])).rowcount > 0


def after(connection: Connection, seq: int, limit: int) -> list[StoredNotice]:
    """Return up to `limit` notices after `seq`, oldest first; raises msgspec.DecodeError for an unknown body."""
    query = select(notice_table).where(notice_table.c.seq > seq).order_by(notice_table.c.seq).limit(limit)
    return [
        StoredNotice(row.seq, row.key, row.kind, decode_notice(row.body), row.created_at)
        for row in connection.execute(query)
    ]


def last_seq(connection: Connection) -> int:
    """Return the newest notice's `seq`, 0 when there is none."""
    return connection.execute(select(func.max(notice_table.c.seq))).scalar() or 0


class OutboxLine(msgspec.Struct, frozen=True):
    """A notice as it is stored, `body` its JSON: for those who pass it on and need not understand it."""

    seq: int
    kind: str
    ts: int
    body: str


def lines_after(connection: Connection, seq: int, limit: int) -> list[OutboxLine]:
    """Return up to `limit` notices after `seq` unread, oldest first."""
    columns = (notice_table.c.seq, notice_table.c.kind, notice_table.c.ts, notice_table.c.body)
    query = select(*columns).where(notice_table.c.seq > seq).order_by(notice_table.c.seq).limit(limit)
    return [OutboxLine(*row) for row in connection.execute(query)]
