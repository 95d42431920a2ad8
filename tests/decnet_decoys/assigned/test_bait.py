# SPDX-License-Identifier: MIT
"""Reading a planted file is an event, in a shell, by SFTP and by HTTP; looking at its name is none."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncssh
import pytest_asyncio
from tests.decnet_decoys.decky_host import DeckyHost, fleet_settings

from decnet_core.deckies.handover import HandoverClient, handover_sockets
from decnet_core.deckies.messages import PlacedFile
from decnet_core.events.catalogue import BaitRead

TOKEN = "a" * 24
NOTES = PlacedFile("/root/credentials.txt", b"svc-backup:x\n", "root", 0o600, 1_790_000_000, TOKEN)
SITE = PlacedFile("/var/www/html/.env", b"DB_PASSWORD=x\n", "www-data", 0o644, 1_790_000_000, TOKEN)


@pytest_asyncio.fixture
async def host(tmp_path: Path) -> AsyncIterator[DeckyHost]:
    host = DeckyHost(tmp_path, fleet_settings())
    await host.open()

    def place() -> None:
        with HandoverClient(handover_sockets(host.state)[0]) as client:
            client.place("web-01", [NOTES, SITE, PlacedFile("/root/plain.txt", b"x\n", "root", 0o600, 1)])

    await asyncio.to_thread(place)
    yield host
    await host.close()


def read(host: DeckyHost) -> list[tuple[str, str, str]]:
    payloads = [event.payload for event in host.events()]
    return [(one.service, one.path, one.token) for one in payloads if isinstance(one, BaitRead)]


async def test_bait_read_by_ssh_is_an_event(host: DeckyHost) -> None:
    connecting = asyncssh.connect(
        host.decky.address,
        host.decky.services["ssh"],
        username="root",
        password="admin123",
        known_hosts=None,
        config=None,
    )
    async with connecting as client:
        await client.run("ls -l /root; cat /root/plain.txt; find / -name '*.txt' >/dev/null", check=False)
        assert read(host) == []
        done = await client.run("cat /root/credentials.txt", check=False)
        assert done.stdout == "svc-backup:x\n"
        assert read(host) == [("ssh", NOTES.path, TOKEN)]
        await client.run("echo mine > /root/credentials.txt; cat /root/credentials.txt", check=False)
        assert len(read(host)) == 1
        async with client.start_sftp_client() as sftp, sftp.open(SITE.path) as file:
            assert await file.read() == "DB_PASSWORD=x\n"
    assert read(host)[1:] == [("ssh", SITE.path, TOKEN)]


async def test_bait_on_the_web_site_is_served_and_an_event(host: DeckyHost) -> None:
    async def fetched(target: str, *, method: str = "GET") -> bytes:
        reader, writer = await asyncio.open_connection(host.decky.address, host.decky.services["http"])
        writer.write(f"{method} {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        try:
            return await asyncio.wait_for(reader.read(), 120)
        finally:
            writer.close()

    assert b" 404 " in await fetched("/.env.old")
    assert b" 200 " in await fetched("/.env", method="HEAD")
    assert read(host) == []
    assert (await fetched("/x/../.env")).endswith(b"\r\n\r\nDB_PASSWORD=x\n")
    assert read(host) == [("http", SITE.path, TOKEN)]
