# SPDX-License-Identifier: MIT
"""Exponential back-off, pure: how long to wait after failures in a row. Who waits adds its own jitter."""

_MOST_STEPS = 64
"""By then any factor above 1 that is of use has reached the longest; 2.0 ** 64 is still far from infinite."""


def backoff(first: float, earlier: int, longest: float, factor: float = 2.0) -> float:
    """Return the wait after a failure: `first`, times `factor` for each `earlier` failure in a row, at most `longest`.

    The unit is that of `first` and `longest`.
    """
    return min(longest, first * factor ** min(max(earlier, 0), _MOST_STEPS))
