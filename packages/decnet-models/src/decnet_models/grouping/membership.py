# SPDX-License-Identifier: MIT
"""Groups and their members.

The cost depends on what a batch touches, never on the size of a group: a joining member adds to its group's count.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, ScalarSelect, Uuid, bindparam, case, func, select, update

from decnet_models.database.rows.keyset import Direction, in_order
from decnet_models.database.rows.page_select import PageSelect
from decnet_models.database.rows.row_select import RowSelect, as_uuid, listed
from decnet_models.database.statements import commit_in_order, insert_into, parts
from decnet_models.database.window import Window
from decnet_models.grouping.shape import Grouping
from decnet_models.grouping.values import Group, Member, S, reasons, written

_MAX_MERGES = 64
"""How many merges `resolved` follows."""


def create_group(connection: Connection, g: Grouping[Any], group: UUID, *, now_ns: int) -> None:
    """Create a group without members; the caller chooses the id, so that a repeated batch creates the same one."""
    row = {"id": group, "members": 0, "first_seen": now_ns, "last_seen": 0, "created_at": now_ns}
    connection.execute(insert_into(connection, g.group).values(**row).on_conflict_do_nothing(index_elements=["id"]))


def place(connection: Connection, g: Grouping[S], members: Iterable[Member[S]]) -> None:
    """Add subjects to groups; for those in a group already, only the times of their events are widened."""
    rows = {one.subject: one for one in members}
    if not rows:
        return
    known = groups_of(connection, g, rows)
    statement = insert_into(connection, g.member)
    new, old = statement.excluded, g.member.c
    widened = {
        "first_seen": case((new.first_seen < old.first_seen, new.first_seen), else_=old.first_seen),
        "last_seen": case((new.last_seen > old.last_seen, new.last_seen), else_=old.last_seen),
    }
    connection.execute(
        statement.on_conflict_do_update(index_elements=[g.subject], set_=widened),
        [_member_row(g, rows[subject]) for subject in sorted(rows)],
    )
    touched: dict[UUID, list[tuple[int, int, int]]] = {}
    for subject, one in rows.items():
        group = known.get(subject, one.group)
        touched.setdefault(group, []).append((subject not in known, one.first_seen, one.last_seen))
    for group, seen in sorted(touched.items()):
        joined, first, last = zip(*seen, strict=True)
        _widen(connection, g, group, (sum(joined), min(first), max(last)))


def groups_of(connection: Connection, g: Grouping[S], subjects: Iterable[S]) -> dict[S, UUID]:
    found = [row for part in parts(subjects) for row in _groups_of(g).rows(connection, subjects=part)]
    own: Callable[[Any], Any] = as_uuid if isinstance(g.member.c[g.subject].type, Uuid) else str
    return {own(subject): as_uuid(group) for subject, group in found}


@cache
def _groups_of(g: Grouping[Any]) -> RowSelect:
    c = g.member.c
    return RowSelect(
        lambda connection: select(c[g.subject], c[g.key]).where(listed(connection, c[g.subject], "subjects"))
    )


def members(
    connection: Connection,
    g: Grouping[S],
    group: UUID,
    limit: int = 1000,
    *,
    after: S | None = None,
    direction: Direction = "asc",
) -> list[Member[S]]:
    """Return the group's members in the order of their names; page on with `after` = the last one's subject."""
    c = g.member.c
    query = select(c[g.subject], c[g.key], c.weight, c.because, c.first_seen, c.last_seen, c.joined_at)
    query = query.where(c[g.key] == group)
    query = in_order(query, (c[g.subject],), None if after is None else (after,), direction)
    rows = connection.execute(query.limit(limit))
    return [Member(row[0], row[1], row[2], reasons(row[3]), row[4], row[5], row[6]) for row in rows]


def groups(
    connection: Connection,
    g: Grouping[Any],
    limit: int = 100,
    *,
    before: Group | None = None,
    least: int = 0,
    direction: Direction = "desc",
    window: Window = Window(),  # noqa: B008  # frozen
) -> list[Group]:
    """Return the unmerged groups of at least so many members, by default those last seen first.

    With a `window` those that were seen first before its end, and last after its beginning. Page on with `before` = the
    last one.
    """
    after = None if before is None else (before.last_seen, before.id)
    rows = group_rows(connection, g, limit, after=after, least=least, direction=direction, window=window)
    return [group_of(row) for row in rows]


def group_rows(
    connection: Connection,
    g: Grouping[Any],
    limit: int = 100,
    *,
    after: tuple[int, UUID] | None = None,
    least: int = 0,
    direction: Direction = "desc",
    window: Window = Window(),  # noqa: B008  # frozen
) -> Sequence[Any]:
    """Return what `groups` does as rows, which `group_of` reads; `after` is when the last one was seen, and its id."""
    times = {"since": window.since, "until": window.until} if window.bounded else {}
    return _page(g).rows(connection, limit, after=after, direction=direction, least=least, **times)


def group_of(row: Sequence[Any]) -> Group:
    """Return the group of a row, whose ids may be texts (`RowSelect`)."""
    group, merged_into, *values = row
    return Group(as_uuid(group), None if merged_into is None else as_uuid(merged_into), *values)


@cache
def _page(g: Grouping[Any]) -> PageSelect:
    c = g.group.c
    return PageSelect(
        lambda _: select(*_group_columns(g)).where(c.merged_into.is_(None)),
        (c.last_seen, c.id),
        {
            "least": c.members >= bindparam("least"),
            "since": c.last_seen >= bindparam("since"),
            "until": c.first_seen < bindparam("until"),
        },
    )


def group(connection: Connection, g: Grouping[Any], group_id: UUID) -> Group | None:
    """Return the group of that id, merged or not; None for an unknown id."""
    row = connection.execute(select(*_group_columns(g)).where(g.group.c.id == group_id)).one_or_none()
    return Group(*row) if row else None


def ids_between(connection: Connection, g: Grouping[Any], first: UUID, last: UUID, limit: int = 100) -> list[UUID]:
    """Return the ids of groups, merged or not, from `first` to `last`, in order."""
    query = select(g.group.c.id).where(g.group.c.id.between(first, last)).order_by(g.group.c.id).limit(limit)
    return list(connection.execute(query).scalars())


def resolved(connection: Connection, g: Grouping[Any], group_id: UUID) -> UUID | None:
    """Return the group into which a group was merged, transitively; None for an unknown id."""
    for _ in range(_MAX_MERGES):
        current = group(connection, g, group_id)
        if current is None or current.merged_into is None:
            return current.id if current else None
        group_id = current.merged_into
    return group_id


def next_revision(g: Grouping[Any], connection: Connection) -> ScalarSelect[int]:
    """Return the expression for a changed group's revision; others wait until the commit."""
    commit_in_order(connection, g.group)
    return select(func.coalesce(func.max(g.group.c.revision), 0) + 1).scalar_subquery()


def changed(connection: Connection, g: Grouping[Any], revision: int, limit: int = 1000) -> list[Group]:
    """Return the groups, merged ones too, that changed after a revision, in that order."""
    c = g.group.c
    query = select(*_group_columns(g)).where(c.revision > revision).order_by(c.revision).limit(limit)
    return [Group(*row) for row in connection.execute(query)]


def count_members(connection: Connection, g: Grouping[Any]) -> int:
    """Return the number of subjects in groups; it reads them all, so a worker calls it once and then counts on."""
    return connection.execute(select(func.count()).select_from(g.member)).scalar_one()


def _member_row(g: Grouping[S], one: Member[S]) -> dict[str, Any]:
    return {
        g.subject: one.subject,
        g.key: one.group,
        "weight": one.weight,
        "because": written(one.because),
        "first_seen": one.first_seen,
        "last_seen": one.last_seen,
        "joined_at": one.joined_at,
    }


def _widen(connection: Connection, g: Grouping[Any], group_id: UUID, seen: tuple[int, int, int]) -> None:
    joined, first, last = seen
    c = g.group.c
    connection.execute(
        update(g.group)
        .where(c.id == group_id)
        .values(
            members=c.members + joined,
            first_seen=case((c.first_seen < first, c.first_seen), else_=first),
            last_seen=case((c.last_seen > last, c.last_seen), else_=last),
            revision=next_revision(g, connection),
        )
    )


def _group_columns(g: Grouping[Any]) -> list[Any]:
    return [g.group.c[name] for name in Group.__struct_fields__]
