# SPDX-License-Identifier: MIT
"""What all clients of one decky's Redis share, and what each of them has of its own."""

import asyncio
import itertools
import random
import re
import time
from collections import ChainMap
from dataclasses import dataclass

from decnet_decoys.personas.schema import Persona
from decnet_decoys.redis.about import parameters
from decnet_decoys.redis.clients.users import User
from decnet_decoys.redis.keyspace import Keyspace
from decnet_decoys.redis.profile import RedisProfile
from decnet_decoys.redis.protocol import Error
from decnet_decoys.redis.waiting import Waiting
from decnet_decoys.services.machine_files import MachineFiles

DATABASES = 16
STARTUP_BYTES = 876_176
"""Of memory, that the server takes before anybody comes."""
EACH_CLIENT = 22_400
_DEFAULTS = parameters.defaults()
"""What all instances share until a client sets something else."""
MOST_SCRIPTS = 64
"""That are remembered by their digest."""
MOST_ERRORS = 32
"""Kinds that are counted."""
_LONGEST_CODE = 64
_CODE = re.compile(r"[!-~]+")


@dataclass
class Library:
    """Functions that a client has loaded."""

    source: bytes
    functions: list[str]


class Instance:
    """One server, as long as the decoy runs."""

    def __init__(self, profile: RedisProfile, persona: Persona, port: int, seed: str) -> None:
        drawing = random.Random(f"redis {seed}")  # noqa: S311  # no secret
        self.profile = profile
        self.persona = persona
        self.port = port
        self.databases = [Keyspace() for _ in range(DATABASES)]
        for key, value in profile.keys.items():
            self.databases[0].put(key.encode(), value.encode())
        allowed = "no" if profile.protected else "yes"
        self.settings: ChainMap[str, str] = ChainMap(
            {
                "dir": profile.directory,
                "requirepass": profile.password,
                "port": str(port),
                "protected-mode": "no",
                "enable-protected-configs": allowed,
                "enable-module-command": allowed,
                "logfile": "/var/log/redis/redis-server.log",
                "pidfile": "/run/redis/redis-server.pid",
                "supervised": "systemd",
                "daemonize": "yes",
            },
            _DEFAULTS,
        )
        self.users = {"default": User.default(profile.password)}
        """By their names."""
        self.pid = drawing.randrange(400, 1400)
        self.run_id = f"{drawing.getrandbits(160):040x}"
        self.replication_id = f"{drawing.getrandbits(160):040x}"
        self.started = time.time() - profile.uptime_days * 86400 - drawing.randrange(86400)
        self.saved = self.started
        self.master: tuple[str, str] | None = None
        self.scripts: dict[str, bytes] = {}
        self.libraries: dict[str, Library] = {}
        """Of functions that clients have loaded, by their names."""
        self.commands = drawing.randrange(10_000, 90_000)
        self.clients = itertools.count(drawing.randrange(20, 4000))
        self.connected = 0
        self.waiting = Waiting()
        self.longest_wait = 300.0
        """Seconds that a client may wait for a key."""
        self.changes_stored = self.changes_saved = self.changes
        self.saves = 0
        """How often clients have had the databases saved."""
        self.used: dict[str, int] = {}
        """How often each command was carried out."""
        self.errors: dict[str, int] = {}
        """How often each kind of error was the answer."""

    def count_error(self, error: Error) -> None:
        code, blank, _ = error.text[:_LONGEST_CODE].partition(" ")
        if not (blank and _CODE.fullmatch(code)):
            code = "ERR"  # as of a long word that a script has made
        if code in self.errors or len(self.errors) < MOST_ERRORS:
            self.errors[code] = self.errors.get(code, 0) + 1

    @property
    def changes(self) -> int:
        """How often something was written to a database."""
        return sum(one.changes for one in self.databases)

    @property
    def used_without_keys(self) -> int:
        """The bytes of memory that it says it uses, but for those of the keys."""
        return STARTUP_BYTES + EACH_CLIENT * self.connected

    @property
    def file(self) -> str:
        """Where SAVE writes."""
        return f"{self.settings['dir'].rstrip('/')}/{self.settings['dbfilename']}"

    @property
    def aux(self) -> dict[str, str]:
        """What the files that it saves say of it."""
        return {
            "redis-ver": self.profile.version,
            "redis-bits": "64",
            "ctime": str(int(time.time())),
            "used-mem": str(self.used_without_keys),
            "aof-base": "0",
        }


class Client:
    """One connection."""

    def __init__(self, instance: Instance, address: tuple[str, int], local: tuple[str, int]) -> None:
        self.instance = instance
        self.address = address
        self.local = local
        self.id = next(instance.clients)
        self.since = time.time()
        self.name = ""
        self.files: MachineFiles | None = None
        """The machine's, once they were needed."""
        self.saved = False
        """Whether a command has had the databases written to a file."""
        self.database = 0
        self.version = 2
        """Of the protocol."""
        self.user = instance.users["default"]
        self.authenticated = self.user.is_open
        self.unanswered: int | None = 0
        """How many of the next requests get no reply; None: all, until the client wants replies again."""
        self.leaves = False
        """Whether the connection ends after this answer."""
        self.channels: dict[bytes, None] = {}
        self.patterns: dict[bytes, None] = {}
        """What it has subscribed to, as both."""
        self.shard_channels: dict[bytes, None] = {}
        self.queued: list[list[bytes]] | None = None
        """What MULTI collects."""
        self.queued_bytes = 0
        """What that takes."""
        self.watched: dict[tuple[int, bytes], int] = {}
        """Keys by database, with the number of their last change, that must not change until EXEC."""
        self.spoiled = False
        """Whether it will not be carried out, for an error in it."""

        self._waits: asyncio.Future[None] | None = None

    @property
    def keys(self) -> Keyspace:
        return self.instance.databases[self.database]

    def wants_reply(self, unanswered: int | None) -> bool:
        """Count a request down, if it was not the one that changes how many get no reply; return whether it gets one.

        `unanswered` is what was the case before it was carried out.
        """
        if self.unanswered != unanswered:
            return True
        if unanswered:
            self.unanswered = unanswered - 1
        return unanswered == 0

    async def waits(self, deadline: float) -> bool:
        """Wait until something is written; False: the client has left, or it is later than `deadline` (monotonic)."""
        self._waits = self.instance.waiting.joined()
        try:
            return await self.instance.waiting.written(self._waits, deadline) and not self.leaves
        finally:
            self._waits = None

    def leave(self) -> None:
        """Take it that the client is gone, also while it waits."""
        self.leaves = True
        if self._waits is not None and not self._waits.done():
            self._waits.set_result(None)
