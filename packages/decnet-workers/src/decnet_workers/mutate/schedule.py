# SPDX-License-Identifier: MIT
"""When a decky is changed: drawn from its seed and version, so that the same rows give the same times. Pure.

Times are ns since the Unix epoch, windows minutes of the UTC day.
"""

import random

from decnet_core.timing.durations import DAY_NS, MINUTE_NS, SECOND_NS
from decnet_models.fleet.mutation_policies import Policy
from decnet_models.fleet.queries import Decky

LATE_NS = 3600 * SECOND_NS
"""A time that was missed by more is drawn anew: the host was off, or its clock was set, and that for all deckies."""


def next_at(one: Decky, policy: Policy, now: int) -> int:
    """Return when a decky that is changed now is changed again: after half its interval to a whole one."""
    share = _drawing(one, "interval").uniform(0.5, 1.0)
    return in_window(one, policy, now + int(policy.every_seconds * share * SECOND_NS))


def soon(one: Decky, policy: Policy, now: int) -> int:
    """Return a time within the next hour, not the same for all deckies."""
    spread = min(policy.every_seconds * SECOND_NS, LATE_NS)
    return in_window(one, policy, now + int(_drawing(one, "soon").random() * spread))


def in_window(one: Decky, policy: Policy, at: int) -> int:
    """Return `at` when that is within the policy's window, else a time drawn within the next one."""
    length, into = _length(policy), _into(policy, at)
    if into < length:
        return at
    return at - into + DAY_NS + int(_drawing(one, "window").random() * length)


def is_in_window(policy: Policy, at: int) -> bool:
    return _into(policy, at) < _length(policy)


def is_late(at: int, now: int) -> bool:
    return now - at > LATE_NS


def _length(policy: Policy) -> int:
    """Return how long the window is open; without an end before its beginning, all day."""
    return ((policy.window_until - policy.window_from) * MINUTE_NS) % DAY_NS or DAY_NS


def _into(policy: Policy, at: int) -> int:
    """Return how long the window has been open at that time, if it is."""
    return (at - policy.window_from * MINUTE_NS) % DAY_NS


def _drawing(one: Decky, topic: str) -> random.Random:
    return random.Random(f"{one.seed}:{one.version}:{topic}")  # noqa: S311  # a time of day, not a key
