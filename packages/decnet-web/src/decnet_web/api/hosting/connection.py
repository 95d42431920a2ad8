# SPDX-License-Identifier: MIT
"""One client's connection: uvicorn's, with the limits that hold for whoever has not logged in."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

import h11

from decnet_core.net.addresses import source_of
from decnet_core.net.places import Place
from decnet_web.api.hosting import uvicorn_server as uvicorn
from decnet_web.api.hosting.lingering import LingeringTransport
from decnet_web.api.hosting.parser import LARGEST_HEAD, MOST_LINES, Parser
from decnet_web.api.hosting.source_turns import SourceTurns
from decnet_web.api.passage.headers import SAFE
from decnet_web.api.problems import Problem

HEAD_SECONDS = 10
"""How long a client may take to send the head of a request, or the rest of a body that nobody reads."""
_READ_BYTES = 64 << 10
_ENCRYPTED_BYTES = 16 << 10
"""Of a client of TLS whose requests wait; asyncio keeps 256 KiB, and decrypts them at once."""


class Connection(uvicorn.H11Protocol):
    """A connection whose client owes a request only for a while, and has the loop for a moment at a time."""

    conn: Parser
    transport: LingeringTransport

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: uvicorn.ServerState,
        turns: SourceTurns,
        place: Place,
        refused: Callable[[], None],
    ) -> None:
        """`refused` is called for what is no request."""
        super().__init__(config=config, server_state=server_state, app_state={})
        self.conn = Parser()
        self._place = place
        self._refused = refused
        self._late: asyncio.TimerHandle | None = None
        self._turns = turns
        self._source = ""
        self._asked = False
        """Whether it waits for its turn."""
        self._between = False
        """Whether an answer is complete, and the next request may be there already."""
        self._complete = False
        """Whether a request is complete and its answer is not."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn does
        opened = transport.get_extra_info("socket")
        if opened.family != socket.AF_UNIX:  # asyncio does so only where the protocol's number was given
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if (limit := getattr(transport, "set_read_buffer_limits", None)) is not None:  # of asyncio's for TLS
            limit(_ENCRYPTED_BYTES, 0)
        elif hasattr(transport, "max_size"):  # of asyncio's: bytes of a read, which may all have to wait
            transport.max_size = _READ_BYTES
        super().connection_made(LingeringTransport(transport, lambda: self.conn.unread))
        self._place.evict = self.transport.abort
        self._source = source_of(self.client[0]) if self.client else ""
        if self.client is None and opened.family != socket.AF_UNIX:
            self.transport.abort()  # reset already; without an address it would count as a local proxy
            return
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._late is not None:
            self._late.cancel()
        super().connection_lost(exc)
        self.transport.lost()
        self._place.free()

    def data_received(self, data: bytes) -> None:
        if self.transport.lingers:
            self.transport.discard(len(data))
        else:
            super().data_received(data)

    def eof_received(self) -> None:
        self.transport.stalls()  # asyncio closes it when it has sent what is written

    def handle_events(self) -> None:
        """Handle what the client sent for one turn, and go on when others have had theirs."""
        if self._asked or self.transport.is_closing():
            return
        if self._turns.busy or (self._between and self.conn.unread):
            self._ask()
        else:
            self._handle_some()

    def _handle_some(self) -> None:
        self.conn.begin_turn()
        super().handle_events()
        if self.conn.unfinished and not self.transport.is_closing():
            self._ask()
        else:
            self.transport.release()
        self._watch()

    def _ask(self) -> None:
        self._asked = True
        self.transport.hold()
        self._turns.ask(self._source, self._take_turn)

    def on_response_complete(self) -> None:
        self._between = True
        super().on_response_complete()
        self._between = False
        self._watch()

    def pause_writing(self) -> None:
        super().pause_writing()
        self.transport.stalls()
        self._place.stalls()

    def resume_writing(self) -> None:
        super().resume_writing()
        self.transport.moves()
        self._place.moves()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  # uvicorn's, always the same
        """Answer what is no request, if its answer has not begun, and end the connection."""
        self._refused()
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            answer = _too_large() if self.conn.head_too_large else _malformed()
            bodiless = self.conn.our_state is h11.SEND_RESPONSE and self.scope["method"] == "HEAD"
            self.transport.write(_written(self.conn, answer, b"" if bodiless else bytes(answer.response().body)))
        self._give_up_body()
        self.transport.close()

    def shutdown(self) -> None:
        super().shutdown()
        if self._answering and self.cycle.more_body:
            self._give_up_body()
            self.transport.close_now()
        elif self.transport.lingers:
            self.transport.close_now()

    def _give_up_body(self) -> None:
        """Let whoever waits for the rest of a body know that it does not come."""
        if self.cycle is not None:
            self.cycle.disconnected = True
            self.cycle.message_event.set()

    def _take_turn(self) -> None:
        self._asked = False
        if not self.transport.is_closing():
            self._handle_some()

    @property
    def unasked(self) -> bool:
        """Whether its first request is still to come."""
        return not self.transport.is_closing() and self.cycle is None

    @property
    def _answering(self) -> bool:
        cycle: uvicorn.RequestResponseCycle | None = self.cycle
        return cycle is not None and not cycle.response_complete

    def _watch(self) -> None:
        """Let time run while the client owes something, and not while it waits for its answer."""
        if (complete := self._answering and not self.cycle.more_body) != self._complete:
            self._complete = complete
            if complete:
                self._place.busy()
            else:
                self._place.idle()
        if not self._answering:
            self._late = self._late or self.loop.call_later(HEAD_SECONDS, self._end_late)
        elif self._late is not None:
            self._late.cancel()
            self._late = None

    def _end_late(self) -> None:
        self._late = None
        self.transport.close_now()


def _malformed() -> Problem:
    return Problem(400, title="Odd request", detail="this is no request of HTTP/1.1")


def _too_large() -> Problem:
    return Problem(431, detail=f"the head of a request has at most {LARGEST_HEAD} bytes and {MOST_LINES} lines")


def _written(conn: h11.Connection, problem: Problem, sent: bytes) -> bytes:
    headers = [*problem.response().raw_headers, *SAFE, (b"connection", b"close")]
    reason = problem.title.encode() if problem.status == 431 else b"Bad Request"
    start = conn.send(h11.Response(status_code=problem.status, headers=headers, reason=reason))
    body = conn.send(h11.Data(data=sent))
    return b"".join(part for part in (start, body, conn.send(h11.EndOfMessage())) if part)
