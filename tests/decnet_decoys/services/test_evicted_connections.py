# SPDX-License-Identifier: MIT
"""What evicted connections held is free at once: collecting thousands of them would stop the loop for too long."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from pathlib import Path

import pytest
from tests.decnet_decoys.decky_host import DEADLINE, DeckyHost, fleet_settings

from decnet_decoys.services.connection import Connection
from decnet_decoys.ssh import server

FIRST_WORDS = {
    "ssh": b"SSH-2.0-x\r\n",
    "http": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n",
    "telnet": b"root\r\n",
    "https": bytes.fromhex("1603010200010001fc0303"),
    "ftp": b"USER a\r\n",
    "smtp": b"EHLO x\r\n",
    "redis": b"*3\r\n$1\r\nx\r\n",
    "mysql": b"\x50\0\0\1",
}
EACH = 3


@pytest.mark.scale
async def test_evicted_connections_leave_nothing_for_the_garbage_collector(tmp_path: Path) -> None:
    host = DeckyHost(tmp_path, fleet_settings("debian-web", offers=tuple(FIRST_WORDS)))
    await host.open()
    assert server  # imported before: for the first client it would be, with what is there then frozen
    gc.collect()
    gc.disable()
    try:
        clients = [await opened(host, service, words) for service, words in FIRST_WORDS.items() for _ in range(EACH)]
        assert connections() >= len(clients)
        evict_all(host)
        async with asyncio.timeout(DEADLINE):
            for reader, writer in clients:
                with contextlib.suppress(ConnectionResetError):
                    await reader.read()
                writer.close()
            while connections():
                await asyncio.sleep(0.05)
    finally:
        gc.enable()
        await host.close()


def evict_all(host: DeckyHost) -> None:
    assert host.worker._resources is not None
    for place in list(host.worker._resources.places._taken):
        place.evict()


async def opened(host: DeckyHost, service: str, words: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect, say the first words, and wait until they were taken."""
    reader, writer = await asyncio.open_connection(host.decky.address, host.decky.services[service])
    writer.write(words)
    async with asyncio.timeout(DEADLINE):
        if service in ("ssh", "telnet", "ftp", "smtp", "mysql"):
            await reader.read(1)
        while connections(service) == 0:
            await asyncio.sleep(0.01)
    return reader, writer


def connections(service: str = "") -> int:
    """Count the connections that are in memory."""
    found = [one for one in gc.get_objects() if isinstance(one, Connection)]
    return sum(not service or one.recorder.service == service for one in found)
