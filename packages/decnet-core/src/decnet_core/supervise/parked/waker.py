# SPDX-License-Identifier: MIT
"""Decides whether one worker may be parked, and wakes it while it is; answers the operator's orders in its place.

The worker's first request makes the supervisor listen in its place; a later one is granted if the worker's last look,
which found nothing to do, began after that and after the last message (see `runtime.parking`).
"""

import contextlib
import logging
import time
from collections.abc import Callable

import msgspec

from decnet_core.bus.interface import BusError, Message
from decnet_core.bus.subjects import CONTROL, LOST, Control, Health
from decnet_core.runtime.parking import ParkRequest
from decnet_core.supervise.parked.spool_watch import SpoolWatch
from decnet_core.supervise.parked.wake_bus import Listening, WakeBus
from decnet_core.tasks import Tasks

log = logging.getLogger(__name__)


class Waker:
    """Wakes worker `name` by calling `wake` with what did it."""

    def __init__(
        self,
        name: str,
        bus: WakeBus,
        tasks: Tasks,
        *,
        wake: Callable[[str], None],
        state: Callable[[], str],
        counters: Callable[[], dict[str, float]] = dict,
        spools: SpoolWatch | None = None,
    ) -> None:
        """`state` returns the worker's state while nobody else can tell it; empty while it runs.

        `counters` are the supervisor's, added to the worker's last ones; `spools` are watched for one that reads them.
        """
        self._name = name
        self._state = state
        self._bus = bus
        self._tasks = tasks
        self._wake = wake
        self._counters = counters
        self._spools = spools
        self._listening: Listening | None = None
        self._begun = False
        self._patterns: tuple[str, ...] = ()
        self._quiet_since = 0.0
        self._paused = False
        self._health: Health | None = None

    def grants(self, request: ParkRequest) -> bool:
        """Return whether the worker may be parked now; if not, it shall ask again after its next look."""
        if self._listening is None or not self._bus.connected or self._patterns != request.listens:
            self._begin(request)
            return False
        self._health = request.health
        return request.idle_since > self._quiet_since

    def changed(self) -> None:
        """Wake the worker, for a message may have been missed; a pause ends (see `Control`)."""
        self._paused = False
        self._came("missed")

    def runs(self) -> None:
        """Stop listening, from now on: the worker does so itself again."""
        self._paused, self._health = False, None
        self._stop_listening()

    def _stop_listening(self) -> None:
        if self._spools is not None:
            self._spools.discard(self._appended)
        listening, self._listening = self._listening, None
        if listening is not None:
            self._tasks.spawn(listening.close(), name=f"{self._name} runs", may_end=True)

    def _begin(self, request: ParkRequest) -> None:
        if not self._begun:
            self._begun = True
            self._tasks.spawn(self._listen(request), name=f"listen for {self._name}", may_end=True)

    async def _listen(self, request: ParkRequest) -> None:
        patterns, orders = request.listens, CONTROL.of(self._name)
        try:
            self.runs()
            heard = (*patterns, LOST.wildcard)

            def deliver(message: Message) -> None:
                self._came(message.subject)

            self._listening = await self._bus.listen(heard, deliver, orders, self._obey)
            if request.spools and self._spools is not None:
                self._spools.add(self._appended)
            self._patterns = patterns
            self._quiet_since = time.monotonic()
        except BusError as error:  # it stays awake
            log.debug("%s cannot be parked: %s", self._name, error)
        finally:
            self._begun = False

    def _appended(self) -> None:
        self._came("spool")

    def _came(self, by: str) -> None:
        self._quiet_since = time.monotonic()
        if not self._state():  # it runs and has heard it itself; a busy worker must not cost its supervisor anything
            self._stop_listening()
        elif not self._paused:
            self._wake(by)

    def _obey(self, message: Message) -> None:
        """Carry out an order to a parked worker; one that runs does so itself."""
        state = self._state()
        if self._health is None or not state:
            return
        order = None
        with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
            order = msgspec.json.decode(message.payload, type=Control).op
        if order == "pause":
            self._paused = True
        elif order in ("reload", "restart", "resume"):
            self.changed()
        if message.reply:
            report = msgspec.structs.replace(
                self._health,
                state="paused" if self._paused else state,
                pid=0,
                rss_bytes=0,
                uptime_seconds=0,
                counters={**self._health.counters, **self._counters()},
            )
            self._bus.publish(message.reply, msgspec.json.encode(report))
