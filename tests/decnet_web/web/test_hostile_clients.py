# SPDX-License-Identifier: MIT
"""What attackers try: smuggled requests, foreign names, odd heads, crowds and slowness."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from tests.at_scale import at_scale
from tests.decnet_web.api.hosting.longest_turn import MOST_SECONDS, watched_turns
from tests.decnet_web.api.hosting.test_hostile_requests import leave
from tests.decnet_web.web.conftest import PAGE, Running, parsed

Start = Callable[..., Awaitable[Running]]
SMUGGLED = b"GET /api/v1/smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
        b"Content-Length: 4\r\nContent-Length: 60\r\n",
        b"Content-Length: 4, 60\r\n",
        b"Content-Length: +4\r\n",
        b"Content-Length: 0x4\r\n",
        b"Content-Length: 4_0\r\n",
        b"Content-Length: -1\r\n",
        b"Content-Length:\r\n",
        b"Content-Length : 4\r\n",
        b"Transfer-Encoding: xchunked\r\n",
        b"Transfer-Encoding: chunked, identity\r\n",
        b"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding\t: chunked\r\n",
        b"Transfer-Encoding: \x0bchunked\r\n",
        b"X: y\r\n Transfer-Encoding: chunked\r\n",
        b"X: y\nTransfer-Encoding: chunked\r\n",
        b"X: y\rTransfer-Encoding: chunked\r\n",
        b"X: \0\r\n",
        b": y\r\n",
        b"no colon\r\n",
    ],
)
async def test_a_request_of_unclear_length_is_refused_and_nothing_after_it_is_read(
    start_web: Start, framing: bytes
) -> None:
    web = await start_web()
    answer = await web.say(b"POST /api/v1/x HTTP/1.1\r\nHost: localhost\r\n" + framing + b"\r\n0\r\n\r\n" + SMUGGLED)
    assert parsed(answer)[0] in (400, 501)
    assert answer.count(b"HTTP/1.1 ") == 1
    assert not web.api.connections


@pytest.mark.parametrize(
    "body",
    [
        b"5\r\nhello\n0\r\n\r\n",
        b"5;ext=1\r\nhello\r\n0\r\n\r\n",
        b"5\nhello\r\n0\r\n\r\n",
        b"0x5\r\nhello\r\n0\r\n\r\n",
        b"-5\r\nhello\r\n0\r\n\r\n",
        b" 5\r\nhello\r\n0\r\n\r\n",
        b"123456789\r\nhello\r\n0\r\n\r\n",
        b"3\r\nhello\r\n0\r\n\r\n",
        b"0\r\nX: trailer\r\n\r\n",
        b"\r\n0\r\n\r\n",
        b"x" * 20_000,
    ],
)
async def test_a_malformed_chunk_ends_the_connection(start_web: Start, body: bytes) -> None:
    web = await start_web()
    head = b"POST /api/v1/x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = await web.say(head + body + SMUGGLED)
    assert parsed(answer)[0] == 400
    assert answer.count(b"HTTP/1.1 ") == 1
    assert not any(b"smuggled" in sent for sent in web.api.connections)


async def test_each_request_has_a_connection_of_its_own_to_the_api(start_web: Start) -> None:
    web = await start_web()
    first = b"POST /api/v1/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello"
    last = b"GET /api/v1/y HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    answer = await web.say(first + SMUGGLED + last)  # pipelined, and so three requests of this client
    assert answer.count(b"HTTP/1.1 200 OK") == 3
    assert [sent.split()[1] for sent in web.api.connections] == [b"/api/v1/x", b"/api/v1/smuggled", b"/api/v1/y"]
    assert web.api.connections[0].endswith(b"\r\n\r\nhello")


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
        b"GET  / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/2.0\r\nHost: localhost\r\n\r\n",
        b"GET http://localhost/api/v1/x HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /\xc3\xa4 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"CONNECT / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"TRACE / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"a: b\r\n" * 101 + b"\r\n",
        b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
    ],
)
async def test_what_is_no_request_for_this_server_is_refused(start_web: Start, head: bytes) -> None:
    web = await start_web()
    answer = await web.say(head)
    assert parsed(answer)[0] in (400, 405, 431)
    assert b"Connection: close" in answer
    assert not web.api.connections


@pytest.mark.parametrize(
    "host",
    [
        "attacker.example",
        "attacker.example:8080",
        "localhost.attacker.example",
        "192.0.2.1",
        "",
        "a b",
        "user@localhost",
        "127.0.0.1.nip.io",
        "[::1",
        "2130706433",
    ],
)
async def test_a_name_that_was_bound_to_this_address_is_refused(start_web: Start, host: str) -> None:
    web = await start_web()
    for target in ("/", "/api/v1/x"):
        assert (await web.get(target, host=host))[0] == 421
    assert not web.api.connections


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST:8080", "x.localhost.", "127.0.0.1:1", "[::1]:80", "127.9.9.9", "decnet.example.net"],
)
async def test_its_own_names_are_accepted(start_web: Start, host: str) -> None:
    web = await start_web(hosts=("Decnet.example.net",))
    assert (await web.get("/", host=host))[0] == 200


async def test_more_connections_than_allowed_are_closed_and_counted(start_web: Start) -> None:
    web = await start_web(max_connections_per_source=3)
    opened = [await asyncio.open_connection("127.0.0.1", web.port) for _ in range(3)]
    assert await web.say(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n") == b""
    assert web.ctx.counters.snapshot()["connections_refused"] == 1
    for _, writer in opened:
        writer.close()


async def test_a_client_that_sends_its_head_too_slowly_is_closed(start_web: Start) -> None:
    web = await start_web(head_seconds=0.2)
    assert await web.say(b"GET / HTTP/1.1\r\nHost: ") == b""
    assert web.ctx.counters.snapshot()["deadlines"] == 1


async def test_a_client_that_sends_its_body_too_slowly_is_refused(start_web: Start) -> None:
    web = await start_web(stall_seconds=0.2)
    answer = await web.say(b"POST /api/v1/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nhel")
    assert parsed(answer)[0] == 400


async def test_an_idle_connection_is_closed(start_web: Start) -> None:
    web = await start_web(idle_seconds=1)
    assert parsed(await web.say(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"))[0] == 200


async def test_pipelined_requests_leave_others_their_turns(start_web: Start) -> None:
    """A read may bring thousands of them, all of which were answered without a pause."""
    web = await start_web(idle_seconds=1)
    one = b"GET / HTTP/1.1\r\nHost: localhost\r\n"
    await web.say(one + b"Connection: close\r\n\r\n")  # which lists the files
    with watched_turns() as longest:
        answer = await web.say((one + b"\r\n") * 1000 + one + b"Connection: close\r\n\r\n")
    assert answer.count(b"HTTP/1.1 200 ") == 1001
    assert longest.seconds < MOST_SECONDS, longest.whose


async def test_who_has_reset_the_connection_does_not_say_who_it_was(start_web: Start) -> None:
    """Without an address it would be taken for a local proxy, and another's address counted as the client's."""
    web = await start_web()
    leave(web.port, b"GET /api/v1/x HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n", reset=True)
    await web.get("/api/v1/y")
    assert [sent.partition(b" HTTP")[0] for sent in web.api.connections] == [b"GET /api/v1/y"]
    assert web.worker._site is not None
    async with asyncio.timeout(60):
        while web.worker._site.connections.open:  # the state of another task
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    "sent",
    at_scale(
        [b"", b"GET / HTTP/1.1\r\n", b"POST /api/v1/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\na"],
        always=1,
    ),
)
async def test_a_visitor_is_answered_while_300_sources_hold_600_connections(start_web: Start, sent: bytes) -> None:
    """Two connections of each take all 512 places."""
    web = await start_web()
    sources = [f"127.3.{number // 250}.{number % 250 + 1}" for number in range(300)]
    held = []
    for source in sources * 2:
        held.append(await asyncio.open_connection("127.0.0.1", web.port, local_addr=(source, 0)))
        held[-1][1].write(sent)
    begun = time.monotonic()
    status, _, body = await web.get("/")
    assert (status, body) == (200, PAGE)
    assert time.monotonic() - begun < 1
    for _, writer in held:
        writer.close()


@pytest.mark.parametrize("sent", [b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", b"odd\r\n\r\n"])
async def test_who_has_its_last_answer_and_stays_makes_room_for_a_visitor(
    start_web: Start, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr("decnet_web.web.client._LINGER_SECONDS", 300)
    web = await start_web(max_connections=2, max_connections_per_source=1)
    held = []
    for source in ("127.0.0.2", "127.0.0.3"):
        held.append(await asyncio.open_connection("127.0.0.1", web.port, local_addr=(source, 0)))
        held[-1][1].write(sent)
        await held[-1][0].read()  # to the end of the server's side
    assert (await web.get("/"))[0] == 200
    for _, writer in held:
        writer.close()


async def test_who_takes_no_answer_makes_room_for_a_visitor(start_web: Start, static: Path) -> None:
    (static / "assets" / "large-Bx3f_9aQ.js").write_bytes(bytes(32 << 20))
    web = await start_web(max_connections=2, max_connections_per_source=1, stall_seconds=300)
    held = []
    for source in ("127.0.0.2", "127.0.0.3"):
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.bind((source, 0))
        client.connect(("127.0.0.1", web.port))
        client.sendall(b"GET /assets/large-Bx3f_9aQ.js HTTP/1.1\r\nHost: localhost\r\n\r\n")
        held.append(client)
    async with asyncio.timeout(60):
        while True:  # the state of other tasks
            try:
                assert (await web.get("/"))[0] == 200
                break
            except (IndexError, ConnectionError):
                await asyncio.sleep(0.01)
    for client in held:
        client.close()
