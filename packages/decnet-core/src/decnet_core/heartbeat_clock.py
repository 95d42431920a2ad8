# SPDX-License-Identifier: MIT
"""The common beat of a host's workers: what is done every so often is done by all at the same moment.

Eight workers that each wake at a time of their own wake the processor, the broker and the supervisor eight times. On a
common beat the broker reads all heartbeats at once and everything sleeps in between. The monotonic clock is the same
for all processes of a host and different on every host, so hosts of one cluster do not beat together.
"""

from __future__ import annotations

import time


def until_beat(seconds: float, now: float | None = None) -> float:
    """Return how long it is until the monotonic clock shows the next multiple of `seconds`; never 0."""
    return seconds - (time.monotonic() if now is None else now) % seconds
