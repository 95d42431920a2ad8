# SPDX-License-Identifier: MIT
"""Section `[forwarder]`."""

from typing import Annotated, Literal

import msgspec

from decnet_swarm.address import address_in

MIB = 1 << 20

Seconds = Annotated[float, msgspec.Meta(gt=0, le=3600)]


class ForwarderSettings(msgspec.Struct, frozen=True):
    """Section `[forwarder]`: where this host's events go."""

    server: str = ""
    """HOST:PORT of a listener, or of another RFC 5425 server; without a port 6514. Empty: nothing is forwarded."""
    protocol: Literal["auto", "decnet", "syslog"] = "auto"
    """`decnet`: only to a listener, each event exactly once; `syslog`: plain RFC 5425, at least once as far as TCP can
    tell; `auto`: whichever the server takes."""
    window_bytes: Annotated[int, msgspec.Meta(ge=512 << 10, le=256 * MIB)] = 4 * MIB
    """How much may be under way unacknowledged; the listener may want less."""
    poll_seconds: Annotated[float, msgspec.Meta(ge=0.05, le=3600)] = 2.0
    """How long a lost nudge can delay an event; while the bus is there, five times that, up to 10 s."""
    dial_seconds: Seconds = 15.0
    """How long connecting may take, TLS included."""
    first_retry_seconds: Seconds = 0.5
    """Pause after the first failure; it doubles with each, and a random part of up to a half is left away."""
    max_retry_seconds: Seconds = 30.0
    """The longest pause."""
    call_seconds: Annotated[float, msgspec.Meta(ge=1, le=86400)] = 300.0
    """How often it calls the master though there is nothing to send, which is how the master knows that this host is
    there. One that plays deckies of the master stays connected."""
    quarantine_bytes: Annotated[int, msgspec.Meta(ge=65536)] = 4 * MIB
    """Lines that are not events are kept up to this, the newest of them."""
    tls_ca_file: str = ""
    """Only for a syslog server outside the fleet: who signs its certificate (PEM); then its name is checked, too."""
    tls_certificate_file: str = ""
    """And what to show it: certificate (PEM) ..."""
    tls_key_file: str = ""
    """... and its key."""

    def __post_init__(self) -> None:
        """Reject an invalid address, and incomplete settings for a foreign server."""
        if self.server:
            address_in(self.server)
        if bool(self.tls_certificate_file) != bool(self.tls_key_file):
            raise ValueError("tls_certificate_file and tls_key_file are set together or not at all")
        if self.tls_certificate_file and not self.tls_ca_file:
            raise ValueError("tls_certificate_file is for a server outside the fleet: set tls_ca_file, too")
