# SPDX-License-Identifier: MIT
"""A master and a sensor host on this machine, each with a state directory and processes of its own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from tests.decnet_core.supervise.test_process_fleet import QUICK, one
from tests.decnet_models.migrated import migrated_database
from tests.decnet_swarm.swarm_pki import master, sensor
from tests.forked_program import decnet
from tests.ports import free_port, own_address

from decnet_core.deckies.orders import contacts
from decnet_core.runtime.restarts.policy import Phase
from decnet_core.state import State
from decnet_core.supervise.process_fleet import ProcessFleet
from decnet_models.database.engine import open_engine, reading
from decnet_models.fleet.queries import Decky
from decnet_models.fleet.states import State as DeckyState
from decnet_models.fleet.states import all_states
from decnet_swarm.pki import files

NAME = "berlin-1"
OWN = own_address(92)
"""Of the decky that the sensor's own settings name."""
PATIENCE = 60.0
ABOVE = ("bus", "listener", "reconciler")
BELOW = ("bus", "forwarder", "decoys", "sensor-reconciler")
MASTER = """
[listener]
listen = "127.0.0.1:{port}"
check_seconds = 0.2
silent_seconds = 2
"""
SENSOR = """
[state]
sensor = "berlin-1"
[forwarder]
server = "127.0.0.1:{port}"
first_retry_seconds = 0.05
max_retry_seconds = 0.2
[[decoys.decky]]
name = "own-01"
address = "{own}"
persona = "nas"
services = {{ http = 18080 }}
[sensor-reconciler]
runtimes = ["loopback"]
look_seconds = 2
"""


async def until(holds: Callable[[], object], seconds: float = PATIENCE) -> None:
    async with asyncio.timeout(seconds):
        while not await asyncio.to_thread(holds):
            await asyncio.sleep(0.05)


class Pair:
    """Both hosts; the master's workers and the sensor's are forked from a zygote each."""

    above: ProcessFleet
    below: ProcessFleet

    def __init__(self, root: Path) -> None:
        self.master, self.sensor = root / "master", root / NAME
        port = free_port()
        for state, text in ((self.master, MASTER), (self.sensor, SENSOR)):
            state.mkdir()
            (root / f"{state.name}.toml").write_text(text.format(port=port, own=OWN))
        master(self.master)
        sensor(self.master, files.forwarder_folder(self.sensor), NAME)
        migrated_database(self.master / "decnet.db")
        self.engine = open_engine(f"sqlite:///{self.master / 'decnet.db'}")

    async def restart_above(self) -> None:
        """Start the workers of the master; those of before have been stopped."""
        self.above = self._fleet(self.master)
        await self.above.start(ABOVE)

    async def restart_below(self) -> None:
        self.below = self._fleet(self.sensor)
        await self.below.start(BELOW)

    def _fleet(self, state: Path) -> ProcessFleet:
        logs = state.with_name(f"{state.name}.log")
        return ProcessFleet(QUICK, logs=logs, environment=environment(state), forking=True)

    def states(self) -> dict[str, tuple[Decky, DeckyState | None]]:
        with reading(self.engine) as connection:
            return {row.name: (row, state) for row, state in all_states(connection)}

    def stands(self, name: str, phase: str, version: int | None = None) -> bool:
        """Return whether the master's database says that the decky stands so."""
        state = self.states().get(name, (None, None))[1]
        return state is not None and state.phase == phase and version in (None, state.version)

    async def command(self, *arguments: str) -> str:
        """Run an operator's command on the master; return what it printed. It must succeed."""
        code, said = await self.asked(*arguments)
        assert code == 0, said
        return said

    async def asked(self, *arguments: str) -> tuple[int, str]:
        done = await asyncio.to_thread(decnet, {**os.environ, **environment(self.master)}, *arguments)
        return done.returncode, done.stdout + done.stderr

    async def kill_when_ready(self, worker: str) -> None:
        """Kill a worker of whichever host it is on, as soon as it works."""
        fleet = self.above if worker in ABOVE else self.below
        await until(lambda: one(fleet, worker).phase is Phase.READY and one(fleet, worker).pid)
        pid = one(fleet, worker).pid
        if pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def environment(state: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "DECNET_STATE_DIR": str(state),
        "DECNET_SETTINGS": str(state.with_name(f"{state.name}.toml")),
        "DECNET_SUPERVISE_SHARE_MEMORY": "false",  # a fifth of a zygote's start
    }


@asynccontextmanager
async def pair(root: Path) -> AsyncIterator[Pair]:
    made = Pair(root)
    try:
        await made.restart_above()
        await made.restart_below()
        await until(lambda: NAME in contacts(made.master))
        yield made
    finally:
        await made.below.stop()
        await made.above.stop()
        made.engine.dispose()


def answers(address: str, port: int = 8080) -> bool:
    """Return whether a web server answers there."""
    with contextlib.suppress(OSError), socket.create_connection((address, port), 30) as client:
        client.sendall(b"GET / HTTP/1.0\r\n\r\n")
        return client.recv(100).startswith(b"HTTP/1.")
    return False


def spool(state: Path) -> bytes:
    """Return what the listener has stored."""
    return b"".join(path.read_bytes() for path in (State(state).spool / "listener").glob("*.jsonl"))
