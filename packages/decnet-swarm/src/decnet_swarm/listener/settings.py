# SPDX-License-Identifier: MIT
"""Section `[listener]`."""

from typing import Annotated

import msgspec

from decnet_swarm.address import Address, address_in
from decnet_swarm.wire import BATCH_BYTES

MIB = 1 << 20


class ListenerSettings(msgspec.Struct, frozen=True):
    """Section `[listener]`: where sensors connect, and limits."""

    listen: str = ""
    """ADDRESS:PORT, as 0.0.0.0:6514, or [::]:6514 for IPv6 and IPv4; without a port 6514. Empty: nothing listens."""
    enrol: str = ""
    """ADDRESS:PORT where new sensors come with their token; empty: as `listen`, with the next port. It ends every
    connection unread while no token waits."""
    public: str = ""
    """The host by which sensors reach this one, as `decnet swarm token` prints it. Empty: the one in `enrol`, or where
    that is any address, this host's name."""
    certificate_days: Annotated[float, msgspec.Meta(gt=0, le=825)] = 90.0
    """How long a sensor's certificate is valid; it is renewed after two thirds of that."""
    max_connections: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 256
    """Connections of senders at once, those still being greeted included; more are ended at once."""
    max_connections_per_sensor: Annotated[int, msgspec.Meta(ge=2, le=1000)] = 8
    """So that a stolen certificate cannot lock out the others."""
    max_greetings: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 32
    """Connections that have not shown a certificate yet; for one more the slowest is ended."""
    max_greetings_per_address: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 8
    """Of these, from one address."""
    greeting_seconds: Annotated[float, msgspec.Meta(gt=0, le=60)] = 10.0
    """How long a TLS handshake may take."""
    window_bytes: Annotated[int, msgspec.Meta(ge=2 * BATCH_BYTES, le=64 * MIB)] = 2 * MIB
    """Unacknowledged bytes that one sensor may have in flight."""
    waiting_bytes: Annotated[int, msgspec.Meta(ge=MIB, le=256 * MIB)] = 8 * MIB
    """Received bytes of all senders that wait for the disk; beyond it no connection is read."""
    checkpoint_seconds: Annotated[float, msgspec.Meta(ge=0.05, le=60)] = 1.0
    """How often the progress of each sensor is saved; after a crash the rest is recovered from the spool."""
    check_seconds: Annotated[float, msgspec.Meta(ge=0.1, le=60)] = 2.0
    """How long a revoked sensor's connection may last if the listener was not told to reload."""
    silent_seconds: Annotated[float, msgspec.Meta(ge=1, le=30 * 86400)] = 900.0
    """After how long without a word a sensor is told of as silent. One with nothing to say calls every
    `[forwarder] call_seconds` (300): with less than that here, it is told of between two calls."""
    quarantine_bytes: Annotated[int, msgspec.Meta(ge=65536)] = 16 * MIB
    """Rejected lines are kept up to this total, the newest of them."""

    def __post_init__(self) -> None:
        """Reject an invalid address."""
        for text in (self.listen, self.enrol):
            if text:
                address_in(text)

    @property
    def enrolment(self) -> Address:
        """Where new sensors come."""
        if self.enrol:
            return address_in(self.enrol)
        place = address_in(self.listen)
        return Address(place.host, place.port + 1 if place.port else 0)
