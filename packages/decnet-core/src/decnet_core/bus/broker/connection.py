# SPDX-License-Identifier: MIT
"""The life of one connection to the broker: its socket, what waits for it, its deadlines, its end.

What the client says is obeyed in `peer`; here nothing of the protocol is known but how to greet, ping and refuse.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from decnet_core.bus.protocol import frames
from decnet_core.bus.protocol.operations import Operation
from decnet_core.bus.protocol.parser import Parser
from decnet_core.bus.protocol.send_queue import CHUNK, Outbox
from decnet_core.heartbeat_clock import until_beat

if TYPE_CHECKING:
    from decnet_core.bus.broker.server import Broker

LINGER_SECONDS = 2.0  # to read the last -ERR before the connection is cut
_LOW_WATER = 16_384
_UNANSWERED_PINGS = 2


class Connection(asyncio.BufferedProtocol):
    """One client's connection; subclasses say what happens to what it sends."""

    def __init__(self, broker: Broker, client_id: int) -> None:
        self.client_id = client_id
        self.name = f"client-{client_id}"
        self.outbox = Outbox(CHUNK, broker.allowance)
        self.dirty = False
        self.wants_info = False
        """Whether the client understands an INFO that comes later than the first."""
        self.closing = False
        self._broker = broker
        self._parser = Parser(broker.lines)
        self._transport: asyncio.Transport | None = None
        self._heard = False
        self._unanswered = 0
        self._told_dropped = 0
        self._held = 0
        self._timers: dict[str, asyncio.TimerHandle] = {}

    def admitted(self, transport: asyncio.Transport) -> bool:
        """Decide whether the client behind `transport` may stay."""
        raise NotImplementedError

    def greeting(self) -> frames.Line:
        """Return the INFO line for this client."""
        raise NotImplementedError

    def obey(self, operations: list[tuple[Operation, bytes]]) -> None:
        """Do what the client says."""
        raise NotImplementedError

    def left(self) -> None:
        """Forget everything that was kept for this client."""
        raise NotImplementedError

    # --- asyncio's calls --------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet, and give the client a while to answer."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=CHUNK, low=_LOW_WATER)
        self.outbox.open(self._transport)
        if not self.admitted(self._transport):
            return
        self.say(self.greeting())
        self.outbox.flush()
        self._later("greeting", self._broker.settings.handshake_seconds, self._never_greeted)
        self._expect_pulse()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's interface
        """Let go of everything."""
        self.closing = True
        for timer in self._timers.values():
            timer.cancel()
        self.outbox.discard()
        self.outbox.close()
        self._parser.give_up()
        self._account_held(begun=True)
        self._broker.congested.discard(self)
        self.left()

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - asyncio's interface
        """Return where to read to: one buffer serves all connections, for it is emptied before the next is read."""
        return self._broker.buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Obey what was read, then hand on what that made ready."""
        broker = self._broker
        broker.in_bytes += nbytes
        self._heard, self._unanswered = True, 0
        if not self.closing:
            operations = self._parser.feed(bytes(broker.buffer[:nbytes]))
            self.obey(operations)
            self._account_held(begun=bool(operations))
        broker.flush()
        if self.outbox.stuffed:
            self._too_slow()

    def pause_writing(self) -> None:
        """Hold what comes for this client, and give it a while to read."""
        self.outbox.paused = True
        self._broker.congested.add(self)
        self._later("reading", self._broker.settings.slow_seconds, self._too_slow)

    def resume_writing(self) -> None:
        """Hand on what was held, and say what had to be dropped meanwhile."""
        self.outbox.paused = False
        self._broker.congested.discard(self)
        self.in_time("reading")
        if self.outbox.dropped != self._told_dropped and self.wants_info:
            self._told_dropped = self.outbox.dropped
            self.say(self.greeting())
        self.outbox.flush()

    # --- for the subclass -------------------------------------------------------------------------

    def say(self, line: frames.Line) -> None:
        """Queue `line`; it is handed on when the batch is done."""
        self.outbox.push_line(line)
        if not self.dirty:
            self._broker.soil(self)

    def refuse(self, text: str) -> None:
        """Say why, then close; cut it when the client does not read that."""
        if self.closing or self._transport is None:
            return
        self.closing = True
        self._broker.note_closed(self.name, text)
        self.outbox.push_line(frames.err(text))
        self.outbox.flush()
        self._transport.close()
        self._later("linger", LINGER_SECONDS, self._transport.abort)

    def give_up(self) -> None:
        """Throw the client out, and the half of a message that it has sent."""
        self._parser.give_up()
        self._account_held(begun=True)
        self.refuse("Maximum Payload Violation")

    def abort(self) -> None:
        """Cut the connection."""
        if self._transport is not None:
            self._transport.abort()

    def in_time(self, what: str) -> None:
        """Cancel the deadline `what`."""
        timer = self._timers.pop(what, None)
        if timer is not None:
            timer.cancel()

    # --- deadlines and limits ---------------------------------------------------------------------

    def _later(self, what: str, seconds: float, do: Callable[[], None]) -> None:
        self.in_time(what)
        self._timers[what] = asyncio.get_running_loop().call_later(seconds, do)

    def _never_greeted(self) -> None:
        self.refuse("Authentication Timeout")

    def _too_slow(self) -> None:
        self._broker.slow_consumers += 1
        self.refuse("Slow Consumer")
        self.abort()

    def _expect_pulse(self) -> None:
        self._later("pulse", until_beat(self._broker.settings.ping_seconds), self._check_pulse)

    def _check_pulse(self) -> None:
        """Ask a client that said nothing since the last time whether it is alive."""
        if self._heard:
            self._heard = False
            self._expect_pulse()
            return
        if self._unanswered >= _UNANSWERED_PINGS:
            self.refuse("Stale Connection")
            return
        self._unanswered += 1
        self.say(frames.PING)
        self._broker.flush()
        self._expect_pulse()

    def _account_held(self, *, begun: bool) -> None:
        """Bound what half-received messages take, all connections together; `begun`: this half is a new one."""
        broker, held = self._broker, self._parser.held
        broker.held_bytes += held - self._held
        self._held = held
        if begun:
            broker.holding.pop(self, None)
        if held:
            broker.holding.setdefault(self)
            broker.relieve()
