# SPDX-License-Identifier: MIT
"""What strangers send before any log-in: the loop is never held for long, and their answers reach them."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from tests.at_scale import at_scale
from tests.decnet_web.api.hosting.longest_turn import MOST_SECONDS, watched_turns
from tests.decnet_web.api.hosting.test_serving import served, trusting, write_certificate

from decnet_core.net.addresses import parse_network
from decnet_core.net.sockets import listening
from decnet_web.api.hosting import connection, lingering, serving
from decnet_web.api.hosting.tls import Certificate
from decnet_web.api.passage.clients import Clients
from decnet_web.api.settings import ApiSettings

POST = b"POST /api/v1/nothing HTTP/1.1\r\nHost: x\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
GET = b"GET /nothing HTTP/1.1\r\nHost: x\r\n"
LAST = b"GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

ATTACKS = {
    "chunks of one byte": CHUNKED + b"1\r\na\r\n" * 60_000 + b"0\r\n\r\n" + LAST,
    "chunks beyond the largest body": CHUNKED + b"1\r\na\r\n" * 2_000 + b"100000\r\n" + bytes(1 << 20) + b"\r\n",
    "pipelined requests": (GET + b"\r\n") * 500 + LAST,
    "header lines of three bytes": GET + b"a:\n" * 85_000 + b"\r\n",
    "header lines that are folded": GET + b"a:\n " * 60_000 + b"\r\n",
    "fields after a body": CHUNKED + b"1\r\na\r\n0\r\n" + b"a:\n" * 85_000 + b"\r\n",
    "empty lines": b"\r\n" * 100_000,
    "line feeds": b"\n" * 200_000,
    "one header": GET + b"a: " + b"b " * 100_000 + b"\r\n\r\n",
    "one target": b"GET /" + b"%41" * 60_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "a chunk's size without end": CHUNKED + b"0" * 200_000,
    "a chunk's extension without end": CHUNKED + b"1;" + b"a=b;" * 50_000,
    "a malformed chunk": CHUNKED + b"1\r\na\r\n" * 10 + b"z\r\n" + b"1\r\na\r\n" * 30_000,
    "cookies": GET + b"Cookie: " + b"a=b; " * 6_000 + b"c=d\r\nConnection: close\r\n\r\n",
    "no HTTP": b"\x16\x03\x01" + bytes(range(256)) * 800,
}


def talk(port: int, sent: bytes, context: ssl.SSLContext | None = None, *, source: str = "127.0.0.1") -> bytes:
    """Send all, reading only afterwards as simple clients do; return what came until the server ended."""
    plain = socket.create_connection(("127.0.0.1", port), timeout=60, source_address=(source, 0))
    with context.wrap_socket(plain) if context else plain as client:
        with suppress(ConnectionError):  # what it would say of that shows when it is read
            client.sendall(sent)
        answer = b""
        while part := client.recv(65_536):
            answer += part
        return answer


@pytest.mark.parametrize("attack", at_scale(ATTACKS, always=4))
@pytest.mark.parametrize("inside_tls", [False, True])
async def test_no_request_holds_the_loop(tmp_path: Path, attack: str, inside_tls: bool) -> None:
    tcp, context = listening("127.0.0.1", 0), None
    if inside_tls:
        context = Certificate(*map(str, write_certificate(tmp_path, "a.example"))).context
    async with served((tcp, context)):
        port, client = tcp.getsockname()[1], trusting() if inside_tls else None
        await asyncio.to_thread(talk, port, LAST, client)  # what is done once is none of the attacker's
        with watched_turns() as longest:
            answer = await asyncio.to_thread(talk, port, ATTACKS[attack], client)
    assert answer.startswith(b"HTTP/1.1 4")
    assert longest.seconds < MOST_SECONDS, longest.whose


@pytest.mark.parametrize("kib", [32, 40, 64, 128, 200])
@pytest.mark.parametrize("part", ["target", "header", "headers"])
async def test_a_head_that_is_too_long_is_answered_not_reset(kib: int, part: str) -> None:
    filler = kib * 1024 + 4096  # h11 gets as much at once, and a head that ends in it is answered by the application
    heads = {
        "target": b"GET /" + b"a" * filler + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        "header": GET + b"a: " + b"b" * filler + b"\r\n\r\n",
        "headers": GET + (b"a: " + b"b" * 1019 + b"\r\n") * (filler // 1024) + b"\r\n",
    }
    tcp = listening("127.0.0.1", 0)
    async with served((tcp, None)) as server:
        answer = await asyncio.to_thread(talk, tcp.getsockname()[1], heads[part])
        assert server.counters()["requests_malformed"] == 1
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 431 ")
    assert b"content-type: application/problem+json" in head
    assert b"32768 bytes" in body


@pytest.mark.parametrize("kib", [9, 20, 31])
async def test_a_long_target_is_answered_by_the_application(kib: int) -> None:
    tcp = listening("127.0.0.1", 0)
    sent = b"GET /" + b"a" * kib * 1024 + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    async with served((tcp, None)):
        answer = await asyncio.to_thread(talk, tcp.getsockname()[1], sent)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"longer than 8192 bytes" in answer


async def say(port: int, sent: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    return reader, writer


@pytest.mark.parametrize(
    "begun",
    [
        b"GET / HT",
        GET + b"\r\n" + b"GET / HT",
        GET + b"Content-Length: 9\r\n\r\n" + b"a",
        GET + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\na\r\n",
    ],
    ids=["a first head", "a second head", "a body that nobody reads", "chunks that nobody reads"],
)
async def test_who_goes_on_slowly_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, begun: bytes) -> None:
    """Each byte keeps a connection from being idle, so only the time since it could have come counts."""
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.5)
    monkeypatch.setattr(serving, "KEEP_ALIVE_SECONDS", 60)
    tcp = listening("127.0.0.1", 0)
    async with served((tcp, None)):
        reader, writer = await say(tcp.getsockname()[1], begun)
        ended = asyncio.ensure_future(reader.read())
        async with asyncio.timeout(60):
            while not ended.done():
                await asyncio.wait({ended}, timeout=0.1)
                writer.write(b"1\r\na\r\n"[:1])
        writer.close()
    with suppress(ConnectionResetError):
        assert ended.result().count(b"HTTP/1.1 404") <= 1


@pytest.mark.scale
async def test_who_takes_no_answers_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lingering, "STALL_SECONDS", 0.5)
    tcp = listening("127.0.0.1", 0)
    tcp.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)  # its connections have the same: soon full
    async with served((tcp, None)) as server:
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(tcp.getsockname())
        client.setblocking(False)
        loop, requests = asyncio.get_running_loop(), (GET + b"\r\n") * 200
        with client, suppress(ConnectionError):
            async with asyncio.timeout(60):
                while True:
                    await loop.sock_sendall(client, requests)
        assert not server.server_state.connections


async def test_a_body_that_does_not_come_is_not_waited_for_at_the_end(caplog: pytest.LogCaptureFixture) -> None:
    """Each of them was cancelled after two seconds, and its traceback logged."""
    tcp = listening("127.0.0.1", 0)
    async with served((tcp, None)) as server:
        reader, writer = await say(tcp.getsockname()[1], POST + b"Content-Length: 9\r\n\r\na")
        async with asyncio.timeout(60):
            while not server.busy:  # the state of another task
                await asyncio.sleep(0)
        server.end()
        with suppress(ConnectionResetError):
            assert await reader.read() == b""
        writer.close()
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_clients_of_one_source_have_a_part_of_the_places(tmp_path: Path) -> None:
    """Also those that say nothing inside TLS, of whom asyncio's server would not tell yet."""
    tcp = listening("127.0.0.1", 0)
    context = Certificate(*map(str, write_certificate(tmp_path, "a.example"))).context
    async with served((tcp, context), settings=ApiSettings(max_connections=4, max_connections_per_source=2)) as server:
        port = tcp.getsockname()[1]
        silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
        refused, writer = await asyncio.open_connection("127.0.0.1", port)
        with suppress(ConnectionResetError):
            assert await refused.read() == b""
        assert server.counters()["connections_refused"] == 1
        other = await asyncio.open_connection("127.0.0.1", port, local_addr=("127.0.0.2", 0), ssl=trusting())
        other[1].write(LAST)
        assert (await other[0].read()).startswith(b"HTTP/1.1 404")
        for _, one in (*silent, (refused, writer), other):
            one.close()


async def test_a_trusted_proxy_brings_more_clients_than_others() -> None:
    tcp = listening("127.0.0.1", 0)
    limits = ApiSettings(max_connections=4, max_connections_per_source=1)
    async with served((tcp, None), settings=limits, trusted=(parse_network("127.0.0.1"),)) as server:
        opened = [await say(tcp.getsockname()[1], LAST) for _ in range(3)]
        for reader, writer in opened:
            assert (await reader.read()).startswith(b"HTTP/1.1 404")
            writer.close()
        assert server.counters()["connections_refused"] == 0


def leave(port: int, sent: bytes, *, reset: bool = False) -> None:
    """Send all, and read nothing."""
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(sent)
        if reset:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@pytest.mark.parametrize(
    "sent",
    [
        CHUNKED + b"1\r\na\r\n" * 2000 + b"z\r\n",
        GET + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\na\r\n" * 2000 + b"z\r\n",
        b"HEAD /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 9\r\n\r\n",
    ],
    ids=["malformed", "malformed when it is answered", "a body that nobody reads"],
)
async def test_who_has_gone_when_the_connection_is_ended_harms_nobody(
    sent: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """Only the answer to whom has gone resets the connection, and such a connection cannot be half closed."""
    tcp = listening("127.0.0.1", 0)
    async with served((tcp, None)) as server, asyncio.timeout(60):
        port = tcp.getsockname()[1]
        leave(port, sent)  # at once: the server has not accepted it yet
        for there in (True, False):  # the state of another task, which is there for a few turns of the loop at least
            while bool(server.server_state.connections) is not there:
                await asyncio.sleep(0)
        many = await asyncio.to_thread(talk, port, (GET + b"\r\n") * 500 + LAST)
        assert many.count(b"HTTP/1.1 404") == 501
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


@pytest.mark.parametrize("chunks", [0, 2000])
async def test_a_malformed_body_after_a_head_is_answered_without_a_body(
    chunks: int, caplog: pytest.LogCaptureFixture
) -> None:
    """h11 raises for a body that may not be, which was three tracebacks in the log for each such request."""
    tcp = listening("127.0.0.1", 0)
    sent = CHUNKED.replace(b"POST", b"HEAD") + b"1\r\na\r\n" * chunks + b"z\r\n"
    async with served((tcp, None)) as server:
        answer = await asyncio.to_thread(talk, tcp.getsockname()[1], sent)
        assert server.counters()["requests_malformed"] == 1
    assert answer.startswith(b"HTTP/1.1 4")
    assert answer.endswith(b"\r\n\r\n")
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_who_has_reset_the_connection_does_not_say_who_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an address it would be taken for a local proxy, and another's address counted as the client's."""
    asked = list[Any]()
    monkeypatch.setattr(Clients, "_resolve", lambda _, scope: asked.append(scope["client"]))
    tcp = listening("127.0.0.1", 0)
    async with served((tcp, None)):
        port = tcp.getsockname()[1]
        leave(port, GET + b"X-Forwarded-For: 192.0.2.1\r\n\r\n", reset=True)
        await asyncio.to_thread(talk, port, LAST)
    assert [client and client[0] for client in asked] == ["127.0.0.1"]


@pytest.mark.parametrize("sent", at_scale([b"", GET, POST + b"Content-Length: 9\r\n\r\na"], always=1))
async def test_a_visitor_is_answered_while_300_sources_hold_600_connections(sent: bytes) -> None:
    """Two connections of each take all 512 places."""
    tcp = listening("127.0.0.1", 0)
    port, sources = tcp.getsockname()[1], [f"127.3.{number // 250}.{number % 250 + 1}" for number in range(300)]
    async with served((tcp, None)) as server:
        assert (await asyncio.to_thread(talk, port, LAST)).startswith(b"HTTP/1.1 404")  # what is loaded once
        held = []
        for source in sources * 2:
            held.append(await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0)))
            held[-1][1].write(sent)
        begun = time.monotonic()
        reader, writer = await say(port, LAST)
        assert (await reader.read()).startswith(b"HTTP/1.1 404")
        assert time.monotonic() - begun < 1
        assert server.counters()["connections_evicted"] >= 1
        for _, one in (*held, (reader, writer)):
            one.close()


async def test_who_waits_for_an_answer_keeps_its_place() -> None:
    answering = asyncio.Event()

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await answering.wait()
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    tcp = listening("127.0.0.1", 0)
    server = serving.Server(application, ApiSettings(max_connections=2, max_connections_per_source=2))
    running = asyncio.ensure_future(server.serve_on([(tcp, None)]))
    await server.begun.wait()
    listeners = [await say(tcp.getsockname()[1], LAST) for _ in range(2)]
    async with asyncio.timeout(60):
        while len(server.server_state.tasks) < 2:  # the state of another task
            await asyncio.sleep(0)
    reader, writer = await asyncio.open_connection("127.0.0.1", tcp.getsockname()[1], local_addr=("127.0.0.2", 0))
    assert await reader.read() == b""
    answering.set()
    for other, _ in listeners:
        assert (await other.read()).startswith(b"HTTP/1.1 204")
    assert (server.counters()["connections_refused"], server.counters()["connections_evicted"]) == (1, 0)
    for one in (writer, *(one for _, one in listeners)):
        one.close()
    server.end()
    await running


@pytest.mark.scale
async def test_who_takes_no_answers_makes_room_for_a_visitor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lingering, "STALL_SECONDS", 300)
    tcp = listening("127.0.0.1", 0)
    tcp.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    async with served((tcp, None), settings=ApiSettings(max_connections=1)) as server:
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(tcp.getsockname())
        client.setblocking(False)
        loop, requests = asyncio.get_running_loop(), (GET + b"\r\n") * 200

        async def send_on() -> None:
            with suppress(ConnectionError):
                while True:
                    await loop.sock_sendall(client, requests)

        sending = asyncio.ensure_future(send_on())
        async with asyncio.timeout(60):
            while not any(
                isinstance(one, connection.Connection) and one.flow.write_paused
                for one in server.server_state.connections
            ):
                await asyncio.sleep(0.01)  # the state of another task
            answer = await asyncio.to_thread(talk, tcp.getsockname()[1], LAST, source="127.0.0.2")
            await sending
        client.close()
        assert answer.startswith(b"HTTP/1.1 404")
        assert server.counters()["connections_evicted"] == 1
