# SPDX-License-Identifier: MIT
"""The audit log, which only grows, and the throttle of failed logins."""

from collections.abc import Iterable
from typing import Any, Literal, TypeAlias

import msgspec
from sqlalchemy import Connection, and_, case, delete, func, insert, or_, select

from decnet_core.text import for_column
from decnet_models.accounts.tables import audit_entry, login_throttle
from decnet_models.database.rows.keyset import Direction, in_order
from decnet_models.database.statements import insert_into, parts

Means: TypeAlias = Literal["session", "token", "command", "none"]


class Entry(msgspec.Struct, frozen=True):
    """An audited action; `ts` is ns since the Unix epoch, `detail` JSON."""

    actor: str
    means: Means
    action: str
    ts: int
    object: str | None = None
    address: str | None = None
    detail: dict[str, Any] = {}
    id: int = 0


def record(connection: Connection, entry: Entry) -> None:
    """Write an entry (its `id` is ignored); belongs in the transaction of the action."""
    connection.execute(
        insert(audit_entry).values(
            ts=entry.ts,
            actor=for_column(entry.actor, 255),
            means=entry.means,
            address=entry.address,
            action=entry.action,
            object=for_column(entry.object, 255) if entry.object else None,
            detail=msgspec.json.encode(entry.detail).decode(),
        )
    )


def entries(
    connection: Connection,
    limit: int = 100,
    *,
    actor: str | None = None,
    object: str | None = None,  # noqa: A002  # the column's name
    action: str | None = None,
    since: int | None = None,
    until: int | None = None,
    before: int | None = None,
    direction: Direction = "desc",
) -> list[Entry]:
    """Return entries from `since` on and before `until`, by default newest first.

    Page on with `before` = the last one's `id`.

    `action` may be the first word of several (`account` for account.disable and the like).
    """
    c = audit_entry.c
    query = select(*(c[name] for name in Entry.__struct_fields__)).limit(limit)
    query = in_order(query, (c.id,), None if before is None else (before,), direction)
    for column, value in ((c.actor, actor), (c.object, object)):
        if value is not None:
            query = query.where(column == value)
    if action is not None:
        query = query.where(or_(c.action == action, and_(c.action > f"{action}.", c.action < f"{action}/")))
    for condition, bound in ((c.ts.__ge__, since), (c.ts.__lt__, until)):
        if bound is not None:
            query = query.where(condition(bound))
    return [Entry(**{**row._mapping, "detail": msgspec.json.decode(row.detail)}) for row in connection.execute(query)]


def blocked_until(connection: Connection, keys: Iterable[str], *, now_ns: int) -> int | None:
    """Return until when logins with one of `keys` (address, name) are rejected; None: they are not."""
    c = login_throttle.c
    query = select(func.max(c.blocked_until)).where(c.blocked_until > now_ns)
    times = [connection.execute(query.where(c.key.in_(part))).scalar() for part in parts(keys)]
    return max((until for until in times if until is not None), default=None)


def record_failure(connection: Connection, key: str, *, forget_before: int, now_ns: int) -> int:
    """Count a failed login and return how many there were in a row; those before `forget_before` no longer count."""
    c = login_throttle.c
    statement = insert_into(connection, login_throttle).values(key=for_column(key, 255), failures=1, last_at=now_ns)
    counted = case((c.last_at < forget_before, 1), else_=c.failures + 1)
    changed = statement.on_conflict_do_update(
        index_elements=["key"], set_={"failures": counted, "last_at": now_ns}
    ).returning(c.failures)
    return int(connection.execute(changed).scalar_one())


def block(connection: Connection, key: str, *, until: int) -> None:
    """Reject logins with `key` until a time."""
    c = login_throttle.c
    connection.execute(login_throttle.update().where(c.key == for_column(key, 255)).values(blocked_until=until))


def uncount(connection: Connection, key: str) -> None:
    """Take back the last failure of `key`, which was none, and the block that it brought."""
    c = login_throttle.c
    named = c.key == for_column(key, 255)
    less = login_throttle.update().where(named, c.failures > 1).values(failures=c.failures - 1, blocked_until=None)
    if connection.execute(less).rowcount == 0:
        connection.execute(delete(login_throttle).where(named))


def clear(connection: Connection, key: str) -> None:
    """Delete the failed logins of `key`, after a successful one."""
    connection.execute(delete(login_throttle).where(login_throttle.c.key == for_column(key, 255)))


def forget_failures(connection: Connection, last_before: int, limit: int) -> int:
    """Delete up to `limit` counters without a failure since a time; return how many."""
    c = login_throttle.c
    old = select(c.key).where(c.last_at < last_before).order_by(c.last_at).limit(limit)
    return connection.execute(delete(login_throttle).where(c.key.in_(old))).rowcount
