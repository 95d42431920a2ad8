# SPDX-License-Identifier: MIT
"""The Redis service: how it is reached, and what all of its clients share."""

from __future__ import annotations

from decnet_decoys.decky_context import DeckyContext
from decnet_decoys.redis.profile import RedisProfile
from decnet_decoys.services.connection import Connection
from decnet_decoys.services.service import Service


class RedisService(Service[RedisProfile]):
    """Redis without a password, or with a weak one; what is stored is there for all who come later."""

    default_port = 6379
    reach = "redis-cli -h {address} -p {port}"
    suggestion = "redis-cli -h {address} -p {port} INFO server"
    idle_seconds = 300.0
    preload = ("decnet_decoys.redis.dialogue",)
    Profile = RedisProfile

    def __init__(self, context: DeckyContext, profile: RedisProfile, port: int) -> None:
        super().__init__(context, profile, port)
        from decnet_decoys.redis.dialogue import Dialogue
        from decnet_decoys.redis.instance import Instance
        from decnet_decoys.redis.persistence.dump_file import DumpFile

        self._dialogue = Dialogue
        self.instance = Instance(profile, context.persona, port, f"{context.decky.seed} {context.decky.name}")
        self.instance.longest_wait = min(self.idle_seconds, context.settings.limits.idle_seconds)
        self.dump = DumpFile(self.instance, context)

    async def serve(self, connection: Connection) -> None:
        self.instance.connected += 1
        try:
            await self.dump.load()
            await self._dialogue(self, connection).serve()
        finally:
            self.instance.connected -= 1
            self.dump.store_soon()
