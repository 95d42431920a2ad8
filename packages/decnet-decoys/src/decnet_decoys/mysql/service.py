# SPDX-License-Identifier: MIT
"""The service of MariaDB or MySQL: how it is reached, and what all of its clients share."""

from __future__ import annotations

import itertools

from decnet_decoys.decky_context import DeckyContext
from decnet_decoys.mysql.profile import MysqlProfile
from decnet_decoys.services.connection import Connection
from decnet_decoys.services.service import Service


class MysqlService(Service[MysqlProfile]):
    """MariaDB or MySQL with weak passwords; what intruders create is there for those who come later."""

    default_port = 3306
    reach = "mysql -h {address} -P {port} -u root -p"
    suggestion = "mysql -h {address} -P {port} -u root -p"
    idle_seconds = 300.0
    preload = ("decnet_decoys.mysql.dialogue",)
    Profile = MysqlProfile

    def __init__(self, context: DeckyContext, profile: MysqlProfile, port: int) -> None:
        super().__init__(context, profile, port)
        from decnet_decoys.mysql.catalogue import Catalogue
        from decnet_decoys.mysql.dialogue import Dialogue

        self._dialogue = Dialogue
        self.catalogue = Catalogue(profile, context.host_name)
        self.catalogue.up = context.persona.uptime_days * 86400
        self.numbers = itertools.count(31)
        if profile.flavour == "mysql":  # which makes a certificate when it is installed; MariaDB does not
            from decnet_decoys.tls.offer import TlsOffer

            self.tls = TlsOffer(context, "MySQL_Server_Auto_Generated_Server_Certificate")

        self._changes = context.changes
        self.catalogue.load(self._changes.databases)
        self._changes.databases_of = self.catalogue.saved

    def keep(self) -> None:
        """Have what visitors changed written down, if anything was."""
        if self.catalogue.changed:
            self.catalogue.changed = False
            self._changes.note_databases()

    async def serve(self, connection: Connection) -> None:
        await self._dialogue(self, connection).play()
