# SPDX-License-Identifier: MIT
"""Merges and splits, each with its reasons and the members moved, so that it can be undone."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Connection, Row, func, insert, literal, or_, select, update

from decnet_models.database.statements import parts
from decnet_models.grouping.membership import next_revision, resolved
from decnet_models.grouping.shape import Grouping
from decnet_models.grouping.values import GroupChange, Reason, S, reasons, written


def merge(
    connection: Connection,
    g: Grouping[Any],
    source: UUID,
    target: UUID,
    *,
    weight: float,
    because: Sequence[Reason],
    now_ns: int,
) -> int:
    """Move all of `source` into `target` and return the change's id; ValueError unless neither has been merged."""
    _require_standing(connection, g, source, target)
    row = {"kind": "merge", "source": source, "target": target, "weight": weight, "because": because, "ts": now_ns}
    change = _record(connection, g, row)
    c = g.member.c
    _move(connection, g, change, c[g.key] == source, target)
    connection.execute(update(g.group).where(g.group.c.id == source).values(merged_into=target))
    _recount(connection, g, [source, target])
    return change


def split(
    connection: Connection,
    g: Grouping[S],
    source: UUID,
    target: UUID,
    *,
    subjects: Collection[S],
    because: Sequence[Reason],
    now_ns: int,
) -> int:
    """Move those of `subjects` that are in `source` to `target`; returns and raises as `merge`."""
    _require_standing(connection, g, source, target)
    row = {"kind": "split", "source": source, "target": target, "weight": 0.0, "because": because, "ts": now_ns}
    change = _record(connection, g, row)
    c = g.member.c
    for part in parts(subjects):
        _move(connection, g, change, (c[g.key] == source) & c[g.subject].in_(part), target)
    _recount(connection, g, [source, target])
    return change


def undo(connection: Connection, g: Grouping[Any], change_id: int, *, now_ns: int) -> bool:
    """Move back the members of a change that are still where it put them; False when it was undone already.

    Both groups may have been merged since: members are looked for where the target's are now. A merge's source is
    restored; what a split took goes to where the source's others are now.
    """
    undone = change(connection, g, change_id)
    if undone is None or undone.undone_at is not None:
        return False
    here, home = resolved(connection, g, undone.target), undone.source
    if undone.kind == "merge":
        connection.execute(update(g.group).where(g.group.c.id == home).values(merged_into=None))
    else:
        home = resolved(connection, g, home) or home
    c, moved = g.member.c, g.moved.c
    went = select(moved[g.subject]).where(moved.change == change_id)
    connection.execute(update(g.member).where(c[g.key] == here, c[g.subject].in_(went)).values({g.key: home}))
    connection.execute(update(g.change).where(g.change.c.id == change_id).values(undone_at=now_ns))
    _recount(connection, g, {home, here or home})
    return True


def change(connection: Connection, g: Grouping[Any], change_id: int) -> GroupChange | None:
    row = connection.execute(select(g.change).where(g.change.c.id == change_id)).one_or_none()
    return _change(row) if row else None


def changes(connection: Connection, g: Grouping[Any], group_id: UUID, limit: int = 100) -> list[GroupChange]:
    """Return the changes of the group, newest first."""
    c = g.change.c
    query = select(g.change).where(or_(c.source == group_id, c.target == group_id)).order_by(c.id.desc()).limit(limit)
    return [_change(row) for row in connection.execute(query)]


def _recount(connection: Connection, g: Grouping[Any], touched: Iterable[UUID]) -> None:
    """Recount the members and their times; a group that lost all of them keeps its times."""
    member, c = g.member.c, g.group.c
    for group_id in sorted(touched):
        query = select(func.count(), func.min(member.first_seen), func.max(member.last_seen))
        number, first, last = connection.execute(query.where(member[g.key] == group_id)).one()
        values = {"members": number, "first_seen": first, "last_seen": last} if number else {"members": 0}
        revised = update(g.group).values(revision=next_revision(g, connection))
        connection.execute(revised.where(c.id == group_id).values(**values))


def _require_standing(connection: Connection, g: Grouping[Any], source: UUID, target: UUID) -> None:
    c = g.group.c
    asked = select(func.count()).select_from(g.group).where(c.id.in_([source, target]), c.merged_into.is_(None))
    if source == target or connection.execute(asked).scalar_one() != 2:
        raise ValueError(f"{source} and {target} must be two groups that are not merged into another")


def _record(connection: Connection, g: Grouping[Any], row: dict[str, Any]) -> int:
    values = row | {"because": written(row["because"])}
    return int(connection.execute(insert(g.change).values(**values).returning(g.change.c.id)).scalar_one())


def _move(connection: Connection, g: Grouping[Any], change: int, chosen: ColumnElement[bool], target: UUID) -> None:
    """Put the chosen members into `target`, and record them with the change."""
    who = select(literal(change, BigInteger), g.member.c[g.subject]).where(chosen)
    connection.execute(insert(g.moved).from_select(["change", g.subject], who))
    connection.execute(update(g.member).where(chosen).values({g.key: target}))


def _change(row: Row[Any]) -> GroupChange:
    because = reasons(row.because)
    return GroupChange(row.id, row.kind, row.source, row.target, row.weight, because, row.ts, row.undone_at)
