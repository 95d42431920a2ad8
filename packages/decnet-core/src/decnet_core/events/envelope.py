# SPDX-License-Identifier: MIT
"""The envelope of every event: source, place and time; the payload has the content."""

from typing import Annotated
from uuid import UUID

import msgspec

from decnet_core.events.catalogue import AnyPayload, kind_of

Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]
Nanoseconds = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
Name = Annotated[str, msgspec.Meta(max_length=255)]
Address = Annotated[str, msgspec.Meta(max_length=45)]


class Event(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One event, on disk and on the wire as one line of JSON."""

    id: UUID
    """UUID version 7, made where it happened; unique."""
    ts: Nanoseconds
    """Nanoseconds since the Unix epoch, UTC, by the clock of `sensor`."""
    sensor: Name
    """The host that saw it."""
    payload: AnyPayload
    """What happened: one of the kinds."""
    decky: Name | None = None
    """The decoy that was touched."""
    src_ip: Address | None = None
    """IPv4 or IPv6 in its canonical text form."""
    src_port: Port | None = None
    dst_ip: Address | None = None
    dst_port: Port | None = None
    session: Name | None = None
    """Joins the events of one session."""
    synthetic: bool = False
    """Whether it is part of the activity that the fleet simulates; such events never count as an attacker's."""

    @property
    def kind(self) -> str:
        return kind_of(self.payload)


ENVELOPE_FIELDS: tuple[str, ...] = tuple(name for name in Event.__struct_fields__ if name != "payload")
