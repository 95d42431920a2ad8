# SPDX-License-Identifier: MIT
"""FTP's data connections of a decky whose process cannot open ports there: by sockets that were handed over with it."""

from __future__ import annotations

import asyncio
import ftplib
import io
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from tests.decnet_decoys.decky_host import DeckyHost
from tests.ports import own_address

from decnet_core.deckies.assignment import AssignedDecky, AssignedService
from decnet_core.deckies.handover import HandoverClient, handover_sockets
from decnet_core.events.catalogue import FileCaptured
from decnet_decoys.services.data_ports import DataPorts
from decnet_decoys.settings import DeckySettings, DecoysSettings

ADDRESS, PORT = own_address(84), 12121
DATA = (50111, 50112)
DECKY = AssignedDecky(
    "db-07", "db", (ADDRESS,), "ubuntu-db", (AssignedService("ftp", PORT),), 1, data_ports=DATA
)  # fmt: skip
OWN = DeckySettings(name="own-01", address=own_address(85), persona="nas", services={"http": 18080})


def bound(port: int) -> socket.socket:
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((ADDRESS, port))
    return sock


def is_open(port: int) -> bool:
    with socket.socket() as client:
        client.settimeout(100)
        return client.connect_ex((ADDRESS, port)) == 0


@pytest_asyncio.fixture
async def host(tmp_path: Path) -> AsyncIterator[DeckyHost]:
    made = DeckyHost(tmp_path, DecoysSettings(decky=(OWN,)))
    await made.open()
    await asyncio.to_thread(hand_over, made)
    yield made
    await made.close()


def hand_over(host: DeckyHost) -> None:
    sockets = [bound(port) for port in (PORT, *DATA)]
    with HandoverClient(handover_sockets(host.state)[0]) as client:
        client.play(DECKY, sockets)
    for each in sockets:
        each.close()


def session() -> ftplib.FTP:
    client = ftplib.FTP(timeout=100)
    client.connect(ADDRESS, PORT)
    client.login("ubuntu", "ubuntu")
    return client


def passive(client: ftplib.FTP) -> int:
    return client.makepasv()[1]


def uploads() -> None:
    with session() as client:
        for _ in DATA:  # the first transfer by each: the decky writes
            _listed(client)
        for number in range(3):
            client.storbinary(f"STOR file{number}", io.BytesIO(b"content %d" % number))
        assert b"file2" in b"".join(_listed(client))
        assert not any(map(is_open, DATA))
        port = passive(client)
        assert port in DATA
        assert not is_open(next(each for each in DATA if each != port)), "only the one that was asked for is open"


def _listed(client: ftplib.FTP) -> list[bytes]:
    found: list[bytes] = []
    client.retrbinary("NLST", found.append)
    return found


def as_many_as_there_are() -> None:
    with session() as one, session() as two, session() as three:
        assert {passive(one), passive(two)} == set(DATA)
        with pytest.raises(ftplib.error_temp, match="425"):
            passive(three)
        one.quit()
        two.sendcmd("NOOP")
        assert passive(three) in DATA


async def test_transfers_use_the_data_ports_and_leave_them_closed(host: DeckyHost) -> None:
    await asyncio.to_thread(uploads)
    await host.until(FileCaptured, 3)


async def test_there_are_as_many_transfers_as_data_ports(host: DeckyHost) -> None:
    await asyncio.to_thread(as_many_as_there_are)


async def test_another_version_takes_new_sockets_beside_the_old_ones(host: DeckyHost) -> None:
    await asyncio.to_thread(hand_over_again, host)
    await asyncio.to_thread(uploads)


def hand_over_again(host: DeckyHost) -> None:
    sockets = [bound(port) for port in DATA]
    with HandoverClient(handover_sockets(host.state)[0]) as client:
        client.play(DECKY, [None, *sockets])
    for each in sockets:
        each.close()


def test_a_port_that_a_former_process_listened_on_is_closed_and_still_bound() -> None:
    left = bound(50113)
    left.listen(1)
    ports = DataPorts([left])
    assert not is_open(50113)
    taken = ports.listening(ADDRESS)
    assert is_open(50113)
    with pytest.raises(OSError, match="in use"):
        ports.listening(ADDRESS)
    ports.give_back(taken)
    assert not is_open(50113)
    assert ports.listening(ADDRESS) is taken
    ports.close()
