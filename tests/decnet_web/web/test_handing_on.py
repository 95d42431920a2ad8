# SPDX-License-Identifier: MIT
"""Requests for the API: what it is told, how bodies pass through, and what happens when it is not there."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
from tests.decnet_web.web.conftest import Running, listen, parsed

Start = Callable[..., Awaitable[Running]]


async def test_the_api_is_told_who_asks_and_nothing_that_is_not_its_business(start_web: Start) -> None:
    web = await start_web()
    status, fields, body = await web.get(
        "/api/v1/events?q=%2F..",
        "X-Forwarded-For: 192.0.2.9", "X-Real-IP: 192.0.2.9", "Forwarded: for=192.0.2.9", "X-Forwarded-Proto: https",
        "X_Forwarded_For: 192.0.2.9", "Keep-Alive: 5", "TE: trailers", "Upgrade: websocket", "Connection: X-Secret",
        "X-Secret: 1", "Authorization: Bearer t", "Cookie: a=b",
    )  # fmt: skip
    assert (status, body) == (200, b"hi")
    assert fields["content-security-policy"].startswith("default-src 'none'")
    assert fields["cache-control"] == "no-store"
    (sent,) = web.api.connections
    lines = sent.decode().split("\r\n")
    assert lines[0] == "GET /api/v1/events?q=%2F.. HTTP/1.1"
    assert sorted(filter(None, lines[1:])) == [
        "authorization: Bearer t",
        "connection: close",
        "cookie: a=b",
        "host: localhost",
        "x-forwarded-for: 127.0.0.1",
        "x-forwarded-host: localhost",
        "x-forwarded-proto: http",
    ]


async def test_a_trusted_proxy_names_the_client(start_web: Start) -> None:
    web = await start_web(forwarded_allow=("127.0.0.0/8",))
    status, fields, _ = await web.get("/healthz", "X-Forwarded-For: 203.0.113.5, 192.0.2.9", "X-Forwarded-Proto: https")
    assert b"x-forwarded-for: 192.0.2.9\r\nx-forwarded-proto: https\r\n" in web.api.connections[0]
    assert (status, fields["strict-transport-security"]) == (200, "max-age=31536000")


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
async def test_what_the_api_has_at_its_root_is_asked_there_as_from_elsewhere(start_web: Start, path: str) -> None:
    web = await start_web()
    await web.get(path)
    (sent,) = web.api.connections
    assert sent.startswith(f"GET {path} HTTP/1.1\r\n".encode())
    assert b"\r\nx-forwarded-for: 127.0.0.1\r\n" in sent


async def test_bodies_pass_in_both_framings(start_web: Start) -> None:
    web = await start_web()
    head = b"POST /api/v1/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    await web.say(head + b"Content-Length: 5\r\n\r\nhello")
    await web.say(head + b"Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n")
    first, second = web.api.connections
    assert first.endswith(b"\r\n\r\nhello")
    assert b"content-length: 5\r\n" in first
    assert b"content-length" not in second
    assert second.partition(b"\r\n\r\n")[2] in (b"3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", b"5\r\nhello\r\n0\r\n\r\n")


async def test_a_client_that_waits_for_it_is_told_to_continue(start_web: Start) -> None:
    web = await start_web()
    reader, writer = await asyncio.open_connection("127.0.0.1", web.port)
    writer.write(b"PUT /api/v1/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
    assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    writer.write(b"ok")
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 OK\r\n")
    writer.close()
    assert b"expect" not in web.api.connections[0]


async def test_an_answer_without_length_is_streamed_as_it_comes(start_web: Start) -> None:
    web = await start_web()
    turn: asyncio.Queue[bytes] = asyncio.Queue()

    async def stream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        while piece := await turn.get():
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            await writer.drain()
        writer.write(b"0\r\n\r\n")

    web.api.answer = stream
    reader, writer = await asyncio.open_connection("127.0.0.1", web.port)
    writer.write(b"GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
    await reader.readuntil(b"\r\n\r\n")
    for piece in (b"data: 1\n\n", b"data: 2\n\n"):  # the second is not sent before the first has arrived
        turn.put_nowait(piece)
        async with asyncio.timeout(120):
            assert await reader.readexactly(len(b"9\r\n" + piece + b"\r\n")) == b"9\r\n" + piece + b"\r\n"
    turn.put_nowait(b"")
    assert await reader.readexactly(5) == b"0\r\n\r\n"
    web.api.answer = None
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert parsed(await reader.read())[::2] == (200, b"hi")  # the connection goes on after it
    writer.close()


async def test_a_client_that_goes_ends_its_stream_at_the_api(start_web: Start) -> None:
    web = await start_web()
    begun = asyncio.Event()

    async def stream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n: hello\n\n")
        begun.set()
        await reader.read()  # until web ends the connection

    web.api.answer = stream
    _, writer = await asyncio.open_connection("127.0.0.1", web.port)
    writer.write(b"GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
    await begun.wait()
    writer.close()
    async with asyncio.timeout(120):
        while not web.api.ended or web.ctx.counters.snapshot()["connections"]:
            await asyncio.sleep(0.01)


async def test_a_client_that_does_not_read_stops_the_api_and_is_cut_off(start_web: Start) -> None:
    web = await start_web(stall_seconds=0.5)
    written = 0

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()
            written += 65536

    web.api.answer = flood
    _, writer = await asyncio.open_connection("127.0.0.1", web.port, limit=1024)
    writer.write(b"GET /api/v1/x HTTP/1.1\r\nHost: localhost\r\n\r\n")
    async with asyncio.timeout(120):
        while not web.api.ended:
            await asyncio.sleep(0.01)
    writer.close()
    assert written < 16 << 20  # what the kernel's buffers hold


async def test_an_answer_that_breaks_off_breaks_off_for_the_client_too(start_web: Start) -> None:
    web = await start_web()
    web.api.answers = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhel"

    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(web.api.answers)
        await writer.drain()

    web.api.answer = half
    answer = await web.say(b"GET /api/v1/x HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert not answer.endswith(b"0\r\n\r\n")


@pytest.mark.parametrize(
    "said", [b"", b"rubbish\r\n\r\n", b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", b"HTTP/1.1 200 OK\r\n"]
)
async def test_an_api_that_does_not_answer_is_a_problem(start_web: Start, said: bytes) -> None:
    web = await start_web()

    async def ends(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(said)

    web.api.answer = ends
    status, fields, body = await web.get("/api/v1/x")
    assert (status, fields["content-type"]) == (502, "application/problem+json")
    assert json.loads(body)["status"] == 502


async def test_a_read_that_an_ending_api_has_not_answered_is_asked_again(start_web: Start) -> None:
    web = await start_web()

    async def ends_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        web.api.answer = None

    web.api.answer = ends_once
    assert (await web.get("/api/v1/x"))[::2] == (200, b"hi")
    web.api.answer = ends_once
    assert (await web.get("/api/v1/x", method="DELETE"))[0] == 502  # it may have been done
    assert len(web.api.connections) == 3


async def test_an_api_that_takes_too_long_is_a_problem(start_web: Start) -> None:
    web = await start_web(api_seconds=0.1)

    async def sleeps(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    web.api.answer = sleeps
    assert (await web.get("/api/v1/x"))[0] == 504


async def test_a_request_waits_for_an_api_that_is_being_started(start_web: Start) -> None:
    web = await start_web(with_api=False, wake_seconds=30)
    async with AsyncExitStack() as stack:
        asking = asyncio.ensure_future(web.get("/readyz"))
        await asyncio.sleep(0)
        while not web.ctx.counters.snapshot().get("requests"):
            await asyncio.sleep(0.01)
        await listen(web, stack)
        assert (await asking)[0] == 200


async def test_without_an_api_the_problem_says_what_to_do(start_web: Start) -> None:
    web = await start_web(with_api=False, wake_seconds=0.1)
    status, fields, body = await web.get("/api/v1/x")
    assert (status, fields["retry-after"]) == (503, "5")
    assert b"decnet status" in body


async def test_a_refusal_is_read_before_the_body_is_sent_whole(start_web: Start) -> None:
    web = await start_web()

    async def refuses(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Content Too Large\r\ncontent-length: 0\r\n\r\n")
        await writer.drain()

    web.api.answer = refuses
    answer = await web.say(
        b"POST /api/v1/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900000\r\n\r\n" + b"x" * 400_000
    )
    status, fields, _ = parsed(answer)
    assert (status, fields["connection"]) == (413, "close")


async def test_an_answer_to_head_or_without_content_has_no_body(start_web: Start) -> None:
    web = await start_web()
    web.api.answers = b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n"
    assert (await web.get("/api/v1/x", method="HEAD"))[2] == b""
    web.api.answers = b"HTTP/1.1 204 No Content\r\n\r\n"
    status, fields, body = await web.get("/api/v1/x", method="DELETE")
    assert (status, body) == (204, b"")
    assert "transfer-encoding" not in fields


async def test_an_old_client_gets_a_stream_that_ends_with_the_connection(start_web: Start) -> None:
    web = await start_web()
    web.api.answers = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"
    status, fields, body = parsed(await web.say(b"GET /api/v1/x HTTP/1.0\r\nHost: localhost\r\n\r\n"))
    assert (status, body) == (200, b"hi")
    assert "transfer-encoding" not in fields


async def test_who_came_just_before_it_stops_is_answered(start_web: Start) -> None:
    """A worker that is being parked has accepted a client whose request it has not read."""
    web = await start_web()
    reader, writer = await asyncio.open_connection("127.0.0.1", web.port)
    while not web.ctx.counters.snapshot()["connections"]:
        await asyncio.sleep(0)
    stopping = asyncio.ensure_future(web.worker.stop(web.ctx))
    await asyncio.sleep(0.05)
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert parsed(await reader.read())[::2] == (200, b"hi")
    writer.close()
    await stopping
