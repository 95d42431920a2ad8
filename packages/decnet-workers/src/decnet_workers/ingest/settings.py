# SPDX-License-Identifier: MIT
"""Section `[ingest]`."""

from typing import Annotated

import msgspec

from decnet_workers.ingest.retention import RetentionSettings

MIB = 1 << 20


class IngestSettings(msgspec.Struct, frozen=True):
    """Section `[ingest]`: transaction size and polling."""

    batch_events: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 2000
    """Events in one transaction."""
    batch_bytes: Annotated[int, msgspec.Meta(ge=4096, le=256 * MIB)] = 4 * MIB
    """A batch ends with the line that exceeds this."""
    poll_seconds: Annotated[float, msgspec.Meta(ge=0.05, le=3600)] = 2.0
    """How long a lost nudge can delay an event; while the bus is connected, five times that, up to 10 s."""
    future_seconds: Annotated[float, msgspec.Meta(ge=0, le=31_536_000)] = 300.0
    """An event dated later than this from now is stored as of now and counted, for its sensor's clock is wrong; the
    quarantine keeps it as it came."""
    quarantine_bytes: Annotated[int, msgspec.Meta(ge=65536)] = 16 * MIB
    """Lines that are not valid events are kept up to this total, the newest of them."""
    retention: RetentionSettings = RetentionSettings()
    """How long events are kept."""
