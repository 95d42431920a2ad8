# SPDX-License-Identifier: MIT
"""Who was on which decky lately: the lines of a map."""

import msgspec
from sqlalchemy import Connection, select

from decnet_models.attackers.tables import attacker, attacker_decky


class Edge(msgspec.Struct, frozen=True):
    """An attacker's events at a decky since the first of them; times in ns."""

    attacker: str
    decky: str
    events: int
    first_seen: int
    last_seen: int
    score: int


def edges(connection: Connection, since: int, limit: int) -> list[Edge]:
    """Return who was on which decky since a time, newest first, of the `limit` attackers that were seen last."""
    a, d = attacker.c, attacker_decky.c
    newest = select(a.ip, a.score).where(a.last_seen >= since).order_by(a.last_seen.desc()).limit(limit).subquery()
    query = (
        select(d.attacker, d.decky, d.events, d.first_seen, d.last_seen, newest.c.score)
        .join(newest, newest.c.ip == d.attacker)
        .where(d.last_seen >= since)
        .order_by(d.last_seen.desc(), d.attacker, d.decky)
        .limit(limit)
    )
    return [Edge(*row) for row in connection.execute(query)]


def attackers_of(connection: Connection, decky: str, limit: int) -> list[Edge]:
    """Return who was on a decky, newest first."""
    a, d = attacker.c, attacker_decky.c
    query = (
        select(d.attacker, d.decky, d.events, d.first_seen, d.last_seen, a.score)
        .join(attacker, a.ip == d.attacker)
        .where(d.decky == decky)
        .order_by(d.last_seen.desc(), d.attacker)
        .limit(limit)
    )
    return [Edge(*row) for row in connection.execute(query)]
