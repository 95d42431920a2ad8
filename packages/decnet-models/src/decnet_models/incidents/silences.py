# SPDX-License-Identifier: MIT
"""Silences: incidents of which nobody is told until a time."""

import msgspec
from sqlalchemy import Connection, insert, select, update

from decnet_core.text import for_column
from decnet_models.incidents.tables import incident_silence


class Silence(msgspec.Struct, frozen=True):
    """A row of `incident_silence`; `filter` is the JSON of a `decnet_workers.webhook.incidents.selection`."""

    id: int
    filter: str
    until: int
    who: str
    reason: str
    created_at: int
    ended_at: int | None


def silence(connection: Connection, selection: str, until_ns: int, who: str, reason: str = "", *, now_ns: int) -> int:
    """Add a silence; return its number."""
    values = {"filter": selection, "until": until_ns, "who": for_column(who, 255), "reason": for_column(reason)}
    query = insert(incident_silence).values(**values, created_at=now_ns).returning(incident_silence.c.id)
    return int(connection.execute(query).scalar_one())


def silences(connection: Connection, now_ns: int) -> list[Silence]:
    """Return the silences that have not ended, oldest first."""
    c = incident_silence.c
    query = select(incident_silence).where(c.until > now_ns, c.ended_at.is_(None)).order_by(c.id)
    return [Silence(*row) for row in connection.execute(query)]


def end_silence(connection: Connection, number: int, *, now_ns: int) -> bool:
    """End a silence now; False when there is none of that number that lasts."""
    c = incident_silence.c
    lasting = update(incident_silence).where(c.id == number, c.until > now_ns, c.ended_at.is_(None))
    return connection.execute(lasting.values(ended_at=now_ns)).rowcount > 0
