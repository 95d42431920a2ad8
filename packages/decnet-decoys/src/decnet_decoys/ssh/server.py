# SPDX-License-Identifier: MIT
"""Serves SSH connections to one decky with asyncssh; keys and options are made when the first arrives."""

from __future__ import annotations

import asyncio

from decnet_decoys.decky_context import DeckyContext
from decnet_decoys.services.connection import Connection, ConnectionEnded
from decnet_decoys.services.credential_policy import CredentialPolicy
from decnet_decoys.ssh.engine import asyncssh
from decnet_decoys.ssh.keys import host_keys
from decnet_decoys.ssh.login import Login
from decnet_decoys.ssh.options import options_for
from decnet_decoys.ssh.profile import SshProfile

LOGIN_SECONDS = 120
"""OpenSSH's default LoginGraceTime."""


class Server:
    """The SSH server of one decky."""

    def __init__(self, context: DeckyContext, profile: SshProfile) -> None:
        self._context = context
        self._profile = profile
        self._credentials = CredentialPolicy(context.persona.users, profile.accept_after)
        self._options: asyncssh.SSHServerConnectionOptions | None = None
        self._making = asyncio.Lock()

    async def serve(self, connection: Connection) -> None:
        """Serve one client to its end; raises ConnectionEnded when it spoke nonsense or never logged in."""

        def login() -> Login:
            return Login(self._context, self._profile, self._credentials, connection.recorder)

        try:
            server = await asyncssh.run_server(
                connection.socket,
                options=await self._shared_options(),
                server_factory=login,
                login_timeout=LOGIN_SECONDS,
            )
            try:
                await server.wait_closed()
            finally:
                server.abort()
        except asyncssh.Error as error:
            raise ConnectionEnded(str(error)) from error

    async def _shared_options(self) -> asyncssh.SSHServerConnectionOptions:
        async with self._making:
            if self._options is None:
                keys = await self._context.runtime.in_thread(host_keys, self._context.keys, self._profile.host_keys)
                self._options = options_for(self._profile, keys)
            return self._options
