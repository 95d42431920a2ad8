# SPDX-License-Identifier: MIT
"""A collector of files is parked while nobody writes, and reads what is written then, each line once."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from decnet_core.bus.broker.server import Broker
from decnet_core.bus.client import connect
from decnet_core.bus.settings import BusSettings
from decnet_core.events.catalogue import CommandRun
from decnet_core.events.codec import decode
from decnet_core.runtime.restarts.policy import Phase
from decnet_core.spool.segments import SUFFIX
from decnet_core.state import State
from decnet_core.supervise.lifecycle import Status
from decnet_core.supervise.process_fleet import ProcessFleet
from decnet_core.supervise.settings import SuperviseSettings

pytestmark = [pytest.mark.asyncio, pytest.mark.usefixtures("forked_zygotes")]


@asynccontextmanager
async def collecting(state: State, settings: str) -> AsyncIterator[Callable[[], Status]]:
    """Host the collector, as a child of a zygote; yield what returns its status."""
    (state.root / "decnet.toml").write_text(settings)
    state.create("bus")
    broker = Broker(BusSettings(), state.bus_socket)
    await broker.start()
    fleet = ProcessFleet(
        SuperviseSettings(),
        logs=state.root / "log",
        environment={
            "DECNET_SETTINGS": str(state.root / "decnet.toml"),
            "DECNET_STATE_DIR": str(state.root),
            "DECNET_RUNTIME_PARK_SECONDS": "0.1",
            "DECNET_SUPERVISE_SHARE_MEMORY": "false",  # a fifth of a zygote's start
        },
        forking=True,
        connect_bus=lambda: connect(f"unix://{state.bus_socket}", name="supervise", wait=5),
    )
    try:
        await fleet.start(["collect"])
        yield lambda: fleet.status()[0]
    finally:
        await fleet.stop()
        await broker.stop()


def line(number: int) -> str:
    fields = {
        "eventid": "cowrie.command.input",
        "timestamp": "2026-11-23T10:20:30.123456Z",
        "src_ip": "192.0.2.7",
        "session": "abc",
        "protocol": "ssh",
        "input": f"echo {number}",
    }
    return json.dumps(fields) + "\n"


def commands(state: State) -> list[str]:
    segments = sorted((state.spool / "collect").glob(f"*{SUFFIX}"))  # one for each life
    payloads = [decode(one).payload for file in segments for one in file.read_bytes().splitlines()]
    return [payload.command for payload in payloads if isinstance(payload, CommandRun)]


async def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.02)


async def test_a_line_a_rotation_and_a_new_file_wake_a_parked_collector(tmp_path: Path) -> None:
    state, log = State(tmp_path), tmp_path / "cowrie.json"
    log.touch()
    linger = "[collect]\nlinger_ms = 100\n"  # how long a rotated file may still be written to
    source = f'{linger}[[collect.source]]\nname = "cowrie"\nformat = "cowrie"\npath = "{tmp_path}/cowrie*.json"\n'
    async with collecting(state, source) as status:

        async def collected(*numbers: int) -> None:
            await until(lambda: commands(state) == [f"echo {number}" for number in numbers])
            await until(lambda: status().phase is Phase.PARKED)

        await collected()
        with log.open("a") as writing:
            writing.write(line(1))
        await collected(1)
        log.rename(tmp_path / "cowrie.json.1")
        log.write_text(line(2))
        await collected(1, 2)
        (tmp_path / "cowrie-2.json").write_text(line(3))
        await collected(1, 2, 3)
        assert status().wakes >= 3
        assert status().restarts == 0
