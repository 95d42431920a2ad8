# SPDX-License-Identifier: MIT
"""The Telnet service: how it is reached; what plays it is loaded when a decky offers it."""

from decnet_decoys.decky_context import DeckyContext
from decnet_decoys.services.connection import Connection
from decnet_decoys.services.credential_policy import CredentialPolicy
from decnet_decoys.services.service import Service
from decnet_decoys.telnet.profile import TelnetProfile


class TelnetService(Service[TelnetProfile]):
    """Telnet with logins captured and shells recorded, as BusyBox's telnetd and login, or Debian's."""

    default_port = 2323
    standard_port = 23
    reach = "telnet {address} {port}"
    suggestion = "telnet {address} {port}  (log in as {user} with {password})"
    preload = ("decnet_decoys.telnet.dialogue",)
    Profile = TelnetProfile

    def __init__(self, context: DeckyContext, profile: TelnetProfile, port: int) -> None:
        super().__init__(context, profile, port)
        from decnet_decoys.telnet import dialogue  # the shell, which most decoys of other services do not need

        self._dialogue = dialogue.Dialogue
        self._credentials = CredentialPolicy(context.persona.users, profile.accept_after, context.changes)

    async def serve(self, connection: Connection) -> None:
        await self._dialogue(self.context, self.profile, self._credentials, connection).play()
