# SPDX-License-Identifier: MIT
"""Section `[runtime]`: how every worker process behaves."""

from typing import Annotated, Literal

import msgspec

Seconds = Annotated[float, msgspec.Meta(gt=0, le=3600)]


class RuntimeSettings(msgspec.Struct, frozen=True):
    """Section `[runtime]`."""

    heartbeat_seconds: Seconds = 10.0
    """How often a worker publishes its health on the bus."""
    stop_seconds: Seconds = 10.0
    """How long a worker may take to stop before it is cancelled."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """The lowest level that is logged."""
