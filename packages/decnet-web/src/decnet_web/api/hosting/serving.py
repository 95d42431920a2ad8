# SPDX-License-Identifier: MIT
"""Serves the application with uvicorn, in the event loop of the worker's host."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Iterator, Sequence
from typing import Any

from starlette.types import ASGIApp

from decnet_web.api.hosting import uvicorn_server as uvicorn

KEEP_ALIVE_SECONDS = 5
HEAD_SECONDS = 10
"""How long a client may take to send the head of its first request."""
FINISH_SECONDS = 2
"""How long a request may still take when the worker stops."""
MOST_CONNECTIONS = 1000

Listener = tuple[socket.socket, ssl.SSLContext | None]


class Connection(uvicorn.H11Protocol):
    """A connection that is closed when its client does not begin a request in time."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn does
        super().connection_made(transport)
        opened = transport.get_extra_info("socket")
        if opened.family != socket.AF_UNIX:  # asyncio does so only where the protocol's number was given
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._late = self.loop.call_later(HEAD_SECONDS, self._end_if_silent)

    def connection_lost(self, exc: Exception | None) -> None:
        self._late.cancel()
        super().connection_lost(exc)

    @property
    def _silent(self) -> bool:
        """Whether no request has begun, of which h11 has seen the head."""
        cycle: object = self.cycle
        return cycle is None

    def _end_if_silent(self) -> None:
        if self._silent:
            self.transport.close()


class Server(uvicorn.Server):
    """uvicorn without its signal handlers and without its wake-ups ten times a second."""

    def __init__(self, application: ASGIApp) -> None:
        config = uvicorn.Config(
            application,
            loop="none",
            http=Connection,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            limit_concurrency=MOST_CONNECTIONS,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=FINISH_SECONDS,
        )
        super().__init__(config)
        self._listeners: Sequence[Listener] = ()
        self._ending = asyncio.Event()
        self.begun, self.ended = asyncio.Event(), asyncio.Event()
        """Set when clients are accepted, and when the last one is gone."""

    def counters(self) -> dict[str, float]:
        """What the worker reports of its connections."""
        return {"requests": self.requests, "connections": len(self.server_state.connections)}

    @property
    def requests(self) -> int:
        """How many requests have begun."""
        return self.server_state.total_requests

    @property
    def busy(self) -> bool:
        """Whether a request is being answered."""
        return bool(self.server_state.tasks)

    async def serve_on(self, listeners: Sequence[Listener]) -> None:
        """Serve until `end`."""
        self._listeners = listeners
        try:
            await self.serve()
        finally:
            self.ended.set()

    def end(self) -> None:
        """Make `serve_on` return once the requests have been answered, at most FINISH_SECONDS later."""
        self.should_exit = True
        self._ending.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to the worker's host."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002  # of uvicorn
        """Accept on the listeners, each with its own TLS context or none."""
        loop = asyncio.get_running_loop()
        self.servers: list[Any] = []
        for sock, context in self._listeners:
            self.servers.append(await loop.create_server(self._connection, sock=sock, ssl=context))
        self.started = True
        self.begun.set()

    async def main_loop(self) -> None:
        """Wait for `end`."""
        await self._ending.wait()

    def _connection(self) -> asyncio.Protocol:
        return Connection(config=self.config, server_state=self.server_state, app_state={})
