# SPDX-License-Identifier: MIT
"""What a row of the event log says but its payload.

Whoever filters by what no index has looks at these, and reads payloads only of what is left.
"""

from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection, String, select, type_coerce

from decnet_models.database.rows.row_select import RowSelect, listed
from decnet_models.database.statements import parts
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
    id: Any
    """As the driver has it: on SQLite 32 digits."""


PLACE = (*(event.c[name] for name in Place._fields[:-1]), type_coerce(event.c.id, String).label("id"))
"""The columns of a place."""
_EVENTS = RowSelect(lambda connection: select(event).where(listed(connection, event.c.seq, "seqs")))


_values_of = itemgetter(*(list(event.c.keys()).index(name) for name in Place._fields))


def place_of(row: Sequence[Any]) -> Place:
    """Return what a whole row of `event` says but its payload."""
    return Place._make(_values_of(row))


def places_of(connection: Connection, seqs: Iterable[int]) -> list[Place]:
    """Return these rows, newest first; those that are no longer there are left out."""
    query = select(*PLACE)
    found = [Place(*row) for part in parts(seqs) for row in connection.execute(query.where(event.c.seq.in_(part)))]
    return sorted(found, key=lambda one: -one.seq)


def rows_of(connection: Connection, seqs: Iterable[int]) -> dict[int, Sequence[Any]]:
    """Return these rows whole, by `seq`; `queries.stored` decodes them."""
    return {row[0]: row for part in parts(seqs) for row in _EVENTS.rows(connection, seqs=part)}
