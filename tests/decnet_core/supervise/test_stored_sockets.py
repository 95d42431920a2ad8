# SPDX-License-Identifier: MIT
"""A port whose socket the host keeps stays open when its worker is killed: real processes, real clients."""

import asyncio
import os
import signal
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from tests.decnet_core.supervise.test_process_fleet import QUICK, environment, one, place, until

from decnet_core.runtime.restarts.policy import Phase
from decnet_core.supervise.process_fleet import ProcessFleet

pytestmark = pytest.mark.usefixtures("forked_zygotes")

PORTS = 300


@pytest_asyncio.fixture(params=["forks", "interpreters"])
async def fleet(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ProcessFleet]:
    (tmp_path / "ports").write_text(str(PORTS))
    fleet = ProcessFleet(
        QUICK, logs=tmp_path / "log", environment=environment(tmp_path), place=place, forking=request.param == "forks"
    )
    yield fleet
    await fleet.stop()


def ports_of(name: str, root: Path) -> list[int]:
    return sorted(map(int, (root / name).read_text().split()))


async def answer(port: int) -> int:
    """Return the pid that a client is told; in a thread, for the supervisor runs in this loop.

    A connection that a process had accepted when it was killed ends without a word: then the client comes again.
    """

    def ask() -> int:
        told = b""
        until = time.monotonic() + 60
        while not told:
            assert time.monotonic() < until
            with socket.create_connection(("127.0.0.1", port), 60) as client:
                told = client.recv(100)
        return int(told)

    return await asyncio.to_thread(ask)


async def ready(fleet: ProcessFleet, name: str, *, after: int | None = None) -> int:
    await until(lambda: one(fleet, name).phase is Phase.READY and one(fleet, name).pid != after)
    return one(fleet, name).pid or 0


async def test_clients_wait_in_the_ports_of_a_worker_that_was_killed(fleet: ProcessFleet, tmp_path: Path) -> None:
    await fleet.start(["keeper"])
    first = await ready(fleet, "keeper")
    ports = ports_of("keeper", tmp_path)
    assert len(set(ports)) == PORTS
    os.kill(first, signal.SIGKILL)
    clients = [socket.create_connection(("127.0.0.1", port), 20) for port in ports]  # none is refused meanwhile
    second = await ready(fleet, "keeper", after=first)
    for client in clients:
        with client:
            assert int(client.recv(100)) == second
    assert ports_of("keeper", tmp_path) == ports


async def test_what_a_worker_hands_over_before_its_pid_is_known_is_kept(
    fleet: ProcessFleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer of the zygote may be read after the child's own messages."""
    make = ProcessFleet._make

    async def late(self: ProcessFleet, *arguments: Any) -> Any:
        child = await make(self, *arguments)
        await until((tmp_path / "keeper").exists)  # written when all is handed over
        return child

    monkeypatch.setattr(ProcessFleet, "_make", late)
    await fleet.start(["keeper"])
    first = await ready(fleet, "keeper")
    os.kill(first, signal.SIGKILL)
    second = await ready(fleet, "keeper", after=first)
    assert await answer(ports_of("keeper", tmp_path)[0]) == second
    assert (tmp_path / "keeper.restored").read_text() == str(PORTS)


async def test_what_was_forgotten_is_closed_with_its_worker(fleet: ProcessFleet, tmp_path: Path) -> None:
    await fleet.start(["keeper"])
    first = await ready(fleet, "keeper")
    os.kill(first, signal.SIGUSR1)
    await until((tmp_path / "forgotten").exists)
    os.kill(first, signal.SIGKILL)
    second = await ready(fleet, "keeper", after=first)
    assert await answer(ports_of("keeper", tmp_path)[0]) == second
    assert (tmp_path / "keeper.restored").read_text() == "0"


async def test_each_share_gets_its_own_ports_back(fleet: ProcessFleet, tmp_path: Path) -> None:
    await fleet.start(["keeper-pair"])
    parent = await ready(fleet, "keeper-pair")
    names = ("keeper-pair", "keeper-pair.2")
    ports = {name: ports_of(name, tmp_path) for name in names}
    share = await answer(ports["keeper-pair.2"][0])
    os.kill(share, signal.SIGKILL)
    assert await answer(ports["keeper-pair.2"][0]) not in (share, parent)
    os.kill(parent, signal.SIGKILL)
    assert await answer(ports["keeper-pair.2"][0]) != share
    await ready(fleet, "keeper-pair", after=parent)
    assert {name: ports_of(name, tmp_path) for name in names} == ports
