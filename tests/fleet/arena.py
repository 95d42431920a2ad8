# SPDX-License-Identifier: MIT
"""A supervised fleet under attack, and what its attackers were told: the ground for the tests of exactly-once.

Everything an attacker was answered has been *accepted*: it must be there at the end, once, whatever was killed.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

import asyncssh
from tests.decnet_decoys.host_key_files import give_host_keys
from tests.decnet_models.migrated import migrated_database

from decnet.drill import dns
from decnet.drill.asyncssh_client import log_in
from decnet.drill.private import CANARY_DNS_PORT, CANARY_HTTP_PORT, HTTP_PORT, SSH_PORT, free_block, settings_text
from decnet.drill.receiver import Receiver
from decnet_core.canary import SlugKind, canary_key, mint
from decnet_core.runtime import worker_registry
from decnet_core.runtime.restarts.policy import Phase
from decnet_core.settings import Settings
from decnet_core.state import State
from decnet_core.supervise.status_file import SupervisorStatus, read_status_files
from decnet_models.canary.queries import add_token
from decnet_models.database.engine import open_engine, writing
from decnet_models.webhooks.queries import add_webhook

DEFAULTS = Settings({}, {}, "defaults")
"""Workers that are off by these are off in the arena."""

DECKIES = ("web-01", "db-01", "nas-01")
"""Those of `settings_text`."""
SOURCE = "127.66.6.6"
PASSWORD = "admin123"  # root's on the persona debian-web
PATIENCE = 120
"""Seconds that an attacker waits for an answer."""

_SUPERVISION = """
[supervise]
first_delay_seconds = 0.02
longest_delay_seconds = 0.2
crash_limit = 1000
{supervision}

[spool.folding]
burst_bytes = 1073741824 # each mark is an event of its own: of repeats that are folded only some are kept as samples

[decoys]
failure_delay_ms = 0

[[collect.source]]
name = "cowrie"
format = "cowrie"
path = "{log}"
{decoys}
"""


class Arena:
    """One fleet in one state directory, its attackers' accepted marks by kind, and its webhook receiver."""

    def __init__(
        self,
        root: Path,
        *,
        mode: str = "fork",
        bus: str = "",
        groups: Sequence[str] = ("all",),
        besides: Mapping[str, str] | None = None,
        supervision: str = "",
        user: int | None = None,
    ) -> None:
        """`besides` is added to the fleet's environment, `supervision` to its section; it runs as `user` if given."""
        self.root = root
        self.state = root / "state"
        self.block = free_block()
        self.log = root / "cowrie.json"
        self.accepted: dict[str, set[str]] = {name: set() for name in ("http", "guess", "command", "url", "dns", "log")}
        self.kills = 0
        self.receiver = Receiver()
        self._mode = mode
        self._bus = bus
        self._groups = tuple(groups)
        self._supervision = supervision
        self.user = user
        self._besides = dict(besides or {})
        self._process: asyncio.subprocess.Process | None = None
        self.slugs: dict[SlugKind, str] = {}

    @property
    def database(self) -> str:
        return f"sqlite:///{self.state / 'decnet.db'}"

    @contextlib.asynccontextmanager
    async def running(self, *, again: bool = False) -> AsyncIterator[None]:
        """Set up the state, start the supervisor, wait until it says that all are ready; at the end stop it.

        `again`: on the state that was left, and without a webhook's receiver.
        """
        if not again:
            await self._prepare()
        try:
            async with self.supervised():
                yield
        finally:
            if not again:
                await self.receiver.close()

    @contextlib.asynccontextmanager
    async def supervised(self) -> AsyncIterator[None]:
        """Start the supervisor on the state that there is, wait until it says that all are ready; at the end stop it.

        It may be gone by then.
        """
        with (self.root / "supervise.log").open("ab") as log, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ready:
            (self.root / "notify").unlink(missing_ok=True)
            ready.bind(str(self.root / "notify"))
            ready.settimeout(PATIENCE)
            self._process = await asyncio.create_subprocess_exec(
                *as_user(self.user),
                sys.executable,
                "-m",
                "decnet_core.supervise.command",
                *self._groups,
                "--mode",
                self._mode,
                env=self.environment,
                stderr=log,
            )
            try:
                assert await asyncio.to_thread(ready.recv, 100) == b"READY=1"
                ready.setblocking(False)
                asyncio.get_running_loop().add_reader(ready, ready.recv, 100)  # as systemd reads what is said later
                yield
            finally:
                asyncio.get_running_loop().remove_reader(ready)
                with contextlib.suppress(ProcessLookupError):
                    self._process.send_signal(signal.SIGTERM)
                await asyncio.wait_for(self._process.wait(), PATIENCE)

    @property
    def supervisor(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def environment(self) -> dict[str, str]:
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith("DECNET_")},
            "DECNET_STATE_DIR": str(self.state),
            "DECNET_SETTINGS": str(self.root / "decnet.toml"),
            "NOTIFY_SOCKET": str(self.root / "notify"),
            "DECNET_RUNTIME_PARK_SECONDS": "3600",  # who watches pids does not want workers to be parked
            "DECNET_SUPERVISE_SHARE_MEMORY": "false",  # it takes 0.4 s; the fleets of `test_drill` have it
            **self._besides,
            "PYTHONPATH": os.pathsep.join(
                filter(None, (self._besides.get("PYTHONPATH"), os.environ.get("PYTHONPATH")))
            ),
            **({"DECNET_BUS_URL": self._bus} if self._bus else {}),
        }

    async def _prepare(self) -> None:
        text = settings_text(self.block)
        canary, deckies = text.split("\n\n", 1) if "\n\n" in text else (text, "")
        self.state.mkdir(exist_ok=True)  # a test may have put a small disk in it
        self.log.touch()
        settings = canary + _SUPERVISION.format(log=self.log, decoys=deckies, supervision=self._supervision)
        (self.root / "decnet.toml").write_text(settings)
        migrated_database(self.state / "decnet.db")
        (self.state / "keys").mkdir()
        give_host_keys(State(self.state), *DECKIES)
        url = await self.receiver.open()
        engine = open_engine(self.database)
        with writing(engine) as connection:
            for kind in (SlugKind.URL, SlugKind.DNS):
                slug = mint(canary_key(self.state / "keys"), kind)
                add_token(connection, slug, f"bait {kind.value}", now_ns=1)
                self.slugs[kind] = slug.text
            add_webhook(connection, url, allow_private=True, since_seq=0, now_ns=1)
        engine.dispose()
        if self.user is not None:
            for path in (self.root, *self.root.rglob("*")):
                os.chown(path, self.user, self.user)

    def report(self) -> SupervisorStatus | None:
        return next(iter(read_status_files(State(self.state).supervisors)), None)

    async def all_ready(self) -> None:
        """Wait until every worker is ready again, or parked."""
        async with asyncio.timeout(PATIENCE):
            while True:
                report = self.report()
                if report is not None and all(status.phase in (Phase.READY, Phase.PARKED) for status in report.workers):
                    return
                await asyncio.sleep(0.05)

    def pid_of(self, worker: str) -> int | None:
        report = self.report()
        statuses = report.workers if report is not None else ()
        return next((s.pid for s in statuses if s.name == worker and s.phase in (Phase.READY, Phase.STARTING)), None)

    async def kill_in_turn(self, seed: int, *, rounds: int, pause: tuple[float, float] = (0.02, 0.25)) -> None:
        """SIGKILL every worker, in a random order each round, at random moments; one that is down once it is up."""
        chance = random.Random(seed)
        names = [name for name in worker_registry.wanted(DEFAULTS) if name != "bus" or not self._bus]
        for _ in range(rounds):
            for name in chance.sample(names, len(names)):
                await asyncio.sleep(chance.uniform(*pause))
                async with asyncio.timeout(PATIENCE):
                    while not self._kill(name):
                        await asyncio.sleep(0.02)

    def _kill(self, worker: str) -> bool:
        pid = self.pid_of(worker)
        with contextlib.suppress(ProcessLookupError):
            if pid is not None:
                os.kill(pid, signal.SIGKILL)
                self.kills += 1
                return True
        return False

    async def attack(self, number: int) -> None:
        """One wave from one attacker; what is not answered is not accepted, and nothing here fails because of it."""
        mark = f"mark-{number}-x"
        for deed in (self._browse, self._guess, self._type, self._hit_url, self._hit_name):
            with contextlib.suppress(OSError, EOFError, TimeoutError, asyncssh.Error, dns.DnsFailed):
                async with asyncio.timeout(PATIENCE):
                    await deed(mark)
        self._append(mark)

    async def _browse(self, mark: str) -> None:
        answer = await self._get(f"127.77.{self.block}.10", HTTP_PORT, f"/{mark}")
        if answer.startswith(b"HTTP/1.1 "):
            self.accepted["http"].add(mark)

    async def _hit_url(self, mark: str) -> None:
        target = f"/{self.slugs[SlugKind.URL]}?m={mark}"
        if (await self._get(f"127.77.{self.block}.1", CANARY_HTTP_PORT, target)).startswith(b"HTTP/1.1 200"):
            self.accepted["url"].add(mark)

    async def _hit_name(self, mark: str) -> None:
        name = f"{mark}.{self.slugs[SlugKind.DNS]}.canary.test"
        await dns.ask(name, (f"127.77.{self.block}.1", CANARY_DNS_PORT), source=SOURCE)
        self.accepted["dns"].add(mark)

    async def _get(self, host: str, port: int, target: str) -> bytes:
        reader, writer = await asyncio.open_connection(host, port, local_addr=(SOURCE, 0))
        try:
            writer.write(f"GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
            return await reader.readline()
        finally:
            writer.close()

    async def _ssh(self, password: str) -> asyncssh.SSHClientConnection:
        return await log_in(f"127.77.{self.block}.10", SSH_PORT, SOURCE, "root", password=password)

    async def _guess(self, mark: str) -> None:
        with contextlib.suppress(asyncssh.PermissionDenied):  # the nth guess of one who keeps guessing is let in
            (await self._ssh(mark)).close()
        self.accepted["guess"].add(mark)

    async def _type(self, mark: str) -> None:
        async with await self._ssh(PASSWORD) as connection:
            done = await connection.run(f"echo {mark}", check=False)
            if isinstance(done.stdout, str) and mark in done.stdout:
                self.accepted["command"].add(mark)

    def _append(self, mark: str) -> None:
        """Write one line as Cowrie would; a log line is accepted when it is in the file."""
        line = {
            "eventid": "cowrie.login.failed",
            "username": "root",
            "password": f"{mark}-log",
            "message": "login attempt",
            "sensor": "cowrie-1",
            "timestamp": "2026-11-23T12:00:00.000000Z",
            "src_ip": "127.66.7.7",
            "session": f"{abs(hash(mark)) % 16**12:012x}",
            "protocol": "ssh",
        }
        with self.log.open("a") as file:
            file.write(json.dumps(line) + "\n")
        self.accepted["log"].add(f"{mark}-log")


def as_user(user: int | None) -> list[str]:
    """The command that runs another as `user`, who can read what root can: the interpreter may be in root's home."""
    if user is None:
        return []
    held = "-all,+dac_override"
    ids = [f"--reuid={user}", f"--regid={user}", "--clear-groups"]
    return ["setpriv", *ids, f"--inh-caps={held}", f"--ambient-caps={held}", f"--bounding-set={held}"]


def children_of(pid: int) -> list[int]:
    """All living descendants of `pid`."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            found += [int(child), *children_of(int(child))]
    return found


def gone(pid: int) -> bool:
    return subprocess.run(["ps", "-p", str(pid), "-o", "stat="], capture_output=True, check=False).stdout.strip() in (
        b"",
        b"Z",
    )
