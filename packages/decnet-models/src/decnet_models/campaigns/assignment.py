# SPDX-License-Identifier: MIT
"""Writes which identity is in which campaign, and records merges and splits with their reasons."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Connection, Select, bindparam, delete, func, select, update

from decnet_models.campaigns.tables import CAMPAIGNS
from decnet_models.database.statements import parts
from decnet_models.grouping import changes
from decnet_models.grouping.membership import create_group, groups_of, next_revision, place
from decnet_models.grouping.values import Member, Reason, reasons, written

_group, _member = CAMPAIGNS.group, CAMPAIGNS.member
_DESCRIBE = (
    update(_member)
    .where(_member.c.identity == bindparam("of_identity"))
    .values({name: bindparam(f"new_{name}") for name in ("weight", "because", "first_seen", "last_seen")})
)


class Assignment(msgspec.Struct, frozen=True):
    """An identity's campaign, and why; None: it is in none."""

    identity: UUID
    campaign: UUID | None
    weight: float = 0.0
    because: tuple[Reason, ...] = ()
    first_seen: int = 0
    last_seen: int = 0


class Assigned(msgspec.Struct, frozen=True):
    """A campaign that has more members than before."""

    campaign: UUID
    before: int
    members: int


def assign(connection: Connection, wanted: Collection[Assignment], *, now_ns: int) -> list[Assigned]:
    """Make the membership of these identities what is wanted; return the campaigns that were formed or grew.

    The identities are whole campaigns: all members of any campaign that one of them is in.
    """
    by_identity = {one.identity: one for one in wanted}
    before = groups_of(connection, CAMPAIGNS, by_identity)
    sizes = Counter(before.values())
    target = {one.identity: one.campaign for one in wanted if one.campaign is not None}
    reasons_of = {one.campaign: one for one in sorted(wanted, key=lambda one: (one.weight, one.identity))}
    _stand(connection, set(target.values()), now_ns)
    now_in = _merged(connection, before, target, reasons_of, now_ns)
    _leave(connection, [identity for identity in now_in if identity not in target])
    for source, to, moved in _moves(now_in, target):
        changes.split(connection, CAMPAIGNS, source, to, subjects=moved, because=reasons_of[to].because, now_ns=now_ns)
    place(connection, CAMPAIGNS, (_new_member(by_identity[one], now_ns) for one in target if one not in now_in))
    _describe(connection, [by_identity[identity] for identity in target])
    _recount(connection, {*sizes, *target.values()})
    after = Counter(target.values())
    return [Assigned(one, sizes[one], number) for one, number in sorted(after.items()) if number > sizes[one]]


def _stand(connection: Connection, campaigns: Collection[UUID], now_ns: int) -> None:
    """Create the campaigns that there are not yet, and restore those that were merged."""
    there = _of_each(connection, campaigns, select(_group.c.id, _group.c.merged_into))
    for campaign in sorted(campaigns):
        if campaign not in there:
            create_group(connection, CAMPAIGNS, campaign, now_ns=now_ns)
        elif there[campaign] != (None,):
            connection.execute(update(_group).where(_group.c.id == campaign).values(merged_into=None))


def _of_each(connection: Connection, campaigns: Iterable[UUID], query: Select[Any]) -> dict[UUID, tuple[Any, ...]]:
    """Return what the query says of each of these campaigns that it finds; its first column is the campaign."""
    campaign = query.selected_columns[0]
    return {
        row[0]: tuple(row[1:])
        for part in parts(campaigns)
        for row in connection.execute(query.where(campaign.in_(part)))
    }


def _merged(
    connection: Connection,
    before: Mapping[UUID, UUID],
    target: Mapping[UUID, UUID],
    reasons_of: Mapping[UUID | None, Assignment],
    now_ns: int,
) -> dict[UUID, UUID]:
    """Merge each campaign that there is no more into that of most of its members; return who is where then."""
    now_in = dict(before)
    for source in sorted(set(before.values()) - set(target.values())):
        members = [identity for identity, campaign in before.items() if campaign == source]
        into = Counter(target[identity] for identity in members if identity in target)
        if not into:
            continue
        most = min(into, key=lambda campaign: (-into[campaign], campaign))
        why = reasons_of[most]
        changes.merge(connection, CAMPAIGNS, source, most, weight=why.weight, because=why.because, now_ns=now_ns)
        now_in.update(dict.fromkeys(members, most))
    return now_in


def _moves(now_in: Mapping[UUID, UUID], target: Mapping[UUID, UUID]) -> list[tuple[UUID, UUID, list[UUID]]]:
    moves: dict[tuple[UUID, UUID], list[UUID]] = {}
    for identity, source in now_in.items():
        if identity in target and target[identity] != source:
            moves.setdefault((source, target[identity]), []).append(identity)
    return [(source, to, sorted(moved)) for (source, to), moved in sorted(moves.items())]


def _leave(connection: Connection, identities: Collection[UUID]) -> None:
    if identities:
        gone = delete(_member).where(_member.c.identity == bindparam("of_identity"))
        connection.execute(gone, [{"of_identity": identity} for identity in sorted(identities)])


def _new_member(one: Assignment, now_ns: int) -> Member[UUID]:
    assert one.campaign is not None
    return Member(one.identity, one.campaign, one.weight, one.because, one.first_seen, one.last_seen, now_ns)


def _describe(connection: Connection, members: Collection[Assignment]) -> None:
    """Write the reasons and times of members that are other than they were."""
    c = _member.c
    known = {
        row[0]: (row[1], reasons(row[2]), row[3], row[4])
        for row in connection.execute(
            select(c.identity, c.weight, c.because, c.first_seen, c.last_seen).where(
                c.campaign.in_(sorted({one.campaign for one in members if one.campaign}))
            )
        )
    }
    rows = [
        {
            "of_identity": one.identity,
            "new_weight": one.weight,
            "new_because": written(one.because),
            "new_first_seen": one.first_seen,
            "new_last_seen": one.last_seen,
        }
        for one in members
        if known.get(one.identity) != (one.weight, one.because, one.first_seen, one.last_seen)
    ]
    if rows:
        connection.execute(_DESCRIBE, rows)


def _recount(connection: Connection, campaigns: Collection[UUID]) -> None:
    """Set the members and times of campaigns from their members; one that lost all of them keeps its times."""
    c, group = _member.c, _group.c
    count = select(c.campaign, func.count(), func.min(c.first_seen), func.max(c.last_seen)).group_by(c.campaign)
    counted = _of_each(connection, campaigns, count)
    known = select(group.id, group.members, group.first_seen, group.last_seen)
    for campaign, was in sorted(_of_each(connection, campaigns, known).items()):
        now = counted.get(campaign, (0, *was[1:]))
        if now != was:
            values = dict(zip(("members", "first_seen", "last_seen"), now, strict=True))
            revised = update(_group).values(revision=next_revision(CAMPAIGNS, connection), **values)
            connection.execute(revised.where(group.id == campaign))
