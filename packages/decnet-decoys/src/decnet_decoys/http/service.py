# SPDX-License-Identifier: MIT
"""The HTTP port of one decky: an asyncio protocol per connection, bounded in time and bytes."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import socket
import time

from decnet_core.events.catalogue import ClientIdentified, HttpRequest, LoginAttempt
from decnet_decoys.decky_context import DeckyContext
from decnet_decoys.evidence.connection_recorder import ConnectionInfo, ConnectionRecorder, text
from decnet_decoys.http.flavour import Answer, rendered
from decnet_decoys.http.request import BadRequest, Body, Head, parse_head
from decnet_decoys.http.site import Site

log = logging.getLogger(__name__)

BODY_TEXT = 8192
"""Bytes of a body that its event keeps as text; the whole is kept as an artifact when it is longer."""
KEEP_ALIVE_SECONDS = 65.0


class HttpDoor:
    """Serves a decky's site; `listener` is bound, listening and not blocking."""

    def __init__(self, context: DeckyContext, listener: socket.socket) -> None:
        self.context = context
        self._listener = listener
        port = listener.getsockname()[1]
        self.site = Site(context.persona.http, context.decky.address, port)
        self.open_connections: set[asyncio.Transport] = set()
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Begin to accept."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Connection(self), sock=self._listener)

    async def close(self) -> None:
        """Stop accepting and end what is open."""
        if self._server is None:
            self._listener.close()
            return
        self._server.close()
        for transport in list(self.open_connections):
            transport.abort()


class Connection(asyncio.Protocol):
    """One client's connection."""

    def __init__(self, door: HttpDoor) -> None:
        self._door = door
        self._context = door.context
        self._buffer = b""
        self._head: Head | None = None
        self._body: Body | None = None
        self._received = 0
        self._named: str | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._source: str | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, or turn the client away."""
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("a TCP transport is needed")
        self._transport = transport
        peer, here = transport.get_extra_info("peername"), transport.get_extra_info("sockname")
        if peer is None or not self._context.fleet.limiter.acquire(str(peer[0])):
            self._context.runtime.counters.add("decoys_connections_refused")
            transport.abort()
            return
        self._source = str(peer[0])
        self._door.open_connections.add(transport)
        info = ConnectionInfo(
            self._context.decky.name, "http", (self._source, int(peer[1])), (str(here[0]), int(here[1]))
        )
        self._recorder = ConnectionRecorder(self._context.runtime, info)
        self._recorder.opened()
        self._context.runtime.counters.add("decoys_connections")
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(self._context.settings.limits.session_seconds, transport.abort)
        self._wait()

    def _wait(self) -> None:
        """Give the client time for its next bytes."""
        if self._timer is not None:
            self._timer.cancel()
        seconds = min(KEEP_ALIVE_SECONDS, self._context.settings.limits.idle_seconds)
        self._timer = asyncio.get_running_loop().call_later(seconds, self._transport.abort)

    def connection_lost(self, _exc: Exception | None) -> None:
        """End."""
        if self._source is None:
            return
        self._deadline.cancel()
        if self._timer is not None:
            self._timer.cancel()
        self._door.open_connections.discard(self._transport)
        self._context.fleet.limiter.release(self._source)

    def pause_writing(self) -> None:
        """The client does not read its answers: take no more requests."""
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        """The client reads again."""
        self._transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        """Take bytes; whatever goes wrong ends this connection only."""
        self._received += len(data)
        if self._received > self._context.settings.limits.session_bytes:
            self._recorder.counters.add("decoys_connections_cut")
            self._transport.abort()
            return
        self._wait()
        try:
            self._take(data)
        except Exception:
            self._recorder.counters.add("decoys_connection_errors")
            log.exception("request failed decky=%s", self._context.decky.name)
            self._transport.abort()

    def _take(self, data: bytes) -> None:
        self._buffer += data
        while self._buffer and not self._transport.is_closing():
            if self._head is None and not self._begin_request():
                return
            if self._head is not None and self._body is not None:
                self._body.feed(self._buffer)
                self._buffer = b""
                if not self._body.done:
                    return
                self._finish_request(self._head, self._body)

    def _begin_request(self) -> bool:
        """Parse the next head; True when there is a request whose body may be read."""
        parsed = parse_head(self._buffer)
        if parsed is None:
            return False
        if isinstance(parsed, BadRequest):
            self._refuse(parsed)
            return False
        self._head = parsed.head
        self._body = Body(parsed.head, self._context.settings.limits.body_bytes)
        self._buffer = self._buffer[parsed.end :]
        if (parsed.head.get("expect") or "").lower() == "100-continue" and not self._body.done:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if not self._buffer and self._body.done:
            self._finish_request(self._head, self._body)
            return False
        return True

    def _refuse(self, bad: BadRequest) -> None:
        method, _, rest = bad.line.partition(" ")
        target, _, version = rest.rpartition(" ")
        answer = self._door.site.error(bad.status, close=True)
        self._recorder.emit(
            HttpRequest(
                method=text(method[:64]), target=text(target or rest), version=text(version[:16]), status=answer.status
            )
        )
        self._reply(answer, keep_alive=False, head_only=False)

    def _finish_request(self, head: Head, body: Body) -> None:
        """Record a whole request, then answer it."""
        site = self._door.site
        self._head = self._body = None
        self._buffer = body.rest
        data = bytes(body.data)
        answer = site.error(body.status, close=True) if body.status else site.answer(head, data)
        self._record(head, data, answer)
        credentials = site.credentials(head, data)
        if credentials is not None:
            self._recorder.counters.add("decoys_logins")
            self._recorder.emit(
                LoginAttempt(
                    service="http",
                    username=text(credentials.username),
                    success=False,
                    password=text(credentials.password),
                )
            )
        keep_alive = head.keep_alive and not answer.close
        self._reply(answer, keep_alive=keep_alive, head_only=head.method == "HEAD")

    def _record(self, head: Head, data: bytes, answer: Answer) -> None:
        agent = head.get("user-agent")
        if agent and agent != self._named:
            self._named = agent
            self._recorder.emit(ClientIdentified(service="http", software=text(agent)))
        digest = hashlib.sha256(data).hexdigest() if data else None
        if len(data) > BODY_TEXT:
            digest = self._context.fleet.artifacts.keep(data)
        self._recorder.emit(
            HttpRequest(
                method=head.method,
                target=text(head.target),
                version=head.version,
                host=_text(head.get("host")),
                user_agent=_text(agent),
                headers=tuple((name, text(value)) for name, value in head.headers),
                status=answer.status,
                body=text(data[:BODY_TEXT]) if data else None,
                body_bytes=len(data),
                body_sha256=digest,
            )
        )

    def _reply(self, answer: Answer, *, keep_alive: bool, head_only: bool) -> None:
        self._transport.write(
            rendered(self._context.persona.http, answer, now=time.time(), keep_alive=keep_alive, head_only=head_only)
        )
        if not keep_alive:
            self._transport.close()


def _text(value: str | None) -> str | None:
    return None if value is None else text(value)
