# SPDX-License-Identifier: MIT
"""Deckies are handed over, changed and withdrawn while the worker runs: real sockets, the real client."""

import asyncio
import contextlib
import re
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio
from tests.decnet_decoys.decky_host import DeckyHost
from tests.ports import own_address

from decnet_core.deckies.assignment import AssignedDecky, AssignedService
from decnet_core.deckies.handover import HandoverClient, HandoverError, handover_sockets
from decnet_core.deckies.messages import MOST_SOCKETS
from decnet_core.events.catalogue import HttpRequest
from decnet_core.net.unix_peer import entitled
from decnet_core.runtime.notify import Notifier
from decnet_core.runtime.stored_sockets import StoredSockets
from decnet_decoys.settings import DeckySettings, DecoysSettings

HTTP = AssignedService("http", 18080)
MORE = AssignedService("ssh", 12222)
OWN = DeckySettings(name="own-01", address=own_address(80), persona="nas", services={"http": 18080})


def decky(name: str = "web-07", *services: AssignedService, version: int = 1, **changes: Any) -> AssignedDecky:
    addresses = (own_address(81), own_address(82))
    one = AssignedDecky(name, "shop", addresses, "debian-web", services or (HTTP,), version)
    return msgspec.structs.replace(one, **changes)


def bound(one: AssignedDecky) -> list[socket.socket | None]:
    """Return sockets as reconciler opens them: bound only."""
    return [bound_to(address, service.port) for address, service in one.endpoints()]


def bound_to(address: str, port: int) -> socket.socket:
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((address, port))
    return sock


@pytest_asyncio.fixture
async def host(tmp_path: Path) -> AsyncIterator[DeckyHost]:
    host = DeckyHost(tmp_path, DecoysSettings(decky=(OWN,)))
    await host.open()
    yield host
    await host.close()


async def asked(host: DeckyHost, question: Callable[[HandoverClient], Any]) -> Any:
    def ask() -> Any:
        with HandoverClient(handover_sockets(host.state)[0]) as client:
            return question(client)

    return await asyncio.to_thread(ask)


async def played(host: DeckyHost, one: AssignedDecky, sockets: list[socket.socket | None] | None = None) -> None:
    given = bound(one) if sockets is None else sockets
    try:
        await asked(host, lambda client: client.play(one, given))
    finally:
        for each in given:
            if each is not None:
                each.close()


async def page(address: str, port: int = 18080) -> bytes:
    reader, writer = await asyncio.open_connection(address, port)
    with contextlib.closing(writer):
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        return await reader.read()


async def test_a_decky_is_served_at_each_of_its_addresses(host: DeckyHost) -> None:
    one = decky(version=7)
    await played(host, one)
    for address in one.addresses:
        assert (await page(address)).startswith(b"HTTP/1.1 200")
    await host.until(HttpRequest, 2)
    assert {(event.decky, event.dst_ip) for event in host.events(HttpRequest)} == {
        ("web-07", address) for address in one.addresses
    }
    assert await asked(host, lambda client: client.played()) == {"web-07": 7}


async def test_a_withdrawn_decky_is_closed_and_forgotten(host: DeckyHost) -> None:
    one = decky()
    await played(host, one)
    reader, writer = await asyncio.open_connection(one.addresses[0], 18080)
    for _ in range(2):  # the second time it is not played any more
        await asked(host, lambda client: client.withdraw(one.name))
    assert await reader.read() == b""
    writer.close()
    with pytest.raises(ConnectionRefusedError):
        await page(one.addresses[0])
    assert await asked(host, lambda client: client.played()) == {}
    assert await page(OWN.address)
    await played(host, one)
    assert await page(one.addresses[0])


async def test_a_port_that_stays_is_never_closed_by_a_change(host: DeckyHost) -> None:
    await played(host, decky())
    changed = decky("web-07", HTTP, MORE, version=2, addresses=decky().addresses[:1])
    waiting = socket.create_connection((changed.addresses[0], 18080))
    await played(host, changed, [None, bound_to(changed.addresses[0], MORE.port)])
    with waiting, socket.create_connection((changed.addresses[0], 12222)) as ssh:
        assert (await asyncio.to_thread(ssh.recv, 8)).startswith(b"SSH-2.0-")
    assert await page(changed.addresses[0])
    with pytest.raises(ConnectionRefusedError):
        await page(decky().addresses[1])


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (decky(persona="win95"), "there is no persona 'win95'"),
        (decky("web-07", AssignedService("gopher", 70)), "no service 'gopher'"),
        (decky("web-07", AssignedService("http", 18080, "udp")), "http is offered over tcp, not udp"),
        (decky("web-07", AssignedService("http", 18080, settings={"a": 1})), "http takes no settings: a"),
        (decky("web-07", HTTP, AssignedService("http", 18081)), "offers a service twice"),
        (decky("own-01"), "the settings have a decky own-01 of their own"),
        (decky(addresses=("here",)), "here is no address"),
        (decky(persona_document={"os": "Windows 95"}), "persona debian-web: "),
        (decky(persona_document={"a": "x" * 200_000}), "bytes: at most"),
    ],
)
async def test_what_cannot_be_played_is_refused_with_its_reason(
    host: DeckyHost, wrong: AssignedDecky, reason: str
) -> None:
    await played(host, decky("other-01"))
    with pytest.raises(HandoverError, match=reason):
        await played(host, wrong, [None] * len(wrong.endpoints()))
    assert await asked(host, lambda client: client.played()) == {"other-01": 1}


async def test_a_refused_change_leaves_the_decky_as_it_was(host: DeckyHost) -> None:
    await played(host, decky())
    with pytest.raises(HandoverError, match=r"no socket for .* port 12222"):
        await played(host, decky("web-07", HTTP, MORE, version=2), [None] * 4)
    assert await asked(host, lambda client: client.played()) == {"web-07": 1}
    assert await page(decky().addresses[1])


async def test_bytes_that_are_no_request_are_refused(host: DeckyHost) -> None:
    path = handover_sockets(host.state)[0]
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as client:
        client.connect(str(path))
        client.settimeout(100)
        for packet in (b"\xff\x00", b"{}", b'{"type":"play"}', b"[" * 100_000):
            await asyncio.to_thread(client.sendall, packet)
            assert b"cannot be read" in await asyncio.to_thread(client.recv, 1000)
    assert await asked(host, lambda client: client.played()) == {}


async def test_more_sockets_than_the_kernel_passes_are_refused(host: DeckyHost) -> None:
    with bound_to(decky().addresses[0], HTTP.port) as one, pytest.raises(HandoverError, match="too many"):
        await asked(host, lambda client: client.play(decky(), [one] * (MOST_SOCKETS + 1)))


@contextlib.contextmanager
def supervisor() -> Iterator[tuple[Notifier, Callable[[], dict[str, list[int]]]]]:
    """Receive what is to be kept, as a supervisor does."""
    from decnet_core.runtime.notify import Receiver
    from decnet_core.supervise.fork.socket_store import SocketStore

    receiver, store = Receiver(), SocketStore()

    def kept() -> dict[str, list[int]]:
        while (message := receiver.receive()) is not None:
            store.on_notify(message.fields, message.descriptors)
        return {name: [socket.dup(number) for number in numbers] for name, numbers in store._entries.items()}

    try:
        yield Notifier(receiver.address), kept
    finally:
        store.clear()
        receiver.close()


async def test_the_next_process_goes_on_with_the_same_sockets(tmp_path: Path) -> None:
    settings = DecoysSettings(decky=(OWN,))
    with supervisor() as (notifier, kept):
        first = DeckyHost(tmp_path, settings)
        first.ctx.stored_sockets = StoredSockets(notifier)
        await first.open()
        await played(first, decky())
        await played(first, decky("gone-01", addresses=(own_address(83),)))
        await asked(first, lambda client: client.withdraw("gone-01"))
        stored = kept()
        await first.close()
        waiting = socket.create_connection((decky().addresses[1], 18080))  # nobody accepts now
        second = DeckyHost(tmp_path, settings)
        second.ctx.stored_sockets = StoredSockets(notifier, stored)
        await second.open()
        try:
            assert await asked(second, lambda client: client.played()) == {"web-07": 1}
            with waiting:
                waiting.sendall(b"GET / HTTP/1.0\r\n\r\n")
                assert (await asyncio.to_thread(waiting.recv, 100)).startswith(b"HTTP/1.1 200")
        finally:
            await second.close()


async def test_a_decky_without_its_sockets_is_forgotten(tmp_path: Path) -> None:
    settings = DecoysSettings(decky=(OWN,))
    first = DeckyHost(tmp_path, settings)
    await first.open()
    await played(first, decky())
    await first.close()
    second = DeckyHost(tmp_path, settings)
    await second.open()
    try:
        assert await asked(second, lambda client: client.played()) == {}
    finally:
        await second.close()


def test_only_root_this_account_and_the_owner_of_the_directory_are_entitled(tmp_path: Path) -> None:
    assert entitled(0, tmp_path)
    assert entitled(tmp_path.stat().st_uid, tmp_path)
    assert not entitled(tmp_path.stat().st_uid + 4711, tmp_path)


async def test_siblings_show_serial_numbers_and_macs_of_their_own_to_their_visitors(host: DeckyHost) -> None:
    shown = []
    for number in (83, 84):
        one = decky(f"printer-{number}", addresses=(own_address(number),), persona="printer", seed=number)
        await played(host, one)
        reader, writer = await asyncio.open_connection(own_address(number), 18080)
        with contextlib.closing(writer):
            writer.write(b"GET /info_configuration.html HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            shown.append(await reader.read())
    found = [
        re.findall(rb"VNB[A-Z][0-9]{6}|3c:d9:2b:[0-9a-f:]{8}|9c:b6:54:[0-9a-f:]{8}|a0:d3:c1:[0-9a-f:]{8}", each)
        for each in shown
    ]
    assert [len(each) for each in found] == [3, 3]
    assert not set(found[0]) & set(found[1])
