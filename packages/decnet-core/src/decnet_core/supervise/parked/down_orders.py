# SPDX-License-Identifier: MIT
"""Hears the operator's order to restart workers that are down for good: there is no process of theirs to hear it."""

import asyncio
import contextlib
import logging
from collections.abc import Callable

import msgspec

from decnet_core.bus.interface import BusError, Message
from decnet_core.bus.subjects import CONTROL, Control, Health
from decnet_core.supervise.parked.wake_bus import Listening, WakeBus
from decnet_core.tasks import Tasks

log = logging.getLogger(__name__)

_AGAIN_SECONDS = 5.0
"""Until the next try to listen when the bus cannot be reached."""


class DownOrders:
    """Calls `restart` with the name of a worker that is down when its restart is ordered; other orders are not heard.

    Nothing answers a request for health in its place: who is down shall be seen to be.
    """

    def __init__(self, bus: WakeBus, tasks: Tasks, restart: Callable[[str], None]) -> None:
        self._bus = bus
        self._tasks = tasks
        self._restart = restart
        self._listening: dict[str, Listening | None] = {}

    def begin(self, name: str) -> None:
        """Listen for worker `name`, which is down."""
        if name not in self._listening:
            self._listening[name] = None
            self._tasks.spawn(self._listen(name), name=f"orders for {name}", may_end=True)

    def end(self, name: str) -> None:
        """Do not listen for it any more: it is being started."""
        listening = self._listening.pop(name, None)
        if listening is not None:
            self._tasks.spawn(listening.close(), name=f"no orders for {name}", may_end=True)

    async def _listen(self, name: str) -> None:
        while name in self._listening:
            with contextlib.suppress(BusError):
                listening = await self._bus.listen(
                    (), lambda _: None, CONTROL.of(name), lambda one: self._obey(name, one)
                )
                if name in self._listening:
                    self._listening[name] = listening
                else:
                    await listening.close()
                return
            await asyncio.sleep(_AGAIN_SECONDS)

    def _obey(self, name: str, message: Message) -> None:
        order = None
        with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
            order = msgspec.json.decode(message.payload, type=Control).op
        if order != "restart" or name not in self._listening:
            return
        log.warning("%s: restarting (the operator's order)", name)
        if message.reply:
            self._bus.publish(message.reply, msgspec.json.encode(Health(name, "starting", 0, 0.0, 0, {})))
        self._restart(name)
