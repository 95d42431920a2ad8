# SPDX-License-Identifier: MIT
"""Queries of the known sources; times are ns since the Unix epoch."""

import time
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, bindparam, delete, func, select

from decnet_core.text import for_column
from decnet_models.database.rows.row_select import RowSelect
from decnet_models.database.statements import insert_into
from decnet_models.known.tables import known_source


class KnownSource(msgspec.Struct, frozen=True):
    """A source of the operator's own: who sends from `network`, to `port` and of `kind` if given, before `until`."""

    id: int
    network: str
    port: int | None
    kind: str | None
    until: int | None
    label: str
    forget: bool
    """Whether workers remove what they found out about its addresses before."""
    added_at: int


_ALL = RowSelect(lambda _: select(known_source).order_by(known_source.c.id))


class Stamp(msgspec.Struct, frozen=True):
    """Changes with every entry that is added or removed."""

    entries: int
    last: int


def add(
    connection: Connection,
    network: str,
    label: str,
    *,
    port: int | None = None,
    kind: str | None = None,
    until: int | None = None,
    forget: bool = False,
    now_ns: int | None = None,
) -> KnownSource:
    """Add a source; `network` in CIDR notation, without bits beyond its prefix."""
    values = {
        "network": network,
        "port": port,
        "kind": kind,
        "until": until,
        "label": for_column(label),
        "forget": forget,
        "added_at": time.time_ns() if now_ns is None else now_ns,
    }
    statement = insert_into(connection, known_source).values(**values).returning(known_source)
    return KnownSource(*connection.execute(statement).one())


def known_sources(connection: Connection) -> list[KnownSource]:
    """Return all, oldest first, including those whose time is over: of events before it they go on to be true."""
    return [_source(row) for row in _ALL.rows(connection)]


def _source(row: Sequence[Any]) -> KnownSource:
    id_, network, port, kind, until, label, forget, added_at = row
    return KnownSource(id_, network, port, kind, until, label, bool(forget), added_at)


def added_since(connection: Connection, since: int) -> int:
    """Return how many were added from a time on: what came from them before that was counted."""
    query = select(func.count()).where(known_source.c.added_at >= since)
    return int(connection.execute(query).scalar_one())


def remove(connection: Connection, source: int) -> bool:
    """Remove one; False when there is none of that number."""
    return connection.execute(delete(known_source).where(known_source.c.id == source)).rowcount > 0


def to_forget(connection: Connection, after: int) -> KnownSource | None:
    """Return the first entry after number `after` whose addresses are to be forgotten."""
    for row in _TO_FORGET.rows(connection, after=after):
        values = dict(zip(KnownSource.__struct_fields__, row, strict=True))
        return KnownSource(**{**values, "forget": bool(values["forget"])})
    return None


def _to_forget(_: Connection) -> Select[Any]:
    c = known_source.c
    columns = (c[name] for name in KnownSource.__struct_fields__)
    return select(*columns).where(c.id > bindparam("after"), c.forget.is_(True)).order_by(c.id).limit(1)


_TO_FORGET = RowSelect(_to_forget)


def forget(connection: Connection, source: int) -> KnownSource | None:
    """Have workers remove what they found out about an entry's addresses; return the entry, which has a new number.

    None when there is none of that number, or when it does not cover all that its addresses do.
    """
    row = connection.execute(select(known_source).where(known_source.c.id == source)).first()
    if row is None or row.port is not None or row.kind is not None:
        return None
    old = KnownSource(*row)
    remove(connection, source)
    return add(connection, old.network, old.label, until=old.until, forget=True, now_ns=old.added_at)


def stamp(connection: Connection) -> Stamp:
    ((entries, last),) = _STAMP.rows(connection)
    return Stamp(entries, last or 0)


def _stamp(_connection: Connection) -> Select[*tuple[Any, ...]]:
    return select(func.count(), func.max(known_source.c.id))


_STAMP = RowSelect(_stamp)
