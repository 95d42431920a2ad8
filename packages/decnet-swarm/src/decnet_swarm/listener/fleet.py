# SPDX-License-Identifier: MIT
"""What sessions have to do with the deckies of their sensors: assignments go out, standings come in."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection

from decnet_core.deckies.orders import Standings
from decnet_core.net.rates import SourceRates
from decnet_swarm.assignments.child import SealError
from decnet_swarm.listener.assignments import Assignments
from decnet_swarm.listener.contacts import Contacts

log = logging.getLogger(__name__)

REPORTS_PER_SECOND, REPORTS_AT_ONCE = 1.0, 60
"""Of one sensor. Each may wake `reconciler` and be a transaction there; a stolen sensor would send them without end."""


class SensorFleet:
    def __init__(
        self,
        assignments: Assignments,
        contacts: Contacts,
        reported: Callable[[str], None],
        *,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        """`reported` is called with the name of a sensor when there is news of it."""
        self.contacts = contacts
        self._assignments = assignments
        self._reported = reported
        self._one_at_a_time = asyncio.Lock()
        self._complaints: dict[str, str] = {}
        self._reports = SourceRates(REPORTS_PER_SECOND, REPORTS_AT_ONCE)
        self._clock = clock
        self._pause = pause

    async def assignment(self, sensor: str, held: int) -> tuple[int, bytes] | None:
        """Return version and envelope of what the sensor is to have instead of `held`; None for that."""
        async with self._one_at_a_time:
            try:
                found = await asyncio.to_thread(self._assignments.newer, sensor, held)
            except (OSError, SealError, ValueError) as error:
                self._complain(sensor, str(error))
                return None
        self._complaints.pop(sensor, None)
        return found

    async def report(self, sensor: str, standings: Standings) -> None:
        """Keep how the deckies of a sensor stand; one that reports too often is read no further meanwhile."""
        if delay := self._reports.delay(sensor, self._clock()):
            await self._pause(delay)
        try:
            news = await asyncio.to_thread(self.contacts.report, sensor, standings)
        except OSError as error:
            self._complain(sensor, str(error))
            return
        if news:
            self._reported(sensor)

    async def look(self, connected: Collection[str]) -> None:
        """Write when each sensor was heard last."""
        try:
            changed = await asyncio.to_thread(self.contacts.write, connected)
        except OSError as error:
            self._complain("", str(error))
            return
        for sensor in changed:
            self._reported(sensor)

    def _complain(self, sensor: str, reason: str) -> None:
        """Log what keeps failing once."""
        if self._complaints.get(sensor) != reason:
            log.error("what others are to know of sensors cannot be kept sensor=%s: %s", sensor or "-", reason)
        self._complaints[sensor] = reason
