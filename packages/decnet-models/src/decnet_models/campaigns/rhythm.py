# SPDX-License-Identifier: MIT
"""When campaigns end, in the time of events."""

from collections.abc import Iterable
from uuid import UUID

import msgspec
from sqlalchemy import Connection, case, select, update

from decnet_models.campaigns.tables import CAMPAIGNS, campaign_rhythm
from decnet_models.database.statements import insert_into


class Rhythm(msgspec.Struct, frozen=True):
    """A campaign's longest silence so far, in ns, and when it will have ended unless it acts before."""

    campaign: UUID
    longest_silence: int
    ends_at: int


def write_rhythms(connection: Connection, rhythms: Iterable[Rhythm]) -> None:
    """Write the rhythms; a campaign whose end has moved goes on until `end` says otherwise.

    Another silence need not move the end: it is limited (`LEAST`, `MOST` of campaign-clusterer).
    """
    rows = [msgspec.structs.asdict(one) | {"ended_at": None} for one in rhythms]
    if not rows:
        return
    statement = insert_into(connection, campaign_rhythm)
    c, new = campaign_rhythm.c, statement.excluded
    moved = c.ends_at != new.ends_at
    values = {
        "longest_silence": new.longest_silence,
        "ends_at": new.ends_at,
        "ended_at": case((moved, None), else_=c.ended_at),
    }
    other = moved | (c.longest_silence != new.longest_silence)
    connection.execute(statement.on_conflict_do_update(index_elements=["campaign"], set_=values, where=other), rows)


def due(connection: Connection, head: int, limit: int = 500) -> list[Rhythm]:
    """Return campaigns with members that have ended by the time `head` and are not marked so, the earliest first."""
    c, group = campaign_rhythm.c, CAMPAIGNS.group.c
    query = select(c.campaign, c.longest_silence, c.ends_at).join(CAMPAIGNS.group, group.id == c.campaign)
    query = query.where(c.ended_at.is_(None), c.ends_at < head, group.members > 0)
    return [Rhythm(*row) for row in connection.execute(query.order_by(c.ends_at, c.campaign).limit(limit))]


def end(connection: Connection, campaigns: Iterable[UUID]) -> None:
    """Mark campaigns as ended."""
    c = campaign_rhythm.c
    for campaign in campaigns:
        connection.execute(update(campaign_rhythm).where(c.campaign == campaign).values(ended_at=c.ends_at))


def rhythm_of(connection: Connection, campaign: UUID) -> tuple[Rhythm, int | None] | None:
    """Return a campaign's rhythm and when it ended."""
    c = campaign_rhythm.c
    query = select(c.campaign, c.longest_silence, c.ends_at, c.ended_at).where(c.campaign == campaign)
    row = connection.execute(query).one_or_none()
    return (Rhythm(*row[:3]), row[3]) if row else None
