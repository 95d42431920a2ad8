# SPDX-License-Identifier: MIT
"""The envelope of every event: who, where, when; the payload says what."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec

from decnet_core.events.catalogue import Payload, kind_of

Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]
Nanoseconds = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
Name = Annotated[str, msgspec.Meta(max_length=255)]
Address = Annotated[str, msgspec.Meta(max_length=45)]


class Event(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One thing that happened, on disk and on the wire as one line of JSON.

    `ts` is nanoseconds since the Unix epoch, UTC, by the clock of `sensor`, the host that saw it. `decky` is the decoy
    that was touched. Addresses are IPv4 or IPv6 in their canonical text form. `session` joins events of one session.
    """

    id: UUID
    ts: Nanoseconds
    sensor: Name
    payload: Payload
    decky: Name | None = None
    src_ip: Address | None = None
    src_port: Port | None = None
    dst_ip: Address | None = None
    dst_port: Port | None = None
    session: Name | None = None
    synthetic: bool = False

    @property
    def kind(self) -> str:
        """The event's kind, from its payload's tag."""
        return kind_of(self.payload)


ENVELOPE_FIELDS: tuple[str, ...] = tuple(name for name in Event.__struct_fields__ if name != "payload")
