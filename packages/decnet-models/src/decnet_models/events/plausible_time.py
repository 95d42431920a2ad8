# SPDX-License-Identifier: MIT
"""The time by which old rows may be deleted: the clock's, as long as the log makes it plausible.

A clock that jumps a year ahead (a dead battery, a broken time server) makes everything old at once. Two witnesses limit
what it is believed: the hours in which the log took events, and the time that has passed since this process first
looked. A gap in the log counts for two days at most until the log has a day's worth of hours after it, so a fleet that
was really off for long is believed a day later. Being believed late only keeps rows longer.
"""

import logging
import time
from collections.abc import Sequence
from itertools import pairwise

from sqlalchemy import Connection, select

from decnet_core.timing.durations import HOUR_NS, SECOND_NS
from decnet_models.events.tables import event_volume

log = logging.getLogger(__name__)

PROOF_HOURS = 24
"""Different hours with events after a gap that prove that the time after it is real."""
MAX_GAP_HOURS = 48
"""What an unproved gap counts for at most."""
SLACK_NS = 2 * HOUR_NS
"""How far the clock may run ahead of the time that passed: it may be set once, as at the end of summer time."""


def recent_hours(connection: Connection) -> list[int]:
    """Return the last PROOF_HOURS hours (since the Unix epoch) in which the log took events, the oldest first."""
    hour = event_volume.c.hour
    return sorted(connection.execute(select(hour).distinct().order_by(hour.desc()).limit(PROOF_HOURS)).scalars())


def plausible_by_log(now_ns: int, hours: Sequence[int]) -> int:
    """Return how late it may be by the last `hours` with events, `now_ns` at most and when there are none."""
    hour = now_ns // HOUR_NS
    points = [*(one for one in hours if one <= hour), hour]  # later ones are of a clock that was ahead
    gaps = (later - earlier for earlier, later in pairwise(points))
    credible = points[0] + sum(min(gap, MAX_GAP_HOURS) for gap in gaps)
    return now_ns - (points[-1] - credible) * HOUR_NS


def time_since_boot_ns() -> int:
    """Return the time since the machine started, suspension included; no setting of the clock changes it."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


class PlausibleTime:
    """The time that a process may delete by."""

    def __init__(self) -> None:
        self._began: tuple[int, int] | None = None
        self.doubted_ns = 0
        """How far the clock is ahead of what is believed."""

    def counters(self) -> dict[str, float]:
        """Return by how much the clock is not believed."""
        return {"clock_doubted_seconds": self.doubted_ns // SECOND_NS}

    def by_log(self, connection: Connection, now_ns: int) -> int:
        """Return the time to delete by when the clock says `now_ns`, by the log that `connection` reads."""
        return self.now(now_ns, time_since_boot_ns(), recent_hours(connection))

    def now(self, now_ns: int, passed_ns: int, hours: Sequence[int]) -> int:
        """Return the time to delete by, never later than the clock's `now_ns`.

        `passed_ns` is a clock that nobody sets (`time_since_boot_ns`), `hours` what `recent_hours` returns.
        """
        by_log = plausible_by_log(now_ns, hours)
        if self._began is None or (len(hours) == PROOF_HOURS and by_log == now_ns):
            self._began = by_log, passed_ns
        began_ns, began_passed = self._began
        believed = min(now_ns, began_ns + passed_ns - began_passed + SLACK_NS)
        self._doubt(now_ns - believed)
        return believed

    def _doubt(self, ahead_ns: int) -> None:
        if (ahead_ns > HOUR_NS) != (self.doubted_ns > HOUR_NS):
            if ahead_ns > HOUR_NS:
                log.warning(
                    "the clock is %d hours ahead of what the event log makes plausible: nothing is deleted by its age "
                    "beyond that until the log has events in %d different hours; set the clock if it is wrong",
                    ahead_ns // HOUR_NS,
                    PROOF_HOURS,
                )
            else:
                log.info("the clock is plausible again")
        self.doubted_ns = ahead_ns
