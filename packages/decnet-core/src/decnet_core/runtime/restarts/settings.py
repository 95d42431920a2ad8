# SPDX-License-Identifier: MIT
"""Settings of the restart policy; `[supervise]` has them for workers."""

from typing import Annotated

import msgspec

Seconds = Annotated[float, msgspec.Meta(gt=0, le=3600)]


class RestartSettings(msgspec.Struct, frozen=True):
    first_delay_seconds: Seconds = 0.25
    """Wait before the first restart; each further crash in a row doubles it."""
    longest_delay_seconds: Seconds = 30.0
    """The longest wait before a restart, however many crashes there were."""
    longest_exposed_delay_seconds: Seconds = 120.0
    """The same of a worker that attackers can reach, which is restarted for ever."""
    jitter: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.25
    """A delay is lengthened by up to this share, so that workers that crashed together do not restart together."""
    stable_seconds: Seconds = 60.0
    """A worker that was ready for this long has recovered: its crashes in a row are forgotten."""
    crash_limit: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 8
    """Crashes in a row after which another worker is in a crash loop."""
    crash_loop_seconds: Seconds = 600.0
    """The longest that a worker in a crash loop is left alone before it is tried again; at first it is twice
    `longest_delay_seconds`, and after each further crash twice as long."""
