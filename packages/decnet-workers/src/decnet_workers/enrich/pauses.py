# SPDX-License-Identifier: MIT
"""How long a provider is left alone after it failed; pure.

A pause is stored with the provider's quota, so neither a restart nor parking shortens it. It is the breaker, too: after
each failure in a row the pause doubles, and the first question after it is alone (`Knowledge.job`).
"""

from decnet_core.timing.backoff import backoff
from decnet_core.timing.durations import SECOND_NS
from decnet_models.intel.queries import Quota

FIRST_SECONDS = 30.0
LONGEST_SECONDS = 3600.0
REFUSED_SECONDS = 6 * 3600.0
"""After the provider refused our key: only the operator can change that, and then restarts."""


def pause_ns(failures: int, chance: float, asked_seconds: float | None) -> int:
    """Return the pause after the failure that follows `failures` others; `chance` in [0, 1) spreads it.

    `asked_seconds` is what the provider requested with Retry-After, within the bound of `retry_after`.
    """
    own = backoff(FIRST_SECONDS, failures, LONGEST_SECONDS) * (0.8 + 0.4 * chance)
    return int(max(own, asked_seconds or 0.0) * SECOND_NS)


def free_at(quota: Quota | None, allowed: int, now_ns: int) -> int:
    """Return when the next question may be asked: now, after the pause, or when the next window begins."""
    if quota is None:
        return now_ns
    spent = quota.window_until if quota.used >= allowed and quota.window_until > now_ns else now_ns
    return max(now_ns, quota.not_before or 0, spent)


def window(now_ns: int, seconds: int) -> tuple[int, int]:
    """Return the quota's current window, from and until: windows follow each other since the Unix epoch, in UTC."""
    length = seconds * SECOND_NS
    start = now_ns - now_ns % length
    return start, start + length
