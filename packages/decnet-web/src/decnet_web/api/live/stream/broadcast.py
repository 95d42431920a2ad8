# SPDX-License-Identifier: MIT
"""Reads what is new once for all listeners, while there are any: when the bus says so, or after a while.

While nobody listens it does nothing and holds no subscription, so that the API can be parked.
"""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress

from decnet_core.bus.interface import Bus, BusError
from decnet_core.bus.subjects import EVENTS_INGESTED, NOTICE
from decnet_core.tasks import Tasks
from decnet_web.api.fleet import Fleet
from decnet_web.api.live.stream.batch import Batch, Reader, Wanted
from decnet_web.api.live.stream.listener import Listener
from decnet_web.api.live.stream.position import Position, end

TICK_SECONDS = 0.1
"""At least this long from one look to the next: what comes meanwhile is read together."""
POLL_SECONDS, CALM_SECONDS = 0.5, 5.0
"""Until the next look without a nudge: without a bus, and with one."""
MOST_BEHIND = 20_000
"""Rows by which it may be behind; what is older then is left out for all listeners, who are told so."""


log = logging.getLogger(__name__)


class Broadcast:
    """The one reader of an application."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._reader = Reader()
        self._listeners: set[Listener] = set()
        self._position: Position | None = None
        self._begin = asyncio.Lock()
        self._nudged = asyncio.Event()
        self._tasks = Tasks("api")
        self._reading = False
        self.ticks = 0
        """How often it has looked."""
        self.skips = 0

    def __len__(self) -> int:
        return len(self._listeners)

    async def join(self, wanted: Wanted, position: Position | None) -> tuple[Listener, bool]:
        """Return a listener at `position`, or at the newest rows, and whether it is somewhere that is not to be had.

        It must `leave`. It is live at once unless it has something to read first.
        """
        async with self._begin:
            newest = await self._fleet.read(end)
            if not self._reading or self._position is None:
                self._position = newest
            missed = position is not None and not self._readable(position, newest)
            listener = Listener(wanted, self._position if position is None or missed else position)
            self._listeners.add(listener)
            if not self._reading:
                self._reading = True
                self._tasks.spawn(self._run(), name="stream", may_end=True)
        self.attach(listener)
        return listener, missed

    def attach(self, listener: Listener) -> bool:
        """Make it live if it is where the broadcast is; return whether it is live."""
        assert self._position is not None
        listener.live = listener.live or listener.position.reached(self._position)
        return listener.live

    async def missed(self, listener: Listener) -> Batch:
        """Read what comes after the listener's position."""
        return await self._fleet.read(lambda connection: self._reader.read(connection, listener.position))

    def leave(self, listener: Listener) -> None:
        """Forget it; after the last one the reading ends."""
        self._listeners.discard(listener)
        self.skips += listener.skips
        self._nudged.set()

    @staticmethod
    def _readable(position: Position, newest: Position) -> bool:
        behind = newest.notice - position.notice + newest.event - position.event
        return newest.reached(position) and behind <= MOST_BEHIND

    async def _run(self) -> None:
        nudges = Tasks("api")
        try:
            if self._fleet.bus is not None:
                for pattern in (NOTICE.pattern, EVENTS_INGESTED.pattern):
                    nudges.spawn(self._listen(self._fleet.bus, pattern), name=f"nudges {pattern}", may_end=True)
            while self._listeners:
                looked = time.monotonic()
                if not await self._tick():
                    await self._wait()
                if self._listeners:
                    await asyncio.sleep(max(0.0, looked + TICK_SECONDS - time.monotonic()))
        except Exception:
            log.exception("what is new cannot be read, all listeners are to come again")
            for listener in self._listeners:
                listener.end()
        finally:
            self._reading = False  # nobody can have joined since the last look at the listeners
            await nudges.close()

    async def _tick(self) -> bool:
        assert self._position is not None
        position = self._position
        self._nudged.clear()
        batch = await self._fleet.read(lambda connection: self._reader.read(connection, position))
        self.ticks += 1
        self._give(batch)
        if batch.more:
            newest = await self._fleet.read(end)
            if not self._readable(self._position, newest):
                self._leave_out(newest)
        return batch.more

    def _give(self, batch: Batch) -> None:
        self._position = batch.end
        for listener in self._listeners:
            if listener.live:
                listener.put(batch)

    def _leave_out(self, newest: Position) -> None:
        self._position = newest
        for listener in self._listeners:
            if listener.live:
                listener.position = newest
                listener.skip()

    async def _wait(self) -> None:
        calm = self._fleet.bus is not None and self._fleet.bus.connected
        with suppress(TimeoutError):
            async with asyncio.timeout(CALM_SECONDS if calm else POLL_SECONDS):
                await self._nudged.wait()

    async def _listen(self, bus: Bus, pattern: str) -> None:
        with suppress(BusError):  # then it polls
            subscription = await bus.subscribe(pattern)
            try:
                async for _ in subscription:
                    self._nudged.set()
            finally:
                await subscription.close()
