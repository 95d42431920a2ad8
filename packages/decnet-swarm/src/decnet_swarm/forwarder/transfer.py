# SPDX-License-Identifier: MIT
"""One connection to a listener: sends batches within the window and receives acknowledgements."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from importlib.metadata import version

import msgspec

from decnet_core.bus.subjects import FLEET_ASSIGNED, FleetAssigned
from decnet_core.runtime.context import Context
from decnet_core.tasks import Tasks
from decnet_core.text import for_terminal
from decnet_core.timing.heartbeat_clock import until_beat
from decnet_swarm.errors import SwarmError
from decnet_swarm.forwarder.batch import OutboundBatch
from decnet_swarm.forwarder.kept_assignment import KeptAssignment
from decnet_swarm.forwarder.send_queue import SendQueue
from decnet_swarm.forwarder.settings import ForwarderSettings
from decnet_swarm.framing import Deframer, frame
from decnet_swarm.stream import Stream
from decnet_swarm.wire import (
    KEEPALIVE_SECONDS,
    SILENCE_SECONDS,
    Assign,
    CaughtUp,
    Deckies,
    Farewell,
    FromListener,
    Hello,
    Ping,
    Stored,
    Welcome,
    encode,
    from_listener,
)

log = logging.getLogger(__name__)


class ProtocolError(SwarmError, ConnectionError):
    """The listener violated the protocol, or ends the connection."""


class RevokedError(ProtocolError):
    """The listener says that this sensor is no member of the fleet any more."""


class Transfer:
    """The events of `queue` over `stream`, and the deckies that the master assigns."""

    def __init__(
        self,
        ctx: Context,
        stream: Stream,
        queue: SendQueue,
        settings: ForwarderSettings,
        kept: KeptAssignment | None = None,
    ) -> None:
        """Without `kept` no assignments are taken: only an enrolled host can tell that they are its master's."""
        self._ctx = ctx
        self._stream = stream
        self._queue = queue
        self._settings = settings
        self._kept = kept
        self._over = False
        """Ends `_send`, too: a nudge at the same moment can swallow its cancellation (asyncio.wait_for before 3.12)."""
        self._window = settings.window_bytes
        self._in_flight: deque[OutboundBatch] = deque()
        self._in_flight_bytes = 0
        self._confirmed = 0
        self._room = asyncio.Event()
        self._begun = asyncio.Event()
        """The listener has sent what it has stored."""
        self._caught_up = False
        self._received_at = time.monotonic()
        self._deframer = Deframer()
        self._waiting: deque[FromListener] = deque()

    async def run(self, until: asyncio.Event, welcome: Callable[[], None]) -> None:
        """Ship until `until` is set; calls `welcome` when the server takes events. Raises OSError when it ends before.

        A listener that is there but cannot write yet, because its disk is full, is waited for as long as it says so.
        """
        held = None
        if self._kept is not None:
            self._kept.forget_what_was_told()
            held = self._kept.version
        self._send_control(Hello(version("decnet-swarm"), held))
        tasks = Tasks("forwarder")
        tasks.spawn(self._send(), name="send")
        tasks.spawn(self._receive(welcome), name="receive")
        tasks.spawn(self._keep_alive(), name="keep-alive")
        try:
            await tasks.until(until)
        finally:
            self._over = True
            await tasks.close()

    async def _send(self) -> None:
        await self._begun.wait()
        while not self._over:
            await self._ctx.unpaused.wait()
            began = time.monotonic()
            await self._send_standings()
            batch = await self._ctx.in_thread(self._save_and_read)
            if batch is None:
                self._send_caught_up()
                await self._ctx.nudged(self._seconds_to_wait(began))
                continue
            self._ctx.parking.worked()
            self._caught_up = False
            self._in_flight.append(batch)
            self._in_flight_bytes += len(batch.data)
            self._ctx.counters.add("events_sent", batch.events)
            self._ctx.counters.add("bytes_sent", len(batch.data))
            self._stream.write(batch.data)
            await self._stream.drain()
            await self._window_open()

    async def _send_standings(self) -> None:
        if self._kept is not None and (news := await self._ctx.in_thread(self._kept.news)) is not None:
            self._send_control(Deckies(news))

    async def _take(self, part: Assign, kept: KeptAssignment) -> None:
        envelope = kept.collect(part)
        if envelope is not None and await self._ctx.in_thread(kept.keep, envelope):
            announce(self._ctx)

    def _send_caught_up(self) -> None:
        if not self._caught_up:
            self._caught_up = True
            self._send_control(CaughtUp())

    def _seconds_to_wait(self, began: float) -> float:
        """Return how long to wait for a nudge after a look that began at `began` and found nothing to send."""
        seconds = self._ctx.poll_seconds(self._settings.poll_seconds)
        if self._in_flight:
            self._ctx.parking.worked()
            return seconds
        return rest(self._ctx, self._kept, self._settings, began, seconds)

    def _save_and_read(self) -> OutboundBatch | None:
        self._queue.save(now=not self._in_flight)
        return self._queue.next_batch(plain=False)

    async def _window_open(self) -> None:
        while self._in_flight_bytes >= self._window:
            self._room.clear()
            await self._room.wait()

    async def _receive(self, welcome: Callable[[], None]) -> None:
        while True:
            match await self._next():
                case Welcome() as message if not self._begun.is_set():
                    self._window = min(self._window, message.window_bytes)
                    await self._ctx.in_thread(self._queue.resume, message.spools)
                    self._begun.set()
                    welcome()
                case Stored(marks):
                    self._confirm(marks)
                case Assign() as part if self._kept is not None:
                    await self._take(part, self._kept)
                case Farewell(reason, True):
                    raise RevokedError(f"the listener reports: {for_terminal(reason)}")
                case Farewell(reason):
                    raise ProtocolError(f"the listener reports: {for_terminal(reason)}")
                case Welcome():
                    raise ProtocolError("a second welcome")
                case Assign():
                    raise ProtocolError("an assignment that was not asked for")
                case Ping():
                    pass

    def _confirm(self, marks: int) -> None:
        if marks - self._confirmed > len(self._in_flight):
            raise ProtocolError("the listener acknowledged what was not sent")
        while self._confirmed < marks:
            batch = self._in_flight.popleft()
            self._in_flight_bytes -= len(batch.data)
            self._queue.stored(batch)
            self._confirmed += 1
        self._room.set()
        if not self._in_flight:
            self._ctx.nudge()  # to save it

    async def _next(self) -> FromListener:
        while not self._waiting:
            data = await self._stream.receive()
            if not data:
                raise ConnectionResetError("the listener ended the connection")
            self._received_at = time.monotonic()
            for content in self._deframer.feed(data):
                message = from_listener(content)
                if message is None:
                    raise ProtocolError("the listener does not speak this protocol")
                self._waiting.append(message)
            if self._deframer.broken:
                raise ProtocolError(self._deframer.broken)
        return self._waiting.popleft()

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(until_beat(KEEPALIVE_SECONDS))
            if time.monotonic() - self._received_at > SILENCE_SECONDS:
                raise ConnectionResetError(f"the listener was silent for {SILENCE_SECONDS:.0f} s")
            self._send_control(Ping())

    def _send_control(self, control: Hello | CaughtUp | Deckies | Ping) -> None:
        self._stream.write(frame(encode(control)))


def announce(ctx: Context) -> None:
    """Wake `sensor-reconciler`: there is another assignment, or none any more."""
    ctx.bus.publish(FLEET_ASSIGNED.pattern, msgspec.json.encode(FleetAssigned(1)))


def rest(ctx: Context, kept: KeptAssignment | None, settings: ForwarderSettings, began: float, seconds: float) -> float:
    """Return when to look again after a look that found nothing, as `Parking.rest` does.

    One that plays deckies of the master stays, for these may be changed at any moment; any other calls now and then.
    """
    if kept is not None and kept.deckies:
        return ctx.parking.busy(seconds)
    return ctx.parking.rest(began, seconds, None if kept is None else settings.call_seconds)
