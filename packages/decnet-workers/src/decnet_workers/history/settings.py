# SPDX-License-Identifier: MIT
"""Section `[history]`."""

from typing import Annotated

import msgspec


class HistorySettings(msgspec.Struct, frozen=True):
    """Section `[history]`: what is kept for summaries and searches."""

    search: bool = True
    """Index the words of events for `decnet search`: about 50 bytes and 15 µs of processor time per event."""
    keep_days: Annotated[int, msgspec.Meta(ge=1, le=36500)] = 400
    """How long the counts by hour are kept; they may outlive the events that they count."""
