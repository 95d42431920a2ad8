# SPDX-License-Identifier: MIT
"""The common heartbeat of a host's workers: periodic work of all of them happens at the same time.

Eight workers that each wake at a different time wake the processor, the broker and the supervisor eight times. With a
common heartbeat the broker reads all messages at once and everything sleeps in between. The monotonic clock is the same
for all processes of a host and different on every host, so hosts of one cluster are not synchronised.
"""

import time


def until_beat(seconds: float, now: float | None = None) -> float:
    """Return the time until the monotonic clock reaches the next multiple of `seconds`; never 0."""
    return seconds - (time.monotonic() if now is None else now) % seconds
