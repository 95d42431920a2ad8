# SPDX-License-Identifier: MIT
"""What the runtime gives a worker: state directory, bus, spool, counters, background tasks, one worker thread."""

import asyncio
import contextlib
import contextvars
import socket
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from decnet_core.bus.interface import Bus
from decnet_core.bus.subjects import SPOOL_APPENDED, Appended
from decnet_core.errors import CoreError
from decnet_core.events.catalogue import Payload
from decnet_core.events.codec import encode
from decnet_core.events.envelope import Event
from decnet_core.events.ids import uuid7
from decnet_core.net.inherited import InheritedSockets
from decnet_core.net.sockets import BACKLOG, bound_udp, listening, listening_unix
from decnet_core.runtime.counters import Counters
from decnet_core.runtime.notify import Notifier
from decnet_core.runtime.parking import Parking
from decnet_core.runtime.stored_sockets import StoredSockets
from decnet_core.settings import Settings
from decnet_core.spool.folding import Folding
from decnet_core.spool.writer import SpoolWriter
from decnet_core.state import State
from decnet_core.tasks import Tasks

T = TypeVar("T")


CALM = 5
"""Factor by which a worker polls less often while the bus can nudge it ..."""
CALM_SECONDS = 10.0
"""... but at least this often."""

_TIMER_SLACK_SECONDS = 0.1
"""A timer that is later than it should be by less than this is not set again."""


class Undeclared(CoreError, TypeError):
    """A worker emitted a kind that its class does not name in `produces` (law 5)."""


class Context:
    """One worker's view of the process that hosts it."""

    def __init__(
        self,
        *,
        worker: str,
        name: str = "",
        state: State,
        sensor: str,
        settings: Settings,
        bus: Bus,
        spool: SpoolWriter | None = None,
        folding: Folding | None = None,
        produces: tuple[type[Payload], ...] = (),
    ) -> None:
        self.worker = worker
        self.name = name or worker
        """What this process of it is called (`runtime.shares`)."""
        self.state = state
        self.sensor = sensor
        self.settings = settings
        """All sections, for the few that are shared (`[database]`); its own are in `worker.settings`."""
        self.bus = bus
        self.spool = spool
        self.counters = Counters()
        self.parking = Parking()
        self.inherited = InheritedSockets.from_environment()
        """Sockets that the supervisor held while the worker was parked."""
        self.stored_sockets = StoredSockets(Notifier(""))
        """Sockets that its host keeps for its next process; a task has none."""
        self.ask_to_be_replaced: Callable[[], object] = lambda: None
        """Asks the supervisor for another process in place of this one, which holds what is no longer needed; where to
        start one is expensive, nothing happens."""
        self.tasks = Tasks(worker)
        self.stopping = asyncio.Event()
        self.unpaused = asyncio.Event()
        self.unpaused.set()
        self.reloading = asyncio.Event()
        """Set by the control order `reload`; the worker clears it when it has re-read what it holds."""
        self.ready = False
        """Whether `start` has succeeded."""
        self.sync_before: list[Callable[[], None]] = []
        """What else must be durable when an event is: called in the worker's thread, before the spool is synced."""
        self.finished = asyncio.Event()
        """Set when `run` has returned after it was asked to stop."""
        self.appended = asyncio.Event()
        """Set by `emit`; the runtime's group fsync clears it."""
        self._produces = produces
        self._folding = folding
        self._window_end: asyncio.TimerHandle | None = None
        self._nudge = asyncio.Event()
        self._announced = 0
        self._own = contextvars.copy_context()
        self._thread: ThreadPoolExecutor | None = None

    def spawn(self, work: Coroutine[Any, Any, Any], *, name: str, may_end: bool = False) -> asyncio.Task[Any]:
        """Run `work` in the background; unless `may_end`, its end is the worker's crash."""
        return self.tasks.spawn(work, name=name, may_end=may_end)

    async def in_thread(self, function: Callable[..., T], *arguments: Any) -> T:
        """Run blocking `function` in the worker's one thread: all database work of a worker is in one place."""
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix=self.worker)
        return await asyncio.get_running_loop().run_in_executor(self._thread, function, *arguments)

    def listening(self, name: str, host: str, port: int, backlog: int = BACKLOG) -> socket.socket:
        """Return a TCP socket as `net.sockets.listening` does; the supervisor holds it while the worker is parked."""
        sock = self.inherited.take(name, host, port) or listening(host, port, backlog)
        self.parking.sockets[name] = sock
        return sock

    def listening_unix(self, name: str, path: Path, mode: int, backlog: int = BACKLOG) -> socket.socket:
        """The same for a UNIX socket with these permissions, `net.sockets.listening_unix`."""
        sock = self.inherited.take_unix(name, path) or listening_unix(path, mode, backlog)
        self.parking.sockets[name] = sock
        return sock

    def bound_udp(self, name: str, host: str, port: int) -> socket.socket:
        """The same for UDP."""
        sock = self.inherited.take(name, host, port) or bound_udp(host, port)
        self.parking.sockets[name] = sock
        return sock

    def poll_seconds(self, seconds: float) -> float:
        """Return how long to wait for a nudge before polling, which is `seconds` while the bus is unreachable.

        While it is connected, CALM times that, up to CALM_SECONDS: a nudge is then lost only when its sender was killed
        before it could send it. A connection that is lost or made is itself a nudge, as others may be lost.
        """
        return max(seconds, min(CALM * seconds, CALM_SECONDS)) if self.bus.connected else seconds

    def nudge(self) -> None:
        self._nudge.set()

    async def nudged(self, timeout: float) -> None:
        """Return on a message it listens to, after `timeout` seconds, or when it must stop; while paused, wait."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._nudge.wait(), timeout)
        self._nudge.clear()
        while not (self.unpaused.is_set() or self.stopping.is_set()):
            await self.unpaused.wait()

    async def off(self) -> None:
        """Wait until the worker must stop, or be parked for good: its settings give it nothing to do."""
        self.parking.listens, self.parking.looks_by_itself = (), False
        while not self.stopping.is_set():
            await self.nudged(self.parking.rest(time.monotonic(), CALM_SECONDS))

    async def serve(self, visits: Callable[[], tuple[float, bool]], look_seconds: float) -> None:
        """Until the worker must stop, count it as busy while visitors come or stay, and else as at rest.

        `visits` returns a number that changes with each visitor, and whether one is there now; it is asked every
        `look_seconds`.
        """
        seen, self.parking.looks_by_itself = -1.0, False
        while not self.stopping.is_set():
            began = time.monotonic()
            came, there = visits()
            if came != seen or there:
                seen = came
                await self.nudged(self.parking.busy(look_seconds))
            else:
                await self.nudged(self.parking.rest(began, look_seconds))

    def stop(self) -> None:
        """Ask the worker to end: `run` returns soon."""
        self.stopping.set()
        self.unpaused.set()
        self._nudge.set()

    def emit(
        self,
        payload: Payload,
        *,
        ts: int | None = None,
        id: UUID | None = None,  # noqa: A002  # the envelope's field
        decky: str | None = None,
        src: tuple[str, int | None] | None = None,
        dst: tuple[str, int | None] | None = None,
        session: str | None = None,
        synthetic: bool = False,
    ) -> Event:
        """Append an event to the worker's spool; when this returns the event survives the death of the process.

        Repeats of a source beyond its allowance are folded into one event (see `decnet_core.spool.folding`), unless
        the caller gives the event an id. `ts` is nanoseconds since the Unix epoch (default: now); `src` and `dst` are
        address and port.
        Raises BadEventError for an event that cannot be encoded, Undeclared for a kind not in `produces`.
        """
        if self.spool is None or not isinstance(payload, self._produces):
            raise Undeclared(f"{self.worker} may not emit {type(payload).__name__}: name it in `produces`")
        moment = time.time_ns() if ts is None else ts
        event = Event(
            id=id or uuid7(moment),
            ts=moment,
            sensor=self.sensor,
            payload=payload,
            decky=decky,
            src_ip=src[0] if src else None,
            src_port=src[1] if src else None,
            dst_ip=dst[0] if dst else None,
            dst_port=dst[1] if dst else None,
            session=session,
            synthetic=synthetic,
        )
        line = encode(event)
        if id is None and self._folding is not None and self._folding.takes(event, line, time.monotonic()):
            self._end_window_when_due(self._folding)
        else:
            self.spool.append_line(line)
            self._announce()
        self.appended.set()
        return event

    def _end_window_when_due(self, folding: Folding) -> None:
        seconds = folding.ends_in(time.monotonic())
        if not seconds:
            self.end_window()
            return
        loop = asyncio.get_running_loop()
        if self._window_end is None or loop.time() + seconds < self._window_end.when() - _TIMER_SLACK_SECONDS:
            self._cancel_window_end()
            self._window_end = loop.call_later(seconds, self.end_window)

    def end_window(self) -> None:
        """Write the events that were folded; does nothing when there are none."""
        self._cancel_window_end()
        if self._write_folded():
            self.appended.set()
            self._announce()

    def _write_folded(self) -> bool:
        if self._folding is None or self.spool is None or not self._folding.open:
            return False
        for event in self._folding.folded():
            self.spool.append(event)
        self._folding.forget()
        return True

    def _cancel_window_end(self) -> None:
        if self._window_end is not None:
            self._window_end.cancel()
            self._window_end = None

    def sync(self) -> None:
        """Wait until the disk has what was emitted, after what the events are about; meant for a thread."""
        for sync in self.sync_before:
            sync()
        if self.spool is not None and self._folding is not None:
            self._folding.sync(self.spool)
        elif self.spool is not None:
            self.spool.sync()

    def _announce(self) -> None:
        """Nudge ingest once per turn of the event loop, however many events the turn emitted.

        In no emitter's own context (PEP 567): it is done for all of them.
        """
        self._announced += 1
        if self._announced == 1:
            asyncio.get_running_loop().call_soon(self._publish_appended, context=self._own)

    def _publish_appended(self) -> None:
        count, self._announced = self._announced, 0
        self.bus.publish(SPOOL_APPENDED.of(self.worker), msgspec.json.encode(Appended(count)))

    async def close(self) -> None:
        """End background tasks, the thread, the spool and the bus connection, in this order."""
        try:
            await self.tasks.close()
            await self._end_thread()
            self._cancel_window_end()
            self._write_folded()
            if self.spool is not None:
                self.spool.close()
            if self._folding is not None:
                self._folding.clear()
                self._folding.close()
        finally:
            await self.bus.close()

    async def _end_thread(self) -> None:
        """Wait until the thread has finished its work, without blocking the loop for others that share it."""
        if self._thread is not None:
            await asyncio.wrap_future(self._thread.submit(int))
            self._thread.shutdown()
