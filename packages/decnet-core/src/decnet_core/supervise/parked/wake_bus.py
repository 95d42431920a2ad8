# SPDX-License-Identifier: MIT
"""The supervisor's client of the bus: it listens to what wakes parked workers.

It connects when the first worker asks to be parked, and listens to a worker's subjects only from then until the worker
runs again, so that a busy fleet costs its supervisor nothing. A connection that is lost or made wakes all who are
parked, for messages may have been missed.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable

from decnet_core.bus.interface import Bus, BusError, Message, Subscription
from decnet_core.tasks import Tasks

Connect = Callable[[], Awaitable[Bus]]

_LIMIT = 16
"""Messages kept of a subscription; one is enough to wake a worker, the rest are dropped."""


class WakeBus:
    """Subscriptions for parked workers on one connection, which `connect` makes."""

    def __init__(self, connect: Connect, tasks: Tasks, changed: Callable[[], None]) -> None:
        """`changed` is called when messages may have been missed."""
        self._connect = connect
        self._tasks = tasks
        self._changed = changed
        self._bus: Bus | None = None
        self._opening = asyncio.Lock()

    @property
    def connected(self) -> bool:
        """Whether messages are flowing now."""
        return self._bus is not None and self._bus.connected

    async def listen(
        self, patterns: Iterable[str], deliver: Callable[[Message], None], orders: str, obey: Callable[[Message], None]
    ) -> Listening:
        """Call `deliver` for each message of the patterns, `obey` for each of the subject `orders`.

        The server has confirmed all of them when this returns. Raises BusError, also when it cannot be reached.
        """
        bus = await self._opened()
        listening = Listening()
        try:
            for pattern in patterns:
                await self._add(listening, pattern, deliver)
            await self._add(listening, orders, obey)
        except BaseException:
            await listening.close()
            raise
        if not bus.connected:
            await listening.close()
            raise BusError("the bus cannot be reached")
        return listening

    async def announce(self, subject: str, payload: bytes) -> None:
        """Publish, connecting if need be; does nothing when the bus cannot be reached."""
        with contextlib.suppress(BusError):
            (await self._opened()).publish(subject, payload)

    async def _opened(self) -> Bus:
        async with self._opening:
            if self._bus is None:
                self._bus = await self._connect()
                self._bus.on_change(self._changed)
        return self._bus

    def publish(self, subject: str, payload: bytes) -> None:
        """Publish; does nothing without a connection."""
        if self._bus is not None:
            with contextlib.suppress(BusError):
                self._bus.publish(subject, payload)

    async def close(self) -> None:
        """Close the connection, if there is one."""
        if self._bus is not None:
            await self._bus.close()

    async def _add(self, listening: Listening, pattern: str, deliver: Callable[[Message], None]) -> None:
        assert self._bus is not None
        subscription = await self._bus.subscribe(pattern, limit=_LIMIT)
        task = self._tasks.spawn(_read(subscription, deliver), name=f"parked:{pattern}", may_end=True)
        listening.add(subscription, task)


class Listening:
    """The subscriptions of one worker."""

    def __init__(self) -> None:
        self._open: list[tuple[Subscription, asyncio.Task[None]]] = []

    def add(self, subscription: Subscription, task: asyncio.Task[None]) -> None:
        """Keep a subscription and the task that reads it."""
        self._open.append((subscription, task))

    async def close(self) -> None:
        """End them."""
        for subscription, task in self._open:
            await subscription.close()
            task.cancel()
        self._open.clear()


async def _read(subscription: Subscription, deliver: Callable[[Message], None]) -> None:
    async for message in subscription:
        deliver(message)
