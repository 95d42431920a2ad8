# SPDX-License-Identifier: MIT
"""The fleet under attack: bus, decoys, ingest and their neighbours as real processes, and what can be seen of it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

from sqlalchemy import ColumnElement, func, select

from decnet.drill.private import HTTP_PORT, SSH_PORT, free_block, settings_text
from decnet_core.footprint import measure
from decnet_core.runtime.restarts.policy import Phase
from decnet_core.spool import segments
from decnet_core.state import State
from decnet_core.supervise.lifecycle import Status
from decnet_core.supervise.status_file import read_status_files
from decnet_models.database.engine import open_engine, reading
from decnet_models.events.queries import ingest_positions
from decnet_models.events.tables import event
from decnet_models.migrations.upgrade import upgrade
from hostile.attack import PORTS
from hostile.waiting import until

GROUPS = ("bus", "decoys", "herd")
READY_SECONDS = 60
OCCURRENCES = func.coalesce(func.json_extract(event.c.payload, "$.repeats.count"), 1)
"""How many events a row stands for: repeats of one source are folded."""


class HostileFleet:
    """One fleet in one directory; the first decky is attacked, visitors go to the first and the second."""

    def __init__(self, root: Path) -> None:
        self.state = root / "state"
        self.ports = {"ssh": SSH_PORT, "http": HTTP_PORT}
        block = free_block()
        self.attacked = f"127.77.{block}.10"
        self._root = root
        self.state.mkdir(exist_ok=True)
        (root / "decnet.toml").write_text(_with_all_services(settings_text(block)))
        self._url = f"sqlite:///{self.state / 'decnet.db'}"
        upgrade(self._url)
        self._engine = open_engine(self._url, read_only=True)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run the fleet from ready to stopped."""
        outer = {name: value for name, value in os.environ.items() if not name.startswith("DECNET_")}
        given = {
            "DECNET_STATE_DIR": str(self.state),
            "DECNET_SETTINGS": str(self._root / "decnet.toml"),
            "NOTIFY_SOCKET": str(self._root / "notify"),
        }
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told, (self._root / "log").open("ab") as log:
            told.bind(given["NOTIFY_SOCKET"])
            told.settimeout(READY_SECONDS)
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "decnet_core.supervise.command", *GROUPS, env=outer | given, stderr=log
            )
            try:
                await asyncio.to_thread(told.recv, 100)
                told.setblocking(False)
                asyncio.get_running_loop().add_reader(told, told.recv, 100)
                yield
            finally:
                asyncio.get_running_loop().remove_reader(told)
                process.send_signal(signal.SIGTERM)
                await asyncio.wait_for(process.wait(), 60)
                self._engine.dispose()

    @property
    def bus_url(self) -> str:
        """Where the fleet's bus is."""
        return f"unix://{self.state / 'run' / 'bus' / 'sock'}"

    def log(self) -> str:
        """Return what the supervisor has logged."""
        return (self._root / "log").read_text("utf-8", "backslashreplace")

    def decoys(self) -> Status | None:
        """Return the status of the worker `decoys`."""
        statuses = [status for report in read_status_files(State(self.state).supervisors) for status in report.workers]
        return next((status for status in statuses if status.name == "decoys"), None)

    def kill_decoys(self) -> None:
        """Kill the worker `decoys` as if the machine had run out of memory."""
        status = self.decoys()
        if status is not None and status.pid is not None:
            os.kill(status.pid, signal.SIGKILL)

    async def decoys_ready(self, seconds: float) -> bool:
        """Wait until the worker `decoys` is ready; return False when it is not within `seconds`."""
        return await until(lambda: (status := self.decoys()) is not None and status.phase is Phase.READY, seconds)

    def pss(self) -> int:
        """Return the proportional memory of `decoys` and its children in bytes, 0 while it is down."""
        status = self.decoys()
        if status is None or status.pid is None:
            return 0
        found = [measure(pid) for pid in (status.pid, *_children(status.pid))]
        return sum(one.pss for one in found if one is not None)

    def recorded(self, network: str) -> Counter[str]:
        """Return how many events of each kind came from `network` (a prefix such as `127.66`), by what rows say.

        Only log-ins by password are counted as `auth.attempt`: clients also ask which methods there are.
        """
        query = select(event.c.kind, func.sum(OCCURRENCES)).where(*_meant(network)).group_by(event.c.kind)
        with reading(self._engine) as connection:
            return Counter({kind: int(count) for kind, count in connection.execute(query)})

    def recorded_by_source(self, network: str, kind: str) -> Counter[str]:
        """Return how many events of that kind came from each address of `network`."""
        query = select(event.c.src_ip, func.sum(OCCURRENCES)).where(*_meant(network), event.c.kind == kind)
        with reading(self._engine) as connection:
            return Counter({source: int(count) for source, count in connection.execute(query.group_by(event.c.src_ip))})

    async def settled(self, seconds: float) -> bool:
        """Wait until ingest has read all spools; return False when it has not within `seconds`."""
        return await until(self._all_read, seconds)

    def _all_read(self) -> bool:
        with reading(self._engine) as connection:
            positions = ingest_positions(connection)
        for spool in (self.state / "spool").iterdir():
            sizes = {number: size for number, size in segments.sizes(spool).items() if size}
            if sizes and positions.get(spool.name, (0, 0)) < max(sizes.items()):
                return False
        return True


def _with_all_services(settings: str) -> str:
    """Return settings in which the first decky, which is attacked, offers every service."""
    more = "".join(f", {service} = {port}" for service, port in PORTS.items())
    return settings.replace(f"http = {HTTP_PORT} }}", f"http = {HTTP_PORT}{more} }}", 1)


def _meant(network: str) -> tuple[ColumnElement[bool], ...]:
    return event.c.src_ip.like(f"{network}.%"), event.c.payload.not_like('%"method":"none"%')


def _children(pid: int) -> list[int]:
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            for child in map(int, task.read_text().split()):
                found += [child, *_children(child)]
    return found
