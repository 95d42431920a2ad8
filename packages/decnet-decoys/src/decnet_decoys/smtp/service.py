# SPDX-License-Identifier: MIT
"""The SMTP service: how it is reached, and what all of its clients share."""

from __future__ import annotations

from decnet_decoys.decky_context import DeckyContext
from decnet_decoys.services.connection import Connection
from decnet_decoys.services.service import Service
from decnet_decoys.smtp.profile import SmtpProfile


class SmtpService(Service[SmtpProfile]):
    """Postfix that takes mail for everybody; it is kept, and never sent."""

    default_port = 2525
    standard_port = 25
    reach = "swaks --server {address}:{port} --to root"
    suggestion = "swaks --server {address}:{port} --to root"
    idle_seconds = 300.0
    preload = ("decnet_decoys.smtp.dialogue",)
    Profile = SmtpProfile

    def __init__(self, context: DeckyContext, profile: SmtpProfile, port: int) -> None:
        super().__init__(context, profile, port)
        from decnet_decoys.services.credential_policy import CredentialPolicy
        from decnet_decoys.smtp.dialogue import Dialogue
        from decnet_decoys.tls.offer import TlsOffer  # OpenSSL

        self._dialogue = Dialogue
        self.name = profile.name or context.host_name
        self.credentials = CredentialPolicy(context.persona.users, profile.accept_after, context.changes)
        self.tls = TlsOffer(context, self.name) if profile.tls else None

    async def serve(self, connection: Connection) -> None:
        await self._dialogue(self, connection).play()
