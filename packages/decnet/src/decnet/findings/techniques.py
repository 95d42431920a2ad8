# SPDX-License-Identifier: MIT
"""ATT&CK techniques in a span of time, technique by technique, so that the index of techniques and times serves.

The work grows with what was recognised in the span, not with what ever was.
"""

from collections.abc import Iterator
from uuid import UUID

import msgspec
from sqlalchemy import Connection, func, select, tuple_

from decnet_models.database.window import ALWAYS_SINCE, Window
from decnet_models.ttp.queries import Tag
from decnet_models.ttp.tables import ttp_tag
from decnet_workers.ttp.attack import technique

Position = tuple[int, str, int, str]
"""Time, attacker, `seq` and rule of the tag before."""


class NamedTechnique(msgspec.Struct, frozen=True):
    """A technique with the tags and attackers of a span of time; `first_seen` is of all time."""

    technique: str
    name: str | None
    tactics: tuple[str, ...]
    tags: int
    attackers: int
    first_seen: int
    last_seen: int


def techniques(connection: Connection, window: Window) -> list[NamedTechnique]:
    """Return the techniques that were recognised in a span of time, most often recognised first."""
    found = [one for number in numbers(connection) if (one := _used(connection, number, window)) is not None]
    return sorted(found, key=lambda one: (-one.tags, one.technique))


def new_since(connection: Connection, since: int) -> list[NamedTechnique]:
    """Return the techniques that were never recognised before a time, the latest first."""
    window, c = Window(since), ttp_tag.c
    first = [
        (number, connection.execute(select(func.min(c.ts)).where(c.technique == number)).scalar())
        for number in numbers(connection)
    ]
    new = [_used(connection, number, window) for number, ts in first if ts is not None and ts >= since]
    return sorted((one for one in new if one is not None), key=lambda one: -one.first_seen)


def numbers(connection: Connection) -> Iterator[str]:
    """Yield the techniques that were ever recognised, in order; one look into the index for each."""
    c, last = ttp_tag.c, ""
    while (following := connection.execute(select(func.min(c.technique)).where(c.technique > last)).scalar()) is not None:
        yield following
        last = following


def tags_of(
    connection: Connection, number: str, limit: int, *, window: Window | None = None, after: Position | None = None
) -> list[Tag]:
    """Return the tags of a technique, newest first."""
    c, window = ttp_tag.c, window or Window()
    place = (c.ts, c.attacker, c.seq, c.rule_id)
    query = select(ttp_tag).where(c.technique == number, c.ts >= window.since, c.ts < window.until)
    if after is not None:
        query = query.where(c.ts <= after[0], tuple_(*place) < (*after[:3], UUID(after[3])))
    return [Tag(*row) for row in connection.execute(query.order_by(*(one.desc() for one in place)).limit(limit))]


def _used(connection: Connection, number: str, window: Window) -> NamedTechnique | None:
    c = ttp_tag.c
    of_it = select(func.count(), func.count(c.attacker.distinct()), func.min(c.ts), func.max(c.ts))
    of_it = of_it.where(c.technique == number, c.ts >= window.since, c.ts < window.until)
    tags, attackers, first, last = connection.execute(of_it).one()
    if not tags:
        return None
    if window.since > ALWAYS_SINCE:
        first = connection.execute(select(func.min(c.ts)).where(c.technique == number)).scalar_one()
    known = technique(number)
    name, tactics = (known.name, known.tactics) if known else (None, ())
    return NamedTechnique(number, name, tactics, tags, attackers, first, last)
