# SPDX-License-Identifier: MIT
"""What the log has beyond a worker's cursor, for others that must not act on its results alone."""

from typing import NamedTuple

from sqlalchemy import Connection, select

from decnet_models.events.tables import event


class Unhandled(NamedTuple):
    """The deckies of the events that were read, and whether those were all that there are."""

    deckies: frozenset[str]
    complete: bool


def unhandled(connection: Connection, cursor: int, limit: int) -> Unhandled:
    """Return the deckies touched after row `cursor`, from at most `limit` events; synthetic ones touch nothing."""
    c = event.c
    query = select(c.decky, c.synthetic).where(c.seq > cursor).order_by(c.seq).limit(limit)
    rows = connection.execute(query).all()
    return Unhandled(frozenset(name for name, synthetic in rows if name and not synthetic), len(rows) < limit)
