# SPDX-License-Identifier: MIT
"""The process of one share, as the process sees it that has forked it."""

import os
import signal
import time
from collections.abc import Iterator


class Child:
    """One share and its process."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.pid = 0
        """0 while there is none."""
        self.starts_at: float | None = 0.0
        """When to start it; None while it runs, or when it is not to be started again."""
        self.heard_at = 0.0
        self.ready_at: float | None = None
        self.standing_by = False
        self.kill_at: float | None = None
        """When to kill it, since it was asked to end."""
        self.crashes = 0
        self.starts = 0

    def ended(self, now: float) -> float:
        """Note that its process is gone; return for how long it was ready."""
        ready = now - self.ready_at if self.ready_at is not None else 0.0
        self.pid, self.ready_at, self.kill_at, self.standing_by = 0, None, None, False
        return ready

    def ask_to_end(self, seconds: float) -> None:
        """Send SIGTERM, unless it was sent; the process is to be killed after `seconds`."""
        if self.pid and self.kill_at is None:
            self.kill_at = time.monotonic() + seconds
            self.signal(signal.SIGTERM)

    def kill(self) -> None:
        self.heard_at = time.monotonic()
        self.signal(signal.SIGKILL)

    def signal(self, number: signal.Signals) -> None:
        """Signal the process, if there is one; it cannot be another's, for it is reaped here."""
        if self.pid:
            os.kill(self.pid, number)

    def dues(self, watchdog: float | None) -> Iterator[float]:
        """Yield when something must be done for it; it hangs when it says nothing for `watchdog` seconds."""
        if self.starts_at is not None:
            yield self.starts_at
        if self.kill_at is not None:
            yield self.kill_at
        if self.pid and watchdog is not None:
            yield self.heard_at + watchdog
