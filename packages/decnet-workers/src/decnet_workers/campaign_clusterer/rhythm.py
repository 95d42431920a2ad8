# SPDX-License-Identifier: MIT
"""When a campaign has ended: silent for twice as long as it ever was, in the time of events."""

from collections.abc import Iterable
from itertools import pairwise

from decnet_core.timing.durations import DAY_NS

LEAST, MOST = 3 * DAY_NS, 60 * DAY_NS
"""How long a campaign may be silent at least and at most, in ns."""


def longest_silence(times: Iterable[int]) -> int:
    """Return the longest time between two signs of activity."""
    return max((later - earlier for earlier, later in pairwise(sorted(times))), default=0)


def ends_at(last_seen: int, silence: int) -> int:
    """Return when a campaign that was last seen then has ended, unless it acts before."""
    return last_seen + min(MOST, max(LEAST, 2 * silence))
