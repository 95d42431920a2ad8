# SPDX-License-Identifier: MIT
"""The sender against receivers on loopback that answer several requests at once, some of them, or unasked."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from decnet_workers.outbound.dial import Dialler
from decnet_workers.outbound.target import Target, parse_target
from decnet_workers.webhook.outcome import Failed, Reply
from decnet_workers.webhook.transports.http_sender import (
    MAX_IN_FLIGHT,
    MAX_IN_FLIGHT_BYTES,
    SINGLE_REQUESTS,
    HttpSender,
)

OK = b"HTTP/1.1 204 X\r\n\r\n"
LAST = b"HTTP/1.1 204 X\r\nConnection: close\r\n\r\n"

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Endpoint:
    """A server whose connections are served by one function after another, the last one for all that come later."""

    def __init__(self) -> None:
        self.received: list[str] = []
        self.connections = 0
        self.serves: list[Serve] = []
        self.serving: set[asyncio.Task[None]] = set()
        self.target: Target
        self.sender = HttpSender(
            Dialler("webhook", allowed=(), connect_seconds=30), attempt_seconds=30, idle_seconds=30
        )

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self.serving.add(task)
        with contextlib.closing(writer), contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await self.serves[min(self.connections, len(self.serves)) - 1](reader, writer)

    async def close(self) -> None:
        self.sender.close()
        for task in self.serving:
            task.cancel()
        await asyncio.gather(*self.serving, return_exceptions=True)
        await asyncio.sleep(0)  # transports close at the next turn of the loop

    async def read(self, reader: asyncio.StreamReader) -> None:
        self.received.append((await reader.readuntil(b"\r\n\r\n")).split()[1].decode())

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer each request at once."""
        while True:
            await self.read(reader)
            writer.write(OK)

    def answering(self, count: int, last: bytes = OK) -> Serve:
        """Answer so many requests, the last one with `last`, and close when one more has come."""

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            for number in range(count):
                await self.read(reader)
                writer.write(last if number == count - 1 else OK)
            await writer.drain()
            await reader.readuntil(b"\r\n\r\n")

        return serve

    async def post(self, names: list[str], size: int = 0) -> list[Reply | Failed]:
        requests = [f"POST {name} HTTP/1.1\r\nContent-Length: 0\r\nX: {'x' * size}\r\n\r\n".encode() for name in names]
        return await self.sender.post(self.target, requests, allow_private=True)

    async def post_all(self, names: list[str], size: int = 0) -> list[int]:
        """Send all, as the queue does; return the numbers of outcomes."""
        counts = []
        while names:
            outcomes = await self.post(names, size)
            assert outcomes == [Reply(204)] * len(outcomes)
            counts.append(len(outcomes))
            names = names[len(outcomes) :]
        return counts


@pytest.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    made = Endpoint()
    made.serves = [made.answer]
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.target = parse_target(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
    yield made
    server.close()
    await made.close()


def names(count: int) -> list[str]:
    return [f"/{number}" for number in range(count)]


async def test_more_and_more_requests_are_under_way_at_once(endpoint: Endpoint) -> None:
    async def together(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for group in (1, 2, 4, 8, 16, 16):  # one at a time would wait here for ever
            for _ in range(group):
                await endpoint.read(reader)
            writer.write(OK * group)
        await reader.read()

    endpoint.serves = [together]
    assert await endpoint.post_all(names(47)) == [1, 2, 4, 8, MAX_IN_FLIGHT, MAX_IN_FLIGHT]
    assert endpoint.received == names(47)
    assert endpoint.connections == 1


async def test_large_requests_are_under_way_one_at_a_time(endpoint: Endpoint) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await reader.readuntil(b"X: ")
            await reader.readuntil(b"\r\n\r\n")
            writer.write(OK)

    endpoint.serves = [answer]
    assert await endpoint.post_all(names(4), MAX_IN_FLIGHT_BYTES // 2 + 1) == [1] * 4


async def test_what_a_failing_receiver_is_given_is_one_request(endpoint: Endpoint) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await endpoint.read(reader)
            writer.write(b"HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n")

    endpoint.serves = [refuse]
    for _ in range(3):
        assert await endpoint.post(names(5)) == [Reply(503)]
    assert endpoint.received == ["/0"] * 3


async def test_a_receiver_that_announces_the_end_of_its_connection_keeps_its_pace(endpoint: Endpoint) -> None:
    endpoint.serves = [endpoint.answering(5, LAST), endpoint.answer]
    assert await endpoint.post_all(names(12)) == [1, 2, 2, 1, 2, 4]
    assert endpoint.received == names(12)
    assert endpoint.connections == 2


async def test_a_receiver_that_takes_one_request_at_a_time_is_sent_one_at_a_time(endpoint: Endpoint) -> None:
    endpoint.serves = [endpoint.answering(2), endpoint.answer]
    assert await endpoint.post_all(names(9)) == [1, 1] + [1] * 7
    assert endpoint.received == names(9)


async def test_and_tried_with_more_after_a_while(endpoint: Endpoint) -> None:
    endpoint.serves = [endpoint.answering(2), endpoint.answer]
    counts = await endpoint.post_all(names(SINGLE_REQUESTS + 10))
    assert counts[:SINGLE_REQUESTS] == [1] * SINGLE_REQUESTS
    assert max(counts) > 1


async def test_the_answer_to_a_group_may_take_its_time_per_request(endpoint: Endpoint) -> None:
    async def slowly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await endpoint.read(reader)
            await asyncio.sleep(0.3)
            writer.write(OK)

    endpoint.serves = [slowly]
    endpoint.sender = HttpSender(Dialler("webhook", allowed=(), connect_seconds=30), attempt_seconds=2, idle_seconds=30)
    assert await endpoint.post_all(names(15)) == [1, 2, 4, 8]
    assert endpoint.connections == 1


async def test_one_that_stops_answering_within_a_group_is_left(endpoint: Endpoint) -> None:
    async def stall(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(2):
            await endpoint.read(reader)
            writer.write(OK)
        await reader.read()

    endpoint.serves = [stall, endpoint.answer]
    endpoint.sender = HttpSender(Dialler("webhook", allowed=(), connect_seconds=30), attempt_seconds=2, idle_seconds=30)
    assert await endpoint.post_all(names(4)) == [1, 1, 1, 1]
    assert endpoint.connections == 2


async def test_what_comes_unasked_is_not_taken_for_an_answer(endpoint: Endpoint) -> None:
    closed = asyncio.Event()

    async def chatter(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await endpoint.read(reader)
        writer.write(OK)
        await writer.drain()
        await asyncio.sleep(0.1)
        writer.write(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")
        assert await reader.read() == b""
        closed.set()

    endpoint.serves = [chatter, endpoint.answer]
    assert await endpoint.post(["/a"]) == [Reply(204)]
    await asyncio.wait_for(closed.wait(), 120)
    assert await endpoint.post(["/b"]) == [Reply(204)]


async def test_more_answers_than_requests_close_the_connection(endpoint: Endpoint) -> None:
    async def twice(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await endpoint.read(reader)
            writer.write(OK * 2)

    endpoint.serves = [twice]
    assert await endpoint.post_all(names(3)) == [1, 1, 1]
    assert endpoint.connections == 3


async def test_no_answer_at_all_is_a_failure(endpoint: Endpoint) -> None:
    endpoint.serves = [endpoint.answering(0)]
    assert await endpoint.post(names(2)) == [Failed("the connection was closed without an answer")]
    assert endpoint.connections == 1
