# SPDX-License-Identifier: MIT
"""Section `[orchestrator]`: whether, and how much, the deckies look used."""

from typing import Annotated

import msgspec


class OrchestratorSettings(msgspec.Struct, frozen=True):
    """Section `[orchestrator]`; the worker is off until `enabled` is set."""

    enabled: bool = False
    """Whether synthetic users work on the deckies, in the working hours of their personas."""
    sessions_per_day: Annotated[float, msgspec.Meta(ge=0, le=200)] = 8.0
    """Sessions on each decky in eight working hours, on average: from other deckies, by HTTP and SSH."""
    concurrent_sessions: Annotated[int, msgspec.Meta(ge=1, le=16)] = 2
    """Sessions under way at the same time; one by SSH takes a process of about 25 MiB while it lasts."""
    keep_days: Annotated[float, msgspec.Meta(ge=2, le=3650)] = 30.0
    """How long the table `synthetic_action` keeps what was done."""
