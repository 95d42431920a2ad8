# SPDX-License-Identifier: MIT
"""`decnet swarm revoke` ends a sensor's connection at once, over the bus, though the listener would look much later."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from tests.decnet_swarm.swarm_pki import master, sensor

from decnet.fleet.bus_access import query_health
from decnet_core.bus.client import connect
from decnet_core.state import State
from decnet_swarm.pki import files
from decnet_swarm.pki.contexts import forwarder_context

PROGRAMS = Path(sys.executable).parent
DEADLINE = 60.0


def environment(state: Path) -> dict[str, str]:
    theirs = {key: value for key, value in os.environ.items() if not key.startswith("DECNET_")}
    own = {"STATE_DIR": str(state), "LISTENER_LISTEN": "127.0.0.1:0", "LISTENER_CHECK_SECONDS": "60"}
    return {**theirs, **{f"DECNET_{key}": value for key, value in own.items()}}


@asynccontextmanager
async def running(name: str, state: Path) -> AsyncIterator[Path]:
    log = state / f"{name}.log"
    with log.open("wb") as output:
        child = await asyncio.create_subprocess_exec(
            PROGRAMS / f"decnet-{name}", env=environment(state), stdout=output, stderr=output
        )
    try:
        yield log
    finally:
        with contextlib.suppress(ProcessLookupError):
            child.terminate()
        await asyncio.wait_for(child.wait(), DEADLINE)


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(DEADLINE):
        while not holds():
            await asyncio.sleep(0.02)


async def test_revoked_sensor_is_cut_off_at_once_and_stays_out(tmp_path: Path) -> None:
    state = tmp_path / "master"
    master(state)
    folder = sensor(state, files.forwarder_folder(tmp_path / "sensor"))
    async with running("bus", state), running("listener", state) as log:
        await until(lambda: re.search(r"listening port=\d+", log.read_text()))
        await _hears(state)
        found = re.search(r"listening port=(\d+)", log.read_text())
        assert found is not None
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", int(found[1]), ssl=forwarder_context(folder), server_hostname="master"
        )
        waiting = asyncio.ensure_future(reader.read())
        await _revoke(state)
        with contextlib.suppress(OSError):  # ended by a reset or in order
            await asyncio.wait_for(waiting, 120)
        writer.close()
        assert "was revoked" in log.read_text()


async def _hears(state: Path) -> None:
    """Return when the listener answers over the bus."""
    bus = await connect(f"unix://{State(state).bus_socket}", name="test", wait=DEADLINE)
    try:
        async with asyncio.timeout(DEADLINE):
            while await query_health(bus, "listener", 1.0) is None:
                pass
    finally:
        await bus.close()


async def _revoke(state: Path) -> None:
    child = await asyncio.create_subprocess_exec(
        PROGRAMS / "decnet", "swarm", "revoke", "berlin-1", env=environment(state)
    )
    assert await asyncio.wait_for(child.wait(), DEADLINE) == 0
