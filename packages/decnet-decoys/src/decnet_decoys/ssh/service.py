# SPDX-License-Identifier: MIT
"""The SSH service: how it is reached, and the server behind it, which is loaded for the first client.

asyncssh with its OpenSSL bindings is a quarter of what a fleet at rest would hold; to import it takes 0.13 s of
processor time, in the worker's thread. Who only looks which ports are open, or what version there is, needs none of it.
`Decoys` has itself replaced when nobody has been there for a while.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import sys
from typing import TYPE_CHECKING, Any

from decnet_decoys.decky_context import DeckyContext
from decnet_decoys.services.connection import Connection, ConnectionEnded
from decnet_decoys.services.service import Service
from decnet_decoys.ssh.keys import are_made
from decnet_decoys.ssh.profile import SshProfile

if TYPE_CHECKING:
    from decnet_decoys.ssh.server import Server

_SERVER = "decnet_decoys.ssh.server"
LOGIN_SECONDS = 120
"""OpenSSH's default LoginGraceTime."""


class SshService(Service[SshProfile]):
    """SSH with logins captured, shells and transfers recorded, forwarding refused."""

    default_port = 2222
    standard_port = 22
    in_default_fleet = True
    reach = "ssh -p {port} {user}@{address}"
    suggestion = "ssh -p {port} {user}@{address}  (password {password})"
    preload = (_SERVER,)
    Profile = SshProfile

    def __init__(self, context: DeckyContext, profile: SshProfile, port: int) -> None:
        super().__init__(context, profile, port)
        self._server: Server | None = None

    async def prepare(self) -> None:
        if not are_made(self.context.keys, self.profile.host_keys):
            await (await self._loaded()).prepare()

    async def serve(self, connection: Connection) -> None:
        if self._server is not None and self._server.has_no_keys:
            await connection.read()
            raise ConnectionEnded("there are no host keys")
        first = b"" if self.profile.offers_at_once else await self._first_words(connection)
        self.context.fleet.is_visited = True
        await (await self._loaded()).serve(connection, first)

    async def _first_words(self, connection: Connection) -> bytes:
        """Send the version, and return what the client sends first."""
        async with asyncio.timeout(LOGIN_SECONDS):
            await connection.write(f"SSH-2.0-{self.profile.version}\r\n".encode("ascii"))
            first = await connection.read()
        if not first:
            raise ConnectionEnded("the client left")
        return first

    async def _loaded(self) -> Server:
        if self._server is None:
            module = await self.context.runtime.in_thread(_imported_server)
            if self._server is None:  # nobody else was faster
                self._server = module.Server(self.context, self.profile)
        return self._server


def _imported_server() -> Any:
    """Import the server, once, and spare garbage collections what that makes: 20,000 objects, 7 ms each time."""
    new = _SERVER not in sys.modules
    module = importlib.import_module(_SERVER)
    if new:
        gc.freeze()
    return module
