# SPDX-License-Identifier: MIT
"""The SSH service: how it is reached, and the server behind it, loaded when a decky offers it."""

from decnet_decoys.decky_context import DeckyContext
from decnet_decoys.services.connection import Connection
from decnet_decoys.services.service import Service
from decnet_decoys.ssh.profile import SshProfile


class SshService(Service[SshProfile]):
    """SSH with logins captured, shells and transfers recorded, forwarding refused."""

    default_port = 2222
    standard_port = 22
    in_default_fleet = True
    reach = "ssh -p {port} {user}@{address}"
    suggestion = "ssh -p {port} {user}@{address}  (password {password})"
    preload = ("decnet_decoys.ssh.server",)
    Profile = SshProfile

    def __init__(self, context: DeckyContext, profile: SshProfile, port: int) -> None:
        super().__init__(context, profile, port)
        from decnet_decoys.ssh.server import Server  # asyncssh and its OpenSSL bindings: 25 MiB

        self._server = Server(context, profile)

    async def prepare(self) -> None:
        await self._server.prepare()

    async def serve(self, connection: Connection) -> None:
        await self._server.serve(connection)
