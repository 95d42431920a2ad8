# SPDX-License-Identifier: MIT
"""Section `[supervise]`: when a crashed worker is started again, and how long a start, a stop or a silence may last."""

from __future__ import annotations

from typing import Annotated

import msgspec

Seconds = Annotated[float, msgspec.Meta(gt=0, le=3600)]


class SuperviseSettings(msgspec.Struct, frozen=True):
    """Section `[supervise]`."""

    first_delay_seconds: Seconds = 0.25
    """Wait before the first restart; each further crash in a row doubles it."""
    longest_delay_seconds: Seconds = 30.0
    """The longest wait before a restart, however many crashes there were."""
    jitter: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.25
    """A delay is lengthened by up to this share, so that workers that fell together do not rise together."""
    stable_seconds: Seconds = 60.0
    """A worker that was ready for this long has recovered: its crashes in a row are forgotten."""
    crash_limit: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 8
    """Crashes in a row after which it is given up."""
    start_seconds: Seconds = 30.0
    """A worker that is not ready by then is killed; that counts as a crash."""
    stop_seconds: Seconds = 12.0
    """SIGTERM to SIGKILL; longer than `[runtime] stop_seconds`, so that a worker can cancel its own job."""
    watchdog_seconds: Seconds = 30.0
    """A worker that gave no sign of life for this long hangs; it is killed, which counts as a crash."""
    budget_check_seconds: Seconds = 15.0
    """How often each worker's unique memory is compared with its budget."""
    log_bytes: Annotated[int, msgspec.Meta(ge=4096, le=1 << 30)] = 1 << 20
    """Size of a worker's log file at which it is rotated."""
    log_files: Annotated[int, msgspec.Meta(ge=1, le=100)] = 3
    """Log files kept per worker, the current one included."""
