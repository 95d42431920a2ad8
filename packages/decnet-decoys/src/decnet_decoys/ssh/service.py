# SPDX-License-Identifier: MIT
"""Accepts SSH connections to one decky and serves each; until the first arrives a decky is one listening socket.

Own accept loop, not asyncssh's: who is over the limit is turned away before anything is allocated for him, and keys and
options are made when they are first needed.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket

from decnet_decoys.decky_context import DeckyContext
from decnet_decoys.evidence.connection_recorder import ConnectionInfo, ConnectionRecorder
from decnet_decoys.ssh.engine import asyncssh
from decnet_decoys.ssh.keys import host_keys
from decnet_decoys.ssh.login import Login
from decnet_decoys.ssh.options import options_for

log = logging.getLogger(__name__)

LOGIN_SECONDS = 120
"""OpenSSH's default LoginGraceTime."""


class SshDoor:
    """The SSH port of one decky; `listener` is bound, listening and not blocking."""

    def __init__(self, context: DeckyContext, listener: socket.socket) -> None:
        self._context = context
        self._listener = listener
        self._options: asyncssh.SSHServerConnectionOptions | None = None
        self._making = asyncio.Lock()
        self._open: set[asyncssh.SSHServerConnection] = set()

    async def open(self) -> None:
        """Begin to accept."""
        asyncio.get_running_loop().add_reader(self._listener, self._accept)

    async def close(self) -> None:
        """Stop accepting and end what is open."""
        asyncio.get_running_loop().remove_reader(self._listener)
        self._listener.close()
        for connection in list(self._open):
            connection.abort()

    def _accept(self) -> None:
        try:
            client, peer = self._listener.accept()
        except OSError:
            self._context.runtime.counters.add("decoys_accept_failed")
            return
        client.setblocking(False)
        source = str(peer[0])
        if not self._context.fleet.limiter.acquire(source):
            self._context.runtime.counters.add("decoys_connections_refused")
            client.close()
            return
        here = client.getsockname()
        info = ConnectionInfo(self._context.decky.name, "ssh", (source, int(peer[1])), (str(here[0]), int(here[1])))
        self._context.runtime.spawn(self._serve(client, info), name="ssh-connection", may_end=True)

    async def _serve(self, client: socket.socket, info: ConnectionInfo) -> None:
        """Serve one connection to its end; whatever goes wrong ends this connection only."""
        connection = None
        try:
            recorder = ConnectionRecorder(self._context.runtime, info)
            recorder.opened()
            self._context.runtime.counters.add("decoys_connections")
            options = await self._shared_options()
            connection = await asyncssh.run_server(
                client, options=options, server_factory=lambda: self._login(recorder), login_timeout=LOGIN_SECONDS
            )
            self._open.add(connection)
            await connection.wait_closed()
        except (OSError, EOFError, TimeoutError, asyncssh.Error):
            pass  # a client that went away, spoke nonsense or never logged in
        except Exception:
            self._context.runtime.counters.add("decoys_connection_errors")
            log.exception("connection failed decky=%s", info.decky)
        finally:
            if connection is not None:
                self._open.discard(connection)
            self._context.fleet.limiter.release(info.src[0])
            with contextlib.suppress(OSError):
                client.close()

    def _login(self, recorder: ConnectionRecorder) -> Login:
        return Login(self._context, recorder)

    async def _shared_options(self) -> asyncssh.SSHServerConnectionOptions:
        async with self._making:
            if self._options is None:
                context = self._context
                profile = context.persona.ssh
                keys = await context.runtime.in_thread(host_keys, context.keys, profile.host_keys)
                self._options = options_for(profile, keys)
            return self._options
