# SPDX-License-Identifier: MIT
"""Clients are counted from when they are accepted until they are gone, whatever becomes of them."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from decnet_core.net.acceptor import Acceptor
from decnet_core.net.places import Place, Places
from decnet_core.net.sockets import listening, listening_unix


class Greeting(asyncio.Protocol):
    """Greets, and tells when it is gone."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        transport.write(b"hello")

    def connection_lost(self, exc: Exception | None) -> None:  # of asyncio
        self._place.free()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(120):
        while not condition():  # the state of another task
            await asyncio.sleep(0.01)


@asynccontextmanager
async def accepting(sock: socket.socket, limiter: Places, **options: Any) -> AsyncIterator[list[None]]:
    refused: list[None] = []
    acceptor = Acceptor(sock, Greeting, limiter, refused=lambda: refused.append(None), **options)
    try:
        yield refused
    finally:
        acceptor.close()
        await acceptor.wait_closed()


async def test_a_place_is_free_again_when_its_client_has_gone() -> None:
    sock, limiter = listening("127.0.0.1", 0), Places(9, 1)
    async with accepting(sock, limiter) as refused:
        address = sock.getsockname()
        for _ in range(3):
            reader, writer = await asyncio.open_connection(*address)
            assert await reader.readexactly(5) == b"hello"
            other, closed = await asyncio.open_connection(*address)
            with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
                await other.readexactly(1)
            writer.close()
            closed.close()
            await until(lambda: limiter.open == 0)
        assert len(refused) == 3


async def test_what_is_no_tls_frees_its_place_and_ends_nobody_else() -> None:
    sock, limiter = listening("127.0.0.1", 0), Places(9, 1)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)  # without a certificate no handshake succeeds
    async with accepting(sock, limiter, context=context, handshake_seconds=0.5):
        for sent in (b"GET / HTTP/1.1\r\n\r\n", b"", b"\x16\x03\x01"):
            reader, writer = await asyncio.open_connection(*sock.getsockname())
            writer.write(sent)
            await until(lambda: limiter.open == 1)
            if sent == b"GET / HTTP/1.1\r\n\r\n":
                await reader.read()
            await until(lambda: limiter.open == 0)
            writer.close()


async def test_programs_at_a_unix_socket_are_no_source(tmp_path: Path) -> None:
    path, limiter = tmp_path / "socket", Places(3, 1)
    async with accepting(listening_unix(path, 0o600), limiter) as refused:
        opened = [await asyncio.open_unix_connection(str(path)) for _ in range(4)]
        assert [await reader.read(5) for reader, _ in opened] == [b"hello"] * 3 + [b""]
        assert len(refused) == 1
        for _, writer in opened:
            writer.close()


async def test_it_accepts_again_when_there_are_descriptors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("decnet_core.net.acceptor._RETRY_SECONDS", 0.01)
    sock, limiter = listening("127.0.0.1", 0), Places(9, 9)

    class Failing:
        """A socket of a process that has no descriptor left at first."""

        left = 3

        def accept(self) -> tuple[socket.socket, Any]:
            Failing.left -= 1
            if Failing.left >= 0:
                raise OSError(24, "Too many open files")
            return sock.accept()

        def fileno(self) -> int:
            return sock.fileno()

        def close(self) -> None:
            sock.close()

    failing: Any = Failing()
    async with accepting(failing, limiter):
        reader, writer = await asyncio.open_connection(*sock.getsockname())
        assert await reader.readexactly(5) == b"hello"
        writer.close()


async def test_a_newcomer_gets_the_place_of_one_that_has_not_begun_tls() -> None:
    sock, places = listening("127.0.0.1", 0), Places(2, 2)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    async with accepting(sock, places, context=context, handshake_seconds=60) as refused:
        silent = [await asyncio.open_connection(*sock.getsockname()) for _ in range(2)]
        await until(lambda: places.open == 2)
        other = await asyncio.open_connection(*sock.getsockname(), local_addr=("127.0.0.2", 0))
        assert await silent[0][0].read() == b""
        assert (places.open, places.evicted, len(refused)) == (2, 1, 0)
        for _, writer in (*silent, other):
            writer.close()


async def test_clients_that_come_all_at_once_leave_no_socket_open() -> None:
    sock, places = listening("127.0.0.1", 0), Places(2, 1)
    clients = [socket.create_connection(sock.getsockname(), 60, (f"127.0.0.{2 + number}", 0)) for number in range(12)]
    async with accepting(sock, places):  # accepted in one turn, before any connection is made
        for client in clients:
            client.setblocking(False)
        loop = asyncio.get_running_loop()
        answers = [await asyncio.wait_for(loop.sock_recv(client, 9), 60) for client in clients]
        assert answers == [b""] * 10 + [b"hello"] * 2
        for client in clients:
            client.close()
        await until(lambda: places.open == 0)
