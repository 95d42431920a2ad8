# SPDX-License-Identifier: MIT
"""Section `[webhook]`: how deliveries are attempted, repeated and given up."""

from typing import Annotated

import msgspec

Seconds = Annotated[float, msgspec.Meta(gt=0, le=7 * 86400)]


class WebhookSettings(msgspec.Struct, frozen=True):
    """Section `[webhook]`; the endpoints themselves are rows that `decnet webhook add` makes."""

    poll_seconds: Seconds = 5.0
    """How long a lost nudge can delay a delivery; while the bus is connected, five times that, up to 10 s."""
    attempt_seconds: Seconds = 10.0
    """Total time of one attempt: look-up, connection, TLS, request and response."""
    connect_seconds: Seconds = 3.0
    """Time for one address, before the next one is tried."""
    idle_seconds: Seconds = 30.0
    """How long a connection is kept for the next delivery."""
    first_retry_seconds: Seconds = 5.0
    """Pause after the first failure of a delivery ..."""
    retry_factor: Annotated[float, msgspec.Meta(ge=1, le=100)] = 4.0
    """... times this after each further one ..."""
    longest_retry_seconds: Seconds = 4 * 3600.0
    """... up to this."""
    give_up_seconds: Seconds = 86400.0
    """After the first attempt; then the delivery is a dead letter."""
    breaker_failures: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 5
    """Consecutive failures of an endpoint that open its breaker."""
    breaker_seconds: Seconds = 30.0
    """How long it stays open the first time; doubles up to breaker_longest_seconds."""
    breaker_longest_seconds: Seconds = 900.0
    """The longest time that a breaker stays open before the endpoint is tried again."""
    concurrent_endpoints: Annotated[int, msgspec.Meta(ge=1, le=256)] = 8
    """Endpoints sent to at the same time; each gets its deliveries in order, up to 16 at once on its connection."""
    keep_days: Annotated[float, msgspec.Meta(gt=0, le=3650)] = 30.0
    """How long ended deliveries and dead letters are remembered."""
    allow_networks: tuple[str, ...] = ()
    """Networks that any endpoint may be in, e.g. 10.1.0.0/16; all other non-public addresses are rejected."""
    file_mib: Annotated[int, msgspec.Meta(ge=1, le=65536)] = 64
    """MiB of an endpoint that is a file (file:NAME, in <state>/alerts) before it becomes NAME.1."""
    file_keep: Annotated[int, msgspec.Meta(ge=0, le=1000)] = 8
    """How many of these older files are kept."""
    ca_file: str = ""
    """Certificate authorities (PEM) to trust instead of the system's."""
    incident_silence_minutes: Annotated[float, msgspec.Meta(gt=0, le=10_080)] = 60.0
    """An attacker that was silent for so long begins a new incident."""
    incident_wait_seconds: Annotated[float, msgspec.Meta(gt=0, le=3600)] = 15.0
    """How long an attacker must pause before an incident is told first, at most four times that after it began; a fifth
    of that if it is high, no time if it is critical."""
    incident_window_minutes: Annotated[float, msgspec.Meta(gt=0, le=1440)] = 30.0
    """How long after a notification more of the same is only counted; doubles with each, up to a day."""
    incident_acknowledge_minutes: Annotated[float, msgspec.Meta(gt=0, le=10_080)] = 60.0
    """When it is told again that nobody has acknowledged a high or critical incident; three times, each after twice the
    time."""
    incidents_per_minute: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 10
    """How many notifications of each severity a minute may have; one digest tells of all others."""
