# SPDX-License-Identifier: MIT
"""One connection to the broker: its socket, its send queue, its deadlines, its end.

`peer` handles what the client sends; only INFO, PING and -ERR of the protocol are known here.
"""

import asyncio
from collections.abc import Callable
from typing import cast

from decnet_core.bus.broker.state import BrokerState
from decnet_core.bus.protocol import frames
from decnet_core.bus.protocol.parser import Parser, Run, joined
from decnet_core.bus.protocol.send_queue import CHUNK, SendQueue
from decnet_core.timing.heartbeat_clock import until_beat

LINGER_SECONDS = 2.0  # to read the last -ERR before the connection is cut
_LOW_WATER = 16_384
_UNANSWERED_PINGS = 2
_TURN_SIZE, _TURN_OPERATIONS = 65_536, 1024
"""Of one read that many bytes are handled at once, and the rest with them only if there were not more operations:
what is handled before another client has its turn must not take 20 ms."""


class Connection(asyncio.BufferedProtocol):
    """One client's connection; the subclass handles the operations that it sends."""

    def __init__(self, state: BrokerState, client_id: int) -> None:
        self.client_id = client_id
        self.name = f"client-{client_id}"
        self.send_queue = SendQueue(CHUNK, state.allowance)
        self.dirty = False
        self.wants_info = False
        """Whether the client understands further INFO lines after the first."""
        self.closing = False
        self._state = state
        self._parser = Parser(state.lines)
        self._transport: asyncio.Transport | None = None
        self._active = False
        self._unanswered = 0
        self._reported_dropped = 0
        self._held = 0
        self._timers: dict[str, asyncio.TimerHandle] = {}

    def admitted(self, transport: asyncio.Transport) -> bool:
        """Return whether the client behind `transport` is accepted."""
        raise NotImplementedError

    def greeting(self) -> frames.Line:
        """Return the INFO line for this client."""
        raise NotImplementedError

    def handle(self, runs: list[Run]) -> None:
        """Handle what the client sent, up to an operation that ends the connection."""
        raise NotImplementedError

    def disconnected(self) -> None:
        """Release everything held for this client."""
        raise NotImplementedError

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=CHUNK, low=_LOW_WATER)
        self.send_queue.open(self._transport)
        if not self.admitted(self._transport):
            return
        self.send_line(self.greeting())
        self.send_queue.flush()
        self._later("greeting", self._state.settings.handshake_seconds, self._never_greeted)
        self._schedule_liveness_check()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's interface
        self.closing = True
        for timer in self._timers.values():
            timer.cancel()
        self.send_queue.discard()
        self.send_queue.close()
        self._parser.give_up()
        self._account_held(begun=True)
        self._state.congested.discard(self)
        self.disconnected()

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - asyncio's interface
        """Return the buffer shared by all connections: it is emptied before the next one is read."""
        return self._state.buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Handle what was read, then flush what that queued, for all clients."""
        state = self._state
        state.in_bytes += nbytes
        self._active, self._unanswered = True, 0
        if self.closing:
            state.flush()
            return
        first, rest = state.buffer[: min(nbytes, _TURN_SIZE)], state.buffer[_TURN_SIZE:nbytes]
        runs = self._parser.feed_runs(first)
        if rest and sum(len(bodies) for _, bodies in runs) > _TURN_OPERATIONS and self._transport is not None:
            self._transport.pause_reading()
            asyncio.get_running_loop().call_soon(self._next_turn, bytes(rest))
        elif rest:
            runs = joined(runs, self._parser.feed_runs(rest))
        self._take(runs)

    def _next_turn(self, data: bytes) -> None:
        """Handle the rest of what was read, after what other clients sent."""
        if not self.closing and self._transport is not None:
            self._take(self._parser.feed_runs(data))
            self._transport.resume_reading()

    def _take(self, runs: list[Run]) -> None:
        self.handle(runs)
        self._account_held(begun=bool(runs))
        self._state.flush()
        if self.send_queue.overfull:
            self._too_slow()

    def pause_writing(self) -> None:
        self.send_queue.paused = True
        self._state.congested.add(self)
        self._later("reading", self._state.settings.slow_seconds, self._too_slow)

    def resume_writing(self) -> None:
        """Send what was queued, and an INFO with the number of messages dropped meanwhile."""
        self.send_queue.paused = False
        self._state.congested.discard(self)
        self.cancel_deadline("reading")
        if self.send_queue.dropped != self._reported_dropped and self.wants_info:
            self._reported_dropped = self.send_queue.dropped
            self.send_line(self.greeting())
        self.send_queue.flush()

    def send_line(self, line: frames.Line) -> None:
        """Queue `line`; it is sent when the batch is done."""
        self.send_queue.push_line(line)
        if not self.dirty:
            self._state.mark_dirty(self)

    def refuse(self, text: str) -> None:
        """Send -ERR, then close; abort when the client does not read it within LINGER_SECONDS."""
        if not self.closing:
            self._state.note_closed(self.name, text)
            self.send_queue.push_line(frames.err(text))
            self.close()

    def close(self) -> None:
        """Send what is queued, as far as the client reads it within LINGER_SECONDS, and disconnect it."""
        if self.closing or self._transport is None:
            return
        self.closing = True
        self.send_queue.flush()
        self._transport.close()
        self._later("linger", LINGER_SECONDS, self._transport.abort)

    def give_up(self) -> None:
        self._parser.give_up()
        self._account_held(begun=True)
        self.refuse("Maximum Payload Violation")

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def cancel_deadline(self, what: str) -> None:
        timer = self._timers.pop(what, None)
        if timer is not None:
            timer.cancel()

    def _later(self, what: str, seconds: float, do: Callable[[], None]) -> None:
        self.cancel_deadline(what)
        self._timers[what] = asyncio.get_running_loop().call_later(seconds, do)

    def _never_greeted(self) -> None:
        self.refuse("Authentication Timeout")

    def _too_slow(self) -> None:
        self._state.slow_consumers += 1
        self.refuse("Slow Consumer")
        self.abort()

    def _schedule_liveness_check(self) -> None:
        self._later("liveness", until_beat(self._state.settings.ping_seconds), self._check_liveness)

    def _check_liveness(self) -> None:
        """Ping a client that has sent nothing since the last check."""
        if self._active:
            self._active = False
            self._schedule_liveness_check()
            return
        if self._unanswered >= _UNANSWERED_PINGS:
            self.refuse("Stale Connection")
            return
        self._unanswered += 1
        self.send_line(frames.PING)
        self._state.flush()
        self._schedule_liveness_check()

    def _account_held(self, *, begun: bool) -> None:
        """Bound the half-received messages of all connections together; `begun`: the half now held is a new one."""
        state, held = self._state, self._parser.held
        state.held_bytes += held - self._held
        self._held = held
        if begun:
            state.holding.pop(self, None)
        if held:
            state.holding.setdefault(self)
            state.relieve()
