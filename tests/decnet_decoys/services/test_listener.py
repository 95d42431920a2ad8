# SPDX-License-Identifier: MIT
"""Listening and serving over real sockets, with the trial service `echo`."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.decnet_decoys.decky_host import DEADLINE, DeckyHost, fleet_settings

from decnet_core.events.catalogue import ConnectionOpened, ServiceRequest
from decnet_decoys.processor import turn
from decnet_decoys.services import listener as listening
from decnet_decoys.settings import LimitSettings

pytestmark = pytest.mark.usefixtures("trial")

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@contextlib.asynccontextmanager
async def playing(directory: Path, service: str = "echo", **limits: Any) -> AsyncIterator[DeckyHost]:
    host = DeckyHost(directory, fleet_settings(limits=LimitSettings(**limits), offers=(service,)))
    await host.open()
    try:
        yield host
    finally:
        await host.close()


@contextlib.asynccontextmanager
async def client(host: DeckyHost, source: str = "127.0.0.1") -> AsyncIterator[Streams]:
    ((_, port),) = host.decky.services.items()
    reader, writer = await asyncio.open_connection(host.decky.address, port, local_addr=(source, 0))
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def echoed(streams: Streams, data: bytes) -> bytes:
    reader, writer = streams
    writer.write(data)
    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionResetError):
        return await asyncio.wait_for(reader.readexactly(len(data)), DEADLINE)
    return b""


async def counted(host: DeckyHost, counter: str, value: int = 1) -> None:
    async with asyncio.timeout(DEADLINE):
        while host.ctx.counters.snapshot().get(counter) != value:
            await asyncio.sleep(0.01)


async def test_a_connection_is_recorded_with_both_its_ends(tmp_path: Path) -> None:
    async with playing(tmp_path) as host, client(host) as streams:
        here = streams[1].get_extra_info("sockname")
        assert await echoed(streams, b"hello") == b"hello"
        opened, request = host.events()
    assert (opened.payload, request.payload) == (ConnectionOpened("echo"), ServiceRequest("echo", "echo"))
    assert (opened.src_ip, opened.src_port) == here[:2]
    assert (opened.dst_ip, opened.dst_port) == (host.decky.address, host.decky.services["echo"])
    assert (opened.decky, opened.session) == ("web-01", request.session)


async def test_a_client_beyond_the_limit_is_rejected_until_another_leaves(tmp_path: Path) -> None:
    async with playing(tmp_path, connections=1) as host:
        async with client(host) as first:
            assert await echoed(first, b"1") == b"1"
            async with client(host) as second:
                assert await echoed(second, b"2") == b""
            await counted(host, "decoys_connections_refused")
        await counted(host, "decoys_connections_open", 0)
        async with client(host) as third:
            assert await echoed(third, b"3") == b"3"
        assert len(host.events(ConnectionOpened)) == 2


async def test_held_connections_lock_no_new_client_out(tmp_path: Path) -> None:
    async with playing(tmp_path, connections=12) as host, contextlib.AsyncExitStack() as held:
        for number in range(12):
            streams = await held.enter_async_context(client(host, f"127.0.0.{1 + number % 3}"))
            assert await echoed(streams, b"held") == b"held"
        for number in range(4, 8):
            async with client(host, f"127.0.0.{number}") as newcomer:
                assert await echoed(newcomer, b"new") == b"new"
        assert host.ctx.counters.snapshot()["decoys_connections_evicted"] >= 1
        assert host.ctx.counters.snapshot().get("decoys_connections_refused", 0) == 0


async def test_a_silent_client_is_disconnected(tmp_path: Path) -> None:
    async with playing(tmp_path, idle_seconds=1) as host, client(host) as (reader, _):
        assert await asyncio.wait_for(reader.read(), DEADLINE) == b""


async def test_a_service_may_be_less_patient_than_the_settings(tmp_path: Path) -> None:
    async with playing(tmp_path, "impatient", idle_seconds=3600) as host, client(host) as (reader, _):
        assert await asyncio.wait_for(reader.read(), DEADLINE) == b""


async def test_a_connection_ends_after_its_time_however_busy(tmp_path: Path) -> None:
    async with playing(tmp_path, session_seconds=1, idle_seconds=3600) as host, client(host) as streams:
        async with asyncio.timeout(DEADLINE):
            while await echoed(streams, b"x"):
                pass
        await counted(host, "decoys_connections_open", 0)


async def test_a_client_that_sends_too_much_is_cut_off(tmp_path: Path) -> None:
    async with playing(tmp_path, session_bytes=10) as host, client(host) as streams:
        assert await echoed(streams, b"0123456789") == b"0123456789"
        assert await echoed(streams, b"x") == b""
        assert host.ctx.counters.snapshot()["decoys_connections_cut"] == 1


async def test_a_client_that_does_not_read_is_disconnected(tmp_path: Path) -> None:
    async with playing(tmp_path, idle_seconds=1) as host:
        with socket.create_connection((host.decky.address, host.decky.services["echo"])) as deaf:
            deaf.setblocking(False)
            await counted(host, "decoys_connections_open", 1)
            with pytest.raises((BrokenPipeError, ConnectionResetError)):
                await asyncio.wait_for(sent_for_ever(deaf), DEADLINE)
        await counted(host, "decoys_connections_open", 0)


async def sent_for_ever(client: socket.socket) -> None:
    while True:
        with contextlib.suppress(BlockingIOError):
            client.send(bytes(1 << 16))
        await asyncio.sleep(0.01)


async def test_an_error_ends_its_own_connection_only(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with playing(tmp_path) as host, client(host) as good, client(host) as bad:
        assert await echoed(good, b"before") == b"before"
        assert await echoed(bad, b"boom") == b""
        assert await echoed(good, b"after") == b"after"
        assert host.ctx.counters.snapshot()["decoys_connection_errors"] == 1
    assert "connection failed service=echo decky=web-01" in caplog.text


async def test_a_flooding_client_does_not_starve_another(tmp_path: Path) -> None:
    async with playing(tmp_path) as host, client(host) as loud, client(host) as quiet:
        flood = asyncio.create_task(flooded(loud))
        for number in range(20):
            assert await echoed(quiet, b"%d" % number) == b"%d" % number
        flood.cancel()
        await asyncio.gather(flood, return_exceptions=True)


async def flooded(streams: Streams) -> None:
    reader, writer = streams
    while True:
        writer.write(bytes(1 << 16))
        await reader.read(1 << 16)


async def test_stopping_ends_open_connections_and_frees_the_port(tmp_path: Path) -> None:
    async with playing(tmp_path) as host, client(host) as streams:
        assert await echoed(streams, b"hello") == b"hello"
        await host.worker.stop(host.ctx)
        assert await asyncio.wait_for(streams[0].read(), DEADLINE) == b""
        assert host.ctx.counters.snapshot()["decoys_connections_open"] == 0
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(host.decky.address, host.decky.services["echo"])


async def test_a_connection_that_stops_before_it_is_served_is_released(tmp_path: Path) -> None:
    async with playing(tmp_path) as host:
        (listener,) = host.listeners
        with socket.create_connection((host.decky.address, host.decky.services["echo"])):
            listener._accept()
            await listener.close()
        assert host.ctx.counters.snapshot()["decoys_connections_open"] == 0
        assert host.events() == []


async def test_a_client_that_waits_for_its_turn_when_the_port_closes_is_not_served(tmp_path: Path) -> None:
    async with playing(tmp_path) as host, client(host) as served:
        assert await echoed(served, b"hello") == b"hello"
        (listener,) = host.listeners
        with socket.create_connection((host.decky.address, host.decky.services["echo"])):
            listener._accept()
            await listener.close()  # in which the first connection ends, and the second could have been admitted
        assert not listener._serving
        assert listener._context.fleet.unadmitted == 0


async def test_a_waiting_client_is_accepted_with_all_before_it(tmp_path: Path) -> None:
    async with playing(tmp_path) as host:
        (listener,) = host.listeners
        ((_, port),) = host.decky.services.items()
        with contextlib.ExitStack() as waiting:
            for _ in range(10):
                waiting.enter_context(socket.create_connection((host.decky.address, port)))
            turns = 0
            while host.ctx.counters.snapshot()["decoys_connections_open"] < 10:
                listener._accept()
                await asyncio.sleep(0)  # in which who was accepted is admitted
                turns += 1
            assert turns < 10
        await counted(host, "decoys_connections_open", 0)


async def test_a_newcomer_is_admitted_before_a_crowd_that_was_accepted_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd, newcomer = "127.0.0.2", "127.0.3.1"
    async with playing(tmp_path, connections_per_source=50) as host:
        (listener,) = host.listeners
        listener._account((crowd, 1)).charge(1.0, asyncio.get_running_loop().time())  # what it has used before
        admitted = list[str]()
        monkeypatch.setattr(turn, "is_over", lambda: False)  # on a busy machine it is, after one client
        monkeypatch.setattr(listener, "_admit", lambda peer: admitted.append(peer[0]))
        with contextlib.ExitStack() as waiting:
            for source in (*[crowd] * 40, newcomer):
                place = host.decky.address, host.decky.services["echo"]
                waiting.enter_context(socket.create_connection(place, source_address=(source, 0)))
            async with asyncio.timeout(DEADLINE):
                while len(admitted) < 41:
                    await asyncio.sleep(0)
        assert admitted.index(newcomer) < 20


async def test_clients_beyond_those_that_may_wait_for_their_turn_are_served_after_them(tmp_path: Path) -> None:
    async with playing(tmp_path) as host:
        (listener,) = host.listeners
        listener._context.fleet.most_unadmitted = 2
        async with contextlib.AsyncExitStack() as waiting:
            clients = [await waiting.enter_async_context(client(host)) for _ in range(10)]
            for number, streams in enumerate(clients):
                assert await echoed(streams, b"%d" % number) == b"%d" % number
        assert listener._context.fleet.unadmitted == 0


async def test_a_crowd_of_one_source_keeps_nobody_in_the_kernel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd, newcomer = "127.0.0.2", "127.0.3.1"
    async with playing(tmp_path, connections_per_source=3) as host:
        (listener,) = host.listeners
        fleet = listener._context.fleet
        fleet.most_unadmitted = 5
        monkeypatch.setattr(turn, "is_over", lambda: False)
        with contextlib.ExitStack() as waiting:
            for source in (*[crowd] * 40, newcomer):
                place = host.decky.address, host.decky.services["echo"]
                waiting.enter_context(socket.create_connection(place, source_address=(source, 0)))
            listener._accept()
            assert fleet.unadmitted_of == {crowd: 3, newcomer: 1}
            await counted(host, "decoys_connections_refused", 37)
        async with asyncio.timeout(DEADLINE):
            while fleet.unadmitted:
                await asyncio.sleep(0.01)
        assert not fleet.unadmitted_of


async def test_it_accepts_again_after_accepting_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "RETRY_SECONDS", 0.05)
    async with playing(tmp_path) as host:
        (listener,) = host.listeners
        listener._socket, real = FailsOnce(listener._socket), listener._socket  # type: ignore[assignment]
        async with client(host) as streams:
            assert await echoed(streams, b"hello") == b"hello"
        listener._socket = real
        assert host.ctx.counters.snapshot()["decoys_accept_failed"] == 1


async def test_a_client_that_left_before_it_was_accepted_keeps_nobody_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "RETRY_SECONDS", 10 * DEADLINE)
    async with playing(tmp_path) as host:
        (listener,) = host.listeners
        left = FailsOnce(listener._socket, ConnectionAbortedError(103, "Software caused connection abort"))
        listener._socket, real = left, listener._socket  # type: ignore[assignment]
        async with client(host) as streams:
            assert await echoed(streams, b"hello") == b"hello"
        listener._socket = real
        assert left.failed
        assert "decoys_accept_failed" not in host.ctx.counters.snapshot()


@contextlib.contextmanager
def sender(host: DeckyHost) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.setblocking(False)
        client.connect((host.decky.address, host.decky.services["udp-echo"]))
        yield client


async def answered(client: socket.socket, data: bytes) -> bytes:
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(client, data)
    return await asyncio.wait_for(loop.sock_recv(client, 1 << 16), DEADLINE)


async def test_datagrams_of_one_client_are_one_conversation_until_it_is_silent(tmp_path: Path) -> None:
    async with playing(tmp_path, "udp-echo") as host:
        with sender(host) as client, sender(host) as another:
            assert [await answered(client, data) for data in (b"1", b"22", bytes(60_000))] == [
                b"1",
                b"22",
                bytes(60_000),
            ]
            assert await answered(another, b"3") == b"3"
            first, second = (event.src_port for event in host.events(ConnectionOpened))
            assert (first, second) == (client.getsockname()[1], another.getsockname()[1])
            assert len({event.session for event in host.events(ServiceRequest)}) == 2
            await counted(host, "decoys_connections_open", 0)
            assert await answered(client, b"4") == b"4"
        assert len(host.events(ConnectionOpened)) == 3


async def test_limits_hold_for_datagrams(tmp_path: Path) -> None:
    async with playing(tmp_path, "udp-echo", connections=1, session_bytes=5) as host:
        with sender(host) as client, sender(host) as another:
            assert await answered(client, b"12345") == b"12345"
            another.send(b"x")
            await counted(host, "decoys_connections_refused")
            client.send(b"6")
            await counted(host, "decoys_connections_cut")
            await counted(host, "decoys_connections_open", 0)
            assert await answered(another, b"x") == b"x"


async def test_stopping_frees_a_udp_port_with_conversations_open(tmp_path: Path) -> None:
    async with playing(tmp_path, "udp-echo") as host:
        with sender(host) as client:
            assert await answered(client, b"1") == b"1"
            await host.worker.stop(host.ctx)
            with pytest.raises(ConnectionRefusedError):
                await answered(client, b"2")
        assert host.ctx.counters.snapshot()["decoys_connections_open"] == 0


class FailsOnce:
    """A listening socket whose first `accept` fails, by default because there is no file descriptor left."""

    def __init__(self, real: socket.socket, error: OSError | None = None) -> None:
        self._real = real
        self._error = error or OSError(24, "Too many open files")
        self.failed = False

    def accept(self) -> tuple[socket.socket, Any]:
        if not self.failed:
            self.failed = True
            raise self._error
        return self._real.accept()

    def fileno(self) -> int:
        return self._real.fileno()
