# SPDX-License-Identifier: MIT
"""Section `[supervise]`: restarts, time limits, memory and logs of supervised workers."""

from typing import Annotated

import msgspec

from decnet_core.runtime.restarts.settings import RestartSettings, Seconds


class SuperviseSettings(RestartSettings, frozen=True):
    """Section `[supervise]`."""

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
