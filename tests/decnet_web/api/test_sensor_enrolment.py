# SPDX-License-Identifier: MIT
"""From the API's answer to a sensor that is seen: the command is run as it was answered, by the programs themselves."""

from __future__ import annotations

import asyncio
import os
import shlex
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.decnet_swarm.swarm_workers import fill
from tests.decnet_web.api.served import Served, serving
from tests.ports import free_port

from decnet_core.settings import Settings
from decnet_swarm.listener.settings import ListenerSettings
from decnet_web.api.application import make_application
from decnet_web.api.fleet import Fleet

PROGRAMS = Path(sys.executable).parent
DEADLINE = 60.0
NAME = "berlin-1"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A fleet with a settings file by which sensors can come."""
    with serving(tmp_path / "master") as plain:
        section = {
            "listen": f"127.0.0.1:{free_port()}",
            "enrol": f"127.0.0.1:{free_port()}",
            "check_seconds": 0.1,
            "checkpoint_seconds": 0.1,
        }
        settings = Settings({"state": {"dir": str(plain.deployment.state.root)}, "listener": section}, {}, "")
        deployment = msgspec.structs.replace(plain.deployment, settings=settings)
        fleet = Fleet(deployment)
        yield msgspec.structs.replace(plain, application=make_application(fleet), deployment=deployment)
        fleet.close()


async def test_the_answered_command_makes_a_host_a_sensor_that_is_seen_to_send_and_ends_when_revoked(
    served: Served, tmp_path: Path
) -> None:
    here = tmp_path / "sensor"
    async with served.client("admin") as client:
        offer = (await client.post("/api/v1/sensors/enrolments", json={"name": NAME, "hours": 0.5})).json()
        async with _listener(served, tmp_path / "listener.log"):
            pasted = shlex.split(offer["command"])
            first = await _said(pasted, here)
            assert (first.returncode, first.stdout.splitlines()[:1]) == (
                0,
                [f"enrolled as {NAME}; events go to {_listening(served).listen}"],
            ), first.stderr
            again = await _said(pasted, tmp_path / "another")
            assert again.returncode != 0
            assert "token" in again.stderr
            fill(here, range(20), name=NAME)
            sensor = {"DECNET_STATE_SENSOR": NAME, "DECNET_FORWARDER_SERVER": _listening(served).listen}
            async with _running(tmp_path / "forwarder.log", "decnet-forwarder", _of(here) | sensor):
                one = await _seen(client, connected=True, sent=True)
                assert (one["state"], one["address"]) == ("enrolled", "127.0.0.1")
                assert one["silent_seconds"] < DEADLINE
                assert (await client.post(f"/api/v1/sensors/{NAME}/revoke")).status_code == 204
                one = await _seen(client, connected=False, sent=True)
    assert one["state"] == "revoked"


async def _seen(client: Any, *, connected: bool, sent: bool) -> dict[str, Any]:
    """Ask as the page does, until the sensor is so."""
    deadline = time.monotonic() + DEADLINE
    while True:
        (one,) = (await client.get("/api/v1/sensors")).json()["items"]
        if one["connected"] == connected and (one["last_events_at"] is not None) == sent:
            return dict(one)
        assert time.monotonic() < deadline, one
        await asyncio.sleep(0.1)


def _listening(served: Served) -> ListenerSettings:
    return served.deployment.settings.section("listener", ListenerSettings)


@asynccontextmanager
async def _listener(served: Served, log: Path) -> AsyncIterator[None]:
    names = ("listen", "enrol", "check_seconds", "checkpoint_seconds")
    listening = {f"DECNET_LISTENER_{name.upper()}": str(getattr(_listening(served), name)) for name in names}
    async with _running(log, "decnet-listener", _of(served.deployment.state.root) | listening):
        deadline = time.monotonic() + DEADLINE
        while "sensors enrol" not in log.read_text():
            assert time.monotonic() < deadline, log.read_text()
            await asyncio.sleep(0.05)
        yield


@asynccontextmanager
async def _running(log: Path, program: str, environment: dict[str, str]) -> AsyncIterator[None]:
    with log.open("wb") as output:
        child = await asyncio.create_subprocess_exec(PROGRAMS / program, env=environment, stdout=output, stderr=output)
    try:
        yield
        assert child.returncode is None, log.read_text()
    finally:
        if child.returncode is None:
            child.terminate()
        try:
            await asyncio.wait_for(child.wait(), DEADLINE)
        except TimeoutError:
            child.kill()
            await child.wait()


async def _said(command: list[str], state: Path) -> subprocess.CompletedProcess[str]:
    program = [str(PROGRAMS / command[0]), *command[1:]]
    return await asyncio.to_thread(
        subprocess.run, program, env=_of(state), capture_output=True, text=True, timeout=DEADLINE, check=False
    )


def _of(state: Path) -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith("DECNET_")}
    return ours | {"DECNET_STATE_DIR": str(state)}
