# SPDX-License-Identifier: MIT
"""Serves the application with uvicorn, in the event loop of the worker's host."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import time
from collections.abc import Iterator, Sequence
from typing import Any

from starlette.types import ASGIApp

from decnet_core.net.acceptor import Acceptor
from decnet_core.net.addresses import Network
from decnet_core.net.places import Place, Places
from decnet_web.api.hosting import uvicorn_server as uvicorn
from decnet_web.api.hosting.connection import HEAD_SECONDS, Connection
from decnet_web.api.hosting.source_turns import SourceTurns
from decnet_web.api.settings import ApiSettings

KEEP_ALIVE_SECONDS = 5
FINISH_SECONDS = 2
"""How long a request may still take when the worker stops."""
_CHECK_SECONDS = 0.01

DEFAULTS = ApiSettings()

Listener = tuple[socket.socket, ssl.SSLContext | None]


class Server(uvicorn.Server):
    """uvicorn without its signal handlers and without its wake-ups ten times a second."""

    def __init__(self, application: ASGIApp, settings: ApiSettings = DEFAULTS, trusted: Sequence[Network] = ()) -> None:
        """`trusted` are the networks of proxies, which bring many clients."""
        config = uvicorn.Config(
            application,
            loop="none",
            http=Connection,
            log_level="error",  # what is no request is counted, not logged
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=FINISH_SECONDS,
        )
        super().__init__(config)
        self._most, self._most_per_source = settings.max_connections, settings.max_connections_per_source
        self._trusted = tuple(trusted)
        self._turns = SourceTurns()
        self._refused_connections = self._refused_requests = 0
        self._listeners: Sequence[Listener] = ()
        self._places: list[Places] = []
        self._ending = asyncio.Event()
        self.begun, self.ended = asyncio.Event(), asyncio.Event()
        """Set when clients are accepted, and when the last one is gone."""

    def counters(self) -> dict[str, float]:
        """What the worker reports of its connections."""
        return {
            "requests": self.requests,
            "connections": len(self.server_state.connections),
            "connections_refused": self._refused_connections,
            "connections_evicted": sum(places.evicted for places in self._places),
            "requests_malformed": self._refused_requests,
        }

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
        self.servers: list[Any] = []
        self._places.clear()
        for sock, context in self._listeners:
            self.servers.append(self._acceptor(sock, context))
        self.started = True
        self.begun.set()

    async def main_loop(self) -> None:
        """Wait for `end`, then for the first requests of those who were accepted before."""
        await self._ending.wait()
        for server in self.servers:
            server.close()
        end = time.monotonic() + FINISH_SECONDS
        while self._beginning and time.monotonic() < end:  # noqa: ASYNC110  # rare and short
            await asyncio.sleep(_CHECK_SECONDS)

    async def _wait_tasks_to_complete(self) -> None:
        """Wait as uvicorn does; whose answer takes too long and has not begun gets none, and no 500 as from uvicorn.

        So the client, or `web` for it, asks once more, and the next process answers.
        """
        try:
            await super()._wait_tasks_to_complete()
        except asyncio.CancelledError:  # FINISH_SECONDS are over
            for connection in list(self.server_state.connections):
                connection.transport.abort()
            raise

    @property
    def _beginning(self) -> bool:
        """Whether a client was accepted that has not sent a request yet."""
        if any(server.beginning for server in self.servers):
            return True
        return any(isinstance(one, Connection) and one.unasked for one in self.server_state.connections)

    def _acceptor(self, sock: socket.socket, context: ssl.SSLContext | None) -> Acceptor:
        places = Places(self._most, self._most_per_source)
        self._places.append(places)
        return Acceptor(
            sock,
            self._connection,
            places,
            refused=self._refuse_connection,
            unlimited=self._trusted,
            context=context,
            handshake_seconds=HEAD_SECONDS,
        )

    def _connection(self, place: Place) -> Connection:
        return Connection(self.config, self.server_state, self._turns, place, self._refuse_request)

    def _refuse_connection(self) -> None:
        self._refused_connections += 1

    def _refuse_request(self) -> None:
        self._refused_requests += 1
