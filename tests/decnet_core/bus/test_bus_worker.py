# SPDX-License-Identifier: MIT
"""The broker as the worker `bus`: a real process, its health, its orders, its refusals."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from decnet_core.bus.client import connect
from decnet_core.bus.subjects import CONTROL, HEALTH, Control, Health
from decnet_core.bus.worker import allow_files
from decnet_core.exits import Exit
from decnet_core.state import State

SOON = 120.0
PROGRAM = "from decnet_core.bus.worker import Bus; import sys; sys.argv[1:] = []; sys.exit(Bus.main())"


@pytest.fixture
def start_worker(tmp_path: Path) -> Iterator[Any]:
    started: list[subprocess.Popen[bytes]] = []

    def start(**environ: str) -> subprocess.Popen[bytes]:
        variables = {**os.environ, "DECNET_STATE_DIR": str(tmp_path), "DECNET_SETTINGS": "", **environ}
        process = subprocess.Popen([sys.executable, "-c", PROGRAM], env=variables, stderr=subprocess.PIPE)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def url(tmp_path: Path) -> str:
    return f"unix://{State(tmp_path).bus_socket}"


async def order(client: Any, op: str) -> Health:
    answer = await client.request(CONTROL.of("bus"), msgspec.json.encode(Control(op)), timeout=SOON)
    return msgspec.json.decode(answer.payload, type=Health)


async def report(client: Any) -> Health:
    """The bus answers for itself once its own client is connected."""
    subscription = await client.subscribe(HEALTH.of("bus"))
    await subscription.next(SOON)
    return await order(client, "report")


async def test_the_bus_reports_its_counters_over_itself(start_worker: Any, tmp_path: Path) -> None:
    process = start_worker(DECNET_RUNTIME_HEARTBEAT_SECONDS="0.05")
    client = await connect(url(tmp_path), name="test", wait=SOON)
    health = await report(client)
    assert (health.worker, health.state, health.pid) == ("bus", "running", process.pid)
    assert health.counters["connections"] == 2
    assert health.counters["in_messages"] >= 1
    assert health.counters["dropped"] == 0
    await client.close()


async def test_the_bus_stops_on_request(start_worker: Any, tmp_path: Path) -> None:
    process = start_worker(DECNET_RUNTIME_HEARTBEAT_SECONDS="0.05")
    client = await connect(url(tmp_path), name="test", wait=SOON)
    await report(client)
    assert (await order(client, "stop")).state == "stopping"
    assert await asyncio.to_thread(process.wait, SOON) == Exit.STOPPED
    assert not State(tmp_path).bus_socket.exists()
    await client.close()


async def test_a_signal_stops_it_cleanly(start_worker: Any, tmp_path: Path) -> None:
    process = start_worker()
    client = await connect(url(tmp_path), name="test", wait=SOON)
    process.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(process.wait, SOON) == Exit.STOPPED
    assert not State(tmp_path).bus_socket.exists()
    await client.close()


async def test_sigusr2_is_lame_duck_mode(start_worker: Any, tmp_path: Path) -> None:
    process = start_worker()
    client = await connect(url(tmp_path), name="test", wait=SOON)
    changes: asyncio.Queue[bool] = asyncio.Queue()
    client.on_change(lambda: changes.put_nowait(client.connected))
    process.send_signal(signal.SIGUSR2)
    assert await asyncio.wait_for(changes.get(), SOON) is False
    assert await asyncio.to_thread(process.wait, SOON) == Exit.STOPPED
    start_worker()
    assert await asyncio.wait_for(changes.get(), SOON) is True
    await client.close()


async def test_a_second_bus_does_not_start(start_worker: Any, tmp_path: Path) -> None:
    start_worker()
    client = await connect(url(tmp_path), name="test", wait=SOON)
    second = start_worker()
    _, log = await asyncio.to_thread(second.communicate, timeout=SOON)
    assert second.returncode == Exit.STARTUP_FAILED
    assert b"already running" in log
    await client.flush()
    await client.close()


async def test_a_bus_whose_name_is_taken_says_so_and_listens_once_it_is_free(start_worker: Any, tmp_path: Path) -> None:
    State(tmp_path).create("bus")
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(State(tmp_path).bus_socket))
        other.listen()
        process = start_worker()
        line = await asyncio.wait_for(asyncio.to_thread(_line_with, process, b"already listening"), SOON)
        assert b"tried again" in line
        assert process.poll() is None
    State(tmp_path).bus_socket.unlink()
    client = await connect(url(tmp_path), name="test", wait=SOON)
    assert (await report(client)).counters["name_taken"] >= 1
    await client.close()


def _line_with(process: subprocess.Popen[bytes], words: bytes) -> bytes:
    """Return the first line of the worker's log that has `words` in it."""
    assert process.stderr is not None
    return next(line for line in process.stderr if words in line)


@pytest.mark.parametrize(
    ("variable", "value", "reason"),
    [
        ("DECNET_BUS_URL", "nats://127.0.0.1:4222", b"names an external bus"),
        ("DECNET_BUS_TCP", "0.0.0.0:4222", b"not on the loopback"),
        ("DECNET_BUS_MAX_CONNECTIONS", "0", b"max_connections"),
    ],
)
def test_settings_it_cannot_meet_are_a_failed_start(
    start_worker: Any, variable: str, value: str, reason: bytes
) -> None:
    process = start_worker(**{variable: value})
    _, log = process.communicate(timeout=SOON)
    assert process.returncode == Exit.STARTUP_FAILED
    assert reason in log


def test_open_files_are_allowed_as_far_as_possible(caplog: pytest.LogCaptureFixture) -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, before[1]))
        allow_files(300)
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == 300
        allow_files(200)
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == 300
        assert not caplog.records
        if before[1] != resource.RLIM_INFINITY:
            allow_files(before[1] + 1000)
            assert "LimitNOFILE" in caplog.text
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
