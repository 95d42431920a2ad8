# SPDX-License-Identifier: MIT
"""Spans of time that queries are limited to; times are ns since the Unix epoch."""

import msgspec

ALWAYS_SINCE = 0
ALWAYS_UNTIL = 2**63 - 1


class Window(msgspec.Struct, frozen=True):
    """From `since` up to, not including, `until`, in ns since the Unix epoch (UTC); by default all of time."""

    since: int = ALWAYS_SINCE
    until: int = ALWAYS_UNTIL

    @property
    def bounded(self) -> bool:
        return self != Window()
