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
    park_seconds: Seconds = 30.0
    """A worker that can be parked ends when it has had nothing to do for this long; its supervisor starts it again when
    something comes. Only in a fleet hosted by fork."""
    parked_seconds: Annotated[float, msgspec.Meta(ge=1, le=86_400)] = 900.0
    """A parked worker looks for work this often though nothing has woken it, unless only a client can bring it work or
    its settings switch it off."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """The lowest level that is logged."""
