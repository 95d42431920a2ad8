# SPDX-License-Identifier: MIT
"""How many events of each kind were appended in each hour, and about how many bytes.

Counting ten million rows takes seconds, and `ts` does not tell the oldest of a kind: a sensor's clock may be wrong, and
spooled events arrive late. So ingest counts what it appends, by the hour in which it does so, in the same transaction.
An hour is never earlier than the newest one there is: a clock that was set back makes nothing look older than it is,
and so nothing is deleted too early.
"""

from collections.abc import Iterable

import msgspec
from sqlalchemy import Connection, Insert, delete, func, select, update

from decnet_core.timing.durations import HOUR_NS
from decnet_models.database.rows.row_insert import RowInsert
from decnet_models.database.rows.row_select import RowSelect
from decnet_models.database.statements import insert_into
from decnet_models.events.tables import event, event_forgotten, event_volume

ROW_BYTES = 300
"""Size of an event besides its payload: the other columns and five index entries (265 when appended in order)."""


class Volume(msgspec.Struct, frozen=True):
    """Events of one kind appended in one hour (since the Unix epoch); none of them after `last_seq`."""

    hour: int
    kind: str
    events: int
    bytes: int
    last_seq: int


def add_volume(connection: Connection, sizes: Iterable[tuple[str, int]], last_seq: int, *, now_ns: int) -> None:
    """Count new events, each a kind and the size of its payload; `last_seq` is the last one's."""
    sums: dict[str, list[int]] = {}
    for kind, size in sizes:
        sum_ = sums.setdefault(kind, [0, 0])
        sum_[0] += 1
        sum_[1] += size + ROW_BYTES
    if sums:
        hour = max(now_ns // HOUR_NS, newest_hour(connection))
        rows = [(hour, kind, events, size, last_seq) for kind, (events, size) in sorted(sums.items())]
        _ADD.execute(connection, rows)


def _adding(connection: Connection) -> Insert:
    insert = insert_into(connection, event_volume)
    changes = {
        "events": event_volume.c.events + insert.excluded.events,
        "bytes": event_volume.c.bytes + insert.excluded.bytes,
        "last_seq": insert.excluded.last_seq,
    }
    return insert.on_conflict_do_update(index_elements=["hour", "kind"], set_=changes)


_ADD = RowInsert(event_volume, Volume.__struct_fields__, _adding)


def sizes_after(connection: Connection, seq: int) -> list[tuple[str, int]]:
    """Return kind and payload size of every event after `seq`."""
    query = select(event.c.kind, func.length(event.c.payload)).where(event.c.seq > seq)
    return [(kind, size) for kind, size in connection.execute(query)]


def newest_hour(connection: Connection) -> int:
    """Return the newest hour with events, 0 without any."""
    ((hour,),) = _NEWEST_HOUR.rows(connection)
    return hour or 0


_NEWEST_HOUR = RowSelect(lambda _: select(func.max(event_volume.c.hour)))


def volumes(connection: Connection) -> list[Volume]:
    """Return the content of the log by hour and kind, oldest first."""
    query = select(event_volume).order_by(event_volume.c.hour, event_volume.c.kind)
    return [Volume(*row) for row in connection.execute(query)]


def forget(connection: Connection, volume: Volume, through: int, limit: int) -> int:
    """Delete up to `limit` events of the volume's kind, oldest first, none after `through` or after the volume's last.

    Returns how many were deleted. The volume is deleted with its last event.
    """
    end = min(through, volume.last_seq)
    oldest = select(event.c.seq).where(event.c.kind == volume.kind, event.c.seq <= end)
    gone = connection.execute(delete(event).where(event.c.seq.in_(oldest.order_by(event.c.seq).limit(limit)))).rowcount
    row = (event_volume.c.hour == volume.hour) & (event_volume.c.kind == volume.kind)
    each = event_volume.c.bytes // event_volume.c.events
    fewer = {"events": event_volume.c.events - gone, "bytes": event_volume.c.bytes - gone * each}
    connection.execute(update(event_volume).where(row).values(**fewer))
    _count_forgotten(connection, volume.kind, gone)
    empty = event_volume.c.events <= 0
    if gone < limit and end == volume.last_seq:  # whatever was counted, there is nothing left
        empty |= event_volume.c.last_seq == volume.last_seq
    connection.execute(delete(event_volume).where(row, empty))
    return gone


def forgotten(connection: Connection) -> int:
    """Return how many events were ever deleted, of any kind."""
    return int(connection.execute(select(func.sum(event_forgotten.c.events))).scalar() or 0)


def _count_forgotten(connection: Connection, kind: str, events: int) -> None:
    if events:
        insert = insert_into(connection, event_forgotten).values(kind=kind, events=events)
        more = {"events": event_forgotten.c.events + events}
        connection.execute(insert.on_conflict_do_update(index_elements=["kind"], set_=more))
