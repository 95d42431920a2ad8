# SPDX-License-Identifier: MIT
"""Section `[supervise]`: restarts, time limits, memory and logs of supervised workers."""

from typing import Annotated

import msgspec

Seconds = Annotated[float, msgspec.Meta(gt=0, le=3600)]


class SuperviseSettings(msgspec.Struct, frozen=True):
    """Section `[supervise]`."""

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
    start_seconds: Seconds = 30.0
    """A worker that is not ready by then is killed; that counts as a crash."""
    stop_seconds: Seconds = 12.0
    """SIGTERM to SIGKILL; longer than `[runtime] stop_seconds`, so that a worker can cancel its own job."""
    watchdog_seconds: Seconds = 30.0
    """A worker that sent no heartbeat for this long hangs; it is killed, which counts as a crash."""
    budget_check_seconds: Seconds = 15.0
    """Interval at which each worker's unique memory is compared with its budget."""
    share_memory: bool = True
    """Whether the memory of forked workers is prepared for sharing, on Pythons where that was measured."""
    log_bytes: Annotated[int, msgspec.Meta(ge=4096, le=1 << 30)] = 1 << 20
    """Size of a worker's log file at which it is rotated."""
    log_files: Annotated[int, msgspec.Meta(ge=1, le=100)] = 3
    """Log files kept per worker, the current one included."""
