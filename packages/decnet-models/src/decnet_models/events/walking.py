# SPDX-License-Identifier: MIT
"""What a row of the event log says but its payload.

Whoever filters by what no index has looks at these, and reads payloads only of what is left.
"""

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection, select

from decnet_models.database.rows.row_select import RowSelect, listed
from decnet_models.database.statements import parts
from decnet_models.events.queries import StoredEvent, readable
from decnet_models.events.tables import event


class Place(NamedTuple):
    """A row of the log without its payload."""

    seq: int
    ts: int
    kind: str
    src_ip: str | None
    dst_port: int | None
    decky: str | None
    sensor: str
    session: str | None
    synthetic: bool


_PLACE = tuple(event.c[name] for name in Place._fields)
_EVENTS = RowSelect(lambda connection: select(event).where(listed(connection, event.c.seq, "seqs")))


def place_of(stored: StoredEvent) -> Place:
    """Return the row of an event that was read."""
    one = stored.event
    values = (one.src_ip, one.dst_port, one.decky, one.sensor, one.session, one.synthetic)
    return Place(stored.seq, one.ts, one.kind, *values)


def places_of(connection: Connection, seqs: Iterable[int]) -> list[Place]:
    """Return these rows, newest first; those that are no longer there are left out."""
    query = select(*_PLACE)
    found = [Place(*row) for part in parts(seqs) for row in connection.execute(query.where(event.c.seq.in_(part)))]
    return sorted(found, key=lambda one: -one.seq)


def events_of(connection: Connection, seqs: Iterable[int]) -> dict[int, StoredEvent]:
    """Return the events of these rows by `seq`; those that cannot be read are left out."""
    rows = [row for part in parts(seqs) for row in _EVENTS.rows(connection, seqs=part)]
    return {one.seq: one for one in readable(rows)}
