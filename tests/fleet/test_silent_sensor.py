# SPDX-License-Identifier: MIT
"""A sensor's process is killed: the master tells that it is silent, and that it is back; with real processes."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from contextlib import AsyncExitStack, closing
from pathlib import Path

import pytest
from tests.decnet_models.migrated import migrated_database
from tests.fleet.test_sensor_host import DEADLINE, environment, port_in, running, said, until

from decnet_swarm.pki import bootstrap_ca, files

pytestmark = [pytest.mark.fault, pytest.mark.timeout(4 * DEADLINE)]

PROGRAMS = Path(sys.executable).parent


def told(database: Path) -> list[str]:
    with closing(sqlite3.connect(database, timeout=60)) as connection:
        return [row[0] for row in connection.execute("SELECT kind FROM notice WHERE kind LIKE 'sensor.%' ORDER BY seq")]


async def test_silence(tmp_path: Path) -> None:
    master, here = tmp_path / "m", tmp_path / "s"
    bootstrap_ca.bootstrap(master, [])
    word = bootstrap_ca.issue_token(master, "berlin-1", 1)
    migrated_database(master / "decnet.db")
    mine = {
        "DECNET_STATE_DIR": str(master),
        "DECNET_LISTENER_LISTEN": "127.0.0.1:0",
        "DECNET_LISTENER_SILENT_SECONDS": "8",
        "DECNET_WEBHOOK_POLL_SECONDS": "0.5",
    }
    async with AsyncExitStack() as stack:
        log = tmp_path / "listener.log"
        await stack.enter_async_context(running(log, PROGRAMS / "decnet-listener", **mine))
        await stack.enter_async_context(running(tmp_path / "webhook.log", PROGRAMS / "decnet-webhook", **mine))
        enrolment = await port_in(log, "sensors enrol")
        await port_in(log, "listening")
        pasted: list[Path | str] = [
            *(PROGRAMS / "decnet-forwarder", "enrol", "--master", f"127.0.0.1:{enrolment}", "--token", word)
        ]
        done = await asyncio.to_thread(said, pasted, environment(DECNET_STATE_DIR=str(here)))
        assert done.returncode == 0, done.stderr
        sensor = {
            "DECNET_STATE_DIR": str(here),
            "DECNET_STATE_SENSOR": "berlin-1",
            "DECNET_FORWARDER_SERVER": files.enrolled(files.forwarder_folder(here)).server,
            "DECNET_FORWARDER_CALL_SECONDS": "1",
        }
        async with running(tmp_path / "forwarder.log", PROGRAMS / "decnet-forwarder", **sensor):
            await until(lambda: any((master / "sensors").glob("berlin-1.json")))
        await until(lambda: told(master / "decnet.db") == ["sensor.silent"])
        async with running(tmp_path / "forwarder.log", PROGRAMS / "decnet-forwarder", **sensor):
            await until(lambda: told(master / "decnet.db") == ["sensor.silent", "sensor.back"])
