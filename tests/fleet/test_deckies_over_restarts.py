# SPDX-License-Identifier: MIT
"""No port of a decky is closed when `decoys` is killed: real processes under a real supervisor, real clients."""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from tests.decnet_core.supervise.test_process_fleet import QUICK, one, until
from tests.ports import own_address

from decnet_core.deckies.assignment import AssignedDecky, AssignedService
from decnet_core.deckies.handover import HandoverClient, handover_sockets
from decnet_core.net.sockets import listening
from decnet_core.runtime.restarts.policy import Phase
from decnet_core.state import State
from decnet_core.supervise.process_fleet import ProcessFleet

pytestmark = pytest.mark.usefixtures("forked_zygotes")

ASSIGNED = own_address(91)
OWN = own_address(90)
SETTINGS = f"""
[decoys]
processes = 2
[[decoys.decky]]
name = "own-01"
address = "{OWN}"
persona = "nas"
services = {{ http = 18080 }}
"""


@pytest_asyncio.fixture
async def fleet(tmp_path: Path) -> AsyncIterator[ProcessFleet]:
    file = tmp_path / "decnet.toml"
    file.write_text(SETTINGS)
    environment = {
        "PATH": os.environ["PATH"],
        "DECNET_STATE_DIR": str(tmp_path / "state"),
        "DECNET_SETTINGS": str(file),
        "DECNET_SUPERVISE_SHARE_MEMORY": "false",  # a fifth of a zygote's start
    }
    fleet = ProcessFleet(QUICK, logs=tmp_path / "log", environment=environment, forking=True)
    await fleet.start(["decoys"])
    await until(lambda: one(fleet, "decoys").phase is Phase.READY, 60)
    yield fleet
    await fleet.stop()


def visit(address: str) -> bytes:
    """Return the answer; come again when the process that had accepted us has died. Nobody is ever refused."""
    for _ in range(20):
        with socket.create_connection((address, 18080), 20) as client, contextlib.suppress(ConnectionResetError):
            client.sendall(b"GET / HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n")
            if answer := client.recv(100):
                return answer
    return b""


def hand_over(state: State) -> None:
    decky = AssignedDecky("web-07", "shop", (ASSIGNED,), "debian-web", (AssignedService("http", 18080),), 1)
    with HandoverClient(handover_sockets(state)[1]) as client, listening(ASSIGNED, 18080) as sock:
        client.play(decky, [sock])


def played(state: State) -> list[dict[str, int]]:
    found = []
    for path in handover_sockets(state):
        with HandoverClient(path) as client:
            found.append(client.played())
    return found


async def test_clients_of_a_killed_worker_wait_for_the_next(fleet: ProcessFleet, tmp_path: Path) -> None:
    state = State(tmp_path / "state")
    await asyncio.to_thread(hand_over, state)
    assert (await asyncio.to_thread(visit, ASSIGNED)).startswith(b"HTTP/1.1 200")
    first = one(fleet, "decoys").pid or 0
    shares = [int(pid) for pid in Path(f"/proc/{first}/task/{first}/children").read_text().split()]
    for victim in (shares[1], first):
        os.kill(victim, signal.SIGKILL)
        for address in (ASSIGNED, OWN):
            assert (await asyncio.to_thread(visit, address)).startswith(b"HTTP/1.1 200")
    await until(lambda: one(fleet, "decoys").phase is Phase.READY and one(fleet, "decoys").pid != first)
    assert await asyncio.to_thread(played, state) == [{}, {"web-07": 1}]
