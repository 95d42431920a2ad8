# SPDX-License-Identifier: MIT
"""Listens on one port of a decky and serves whoever connects, each in a task of its own.

Own accept loop, not asyncio's servers: a client over the limit is rejected before anything is allocated for it, and
until the first arrives a service of a decky is one listening socket.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import socket
from typing import Any

from decnet_core.exits import StartupError
from decnet_core.net.addresses import source_of
from decnet_core.net.sockets import BindError, listening
from decnet_decoys.evidence.connection_recorder import ConnectionInfo, ConnectionRecorder
from decnet_decoys.services.connection import Connection, ConnectionEnded
from decnet_decoys.services.service import Service

log = logging.getLogger(__name__)

RETRY_SECONDS = 1.0
"""How long to wait before accepting again after it failed: most likely this process has no file descriptor left."""


class Listener:
    """One service's port, bound when this is made; raises StartupError."""

    def __init__(self, name: str, service: Service[Any]) -> None:
        self._name = name
        self._service = service
        self._context = service.context
        decky = self._context.decky
        try:
            self._socket = listening(decky.address, service.port)
        except BindError as error:
            raise StartupError(
                f"decky {decky.name}: cannot offer {name} at {decky.address}:{service.port}: {error}"
            ) from error
        self._serving: set[asyncio.Task[Any]] = set()

    def open(self) -> None:
        """Begin to accept."""
        if self._socket.fileno() >= 0:
            asyncio.get_running_loop().add_reader(self._socket, self._accept)

    async def close(self) -> None:
        """Stop accepting and end what is open; does nothing the second time."""
        if self._socket.fileno() < 0:
            return
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()
        serving = list(self._serving)
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)

    def _accept(self) -> None:
        counters = self._context.runtime.counters
        try:
            client, peer = self._socket.accept()
        except OSError:
            counters.add("decoys_accept_failed")
            loop = asyncio.get_running_loop()
            loop.remove_reader(self._socket)
            loop.call_later(RETRY_SECONDS, self.open)
            return
        if not self._context.fleet.connections.acquire(source_of(peer[0])):
            counters.add("decoys_connections_refused")
            client.close()
            return
        client.setblocking(False)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        here = client.getsockname()
        info = ConnectionInfo(self._context.decky.name, self._name, (peer[0], peer[1]), (here[0], here[1]))
        connection = Connection(
            client,
            ConnectionRecorder(self._context.runtime, info),
            self._context.settings.limits,
            self._service.idle_seconds,
        )
        task = self._context.runtime.spawn(self._serve(connection), name=f"{self._name}-connection", may_end=True)
        self._serving.add(task)
        task.add_done_callback(functools.partial(self._ended, connection))

    async def _serve(self, connection: Connection) -> None:
        """Serve one connection to its end; whatever goes wrong ends this connection only."""
        recorder, limits = connection.recorder, self._context.settings.limits
        try:
            recorder.opened()
            recorder.counters.add("decoys_connections")
            async with asyncio.timeout(limits.session_seconds):
                await self._service.serve(connection)
        except (OSError, EOFError, ConnectionEnded):
            pass  # a client that went away, was silent for too long, or sent too much
        except Exception:
            recorder.counters.add("decoys_connection_errors")
            log.exception("connection failed service=%s decky=%s", self._name, recorder.info.decky)

    def _ended(self, connection: Connection, task: asyncio.Task[Any]) -> None:
        """Release what the connection held; also that of a task which was cancelled before it began."""
        self._serving.discard(task)
        self._context.fleet.connections.release(source_of(connection.recorder.info.src[0]))
        connection.socket.close()
