# SPDX-License-Identifier: MIT
"""The record of the fleet's changes, desired and actual: who made each, why and when (ns)."""

from typing import Any, Literal, TypeAlias

import msgspec
from sqlalchemy import Connection, insert, select

from decnet_core.text import for_column
from decnet_models.database.rows.keyset import Direction, in_order
from decnet_models.database.statements import commit_in_order
from decnet_models.fleet.tables import decky_change

ChangeKind: TypeAlias = Literal[
    "added", "changed", "mutated", "removed", "started", "stopped", "repaired", "failed", "gone"
]


class ChangeInfo(msgspec.Struct, frozen=True):
    """Actor, kind, reason and time of a change."""

    kind: ChangeKind
    actor: str
    reason: str
    now_ns: int


class Change(msgspec.Struct, frozen=True):
    """A change of a decky, with its state (desired, or actual) before and after."""

    id: int
    decky: str
    version: int
    kind: ChangeKind
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    actor: str
    reason: str
    ts: int


def record_change(
    connection: Connection,
    name: str,
    version: int,
    info: ChangeInfo,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """Record a change; belongs in the transaction of the change.

    The operator, mutate and reconciler do so; a reader of `changes_after` must not skip the one that commits last. They
    take turns before they lock a decky, so that there is no deadlock.
    """
    commit_in_order(connection, decky_change)
    connection.execute(
        insert(decky_change).values(
            decky=name,
            version=version,
            kind=info.kind,
            before=msgspec.json.encode(before).decode() if before else None,
            after=msgspec.json.encode(after).decode() if after else None,
            actor=for_column(info.actor, 255),
            reason=for_column(info.reason),
            ts=info.now_ns,
        )
    )


def history(
    connection: Connection, name: str, limit: int = 100, *, after: int | None = None, direction: Direction = "desc"
) -> list[Change]:
    """Return a decky's changes, by default newest first; page on with `after` = the last one's `id`."""
    c = decky_change.c
    query = select(decky_change).where(c.decky == name)
    query = in_order(query, (c.id,), None if after is None else (after,), direction)
    return [_change(row) for row in connection.execute(query.limit(limit))]


def changes_after(connection: Connection, last: int, limit: int = 1000) -> list[Change]:
    """Return the fleet's changes after number `last`, oldest first."""
    c = decky_change.c
    query = select(decky_change).where(c.id > last).order_by(c.id).limit(limit)
    return [_change(row) for row in connection.execute(query)]


def _change(row: Any) -> Change:
    before, after = (msgspec.json.decode(text) if text else None for text in (row.before, row.after))
    return Change(row.id, row.decky, row.version, row.kind, before, after, row.actor, row.reason, row.ts)
