# SPDX-License-Identifier: MIT
"""The event log as SQLModel classes."""

from uuid import UUID

from decnet_models.events import tables
from decnet_models.table_model import TableModel


class Event(TableModel, table=True):
    """One event of the log."""

    __table__ = tables.event

    seq: int | None = None
    """The row number, in order of commit and never reused: a cursor that has passed it has seen it for good."""
    id: UUID
    """The UUIDv7 that the event was given where it happened."""
    ts: int
    """When it happened, by the clock of the sensor."""
    sensor: str
    """The host that recorded it."""
    decky: str | None = None
    """The decky that was touched."""
    kind: str
    """The kind of event: auth.attempt, http.request, ..."""
    src_ip: str | None = None
    """The attacker's address."""
    src_port: int | None = None
    """The attacker's port."""
    dst_ip: str | None = None
    """The address that was contacted."""
    dst_port: int | None = None
    """The port that was contacted."""
    session: str | None = None
    """The session that the event belongs to."""
    synthetic: bool
    """Whether the orchestrator made it: such events never count as an attacker's."""
    payload: str
    """The fields of its kind, as JSON."""


class IngestPosition(TableModel, table=True):
    """How far ingest has read a spool; everything before it is in the event log."""

    __table__ = tables.ingest_position

    spool: str
    """The name of the spool's folder."""
    segment: int
    """The number of the segment."""
    offset: int
    """The offset in the segment, in bytes."""
    updated_at: int
    """When it was last updated."""


class EventVolume(TableModel, table=True):
    """How many events of a kind ingest appended in an hour; retention by size is computed from it."""

    __table__ = tables.event_volume

    hour: int
    """Hours since the Unix epoch, by the clock of ingest."""
    kind: str
    """The kind of event."""
    events: int
    """The number of events."""
    bytes: int
    """The size of their payloads and columns, in bytes."""
    last_seq: int
    """`event.seq` of the last of them."""


class EventForgotten(TableModel, table=True):
    """How many events of a kind retention has deleted."""

    __table__ = tables.event_forgotten

    kind: str
    """The kind of event; empty: those that were deleted before they were counted by kind."""
    events: int
    """The number of events."""
