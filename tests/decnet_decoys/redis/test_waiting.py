# SPDX-License-Identifier: MIT
"""Clients that wait for a key: served in the order in which they came, in time, and nowhere that must not wait."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.decnet_decoys.decky_host import DEADLINE, DeckyHost, fleet_settings
from tests.decnet_decoys.redis.test_lua import client

from decnet_core.events.catalogue import ServiceRequest
from decnet_decoys.redis.dispatch import answer
from decnet_decoys.redis.instance import Client
from decnet_decoys.redis.protocol import Encoded, Pushed, encoded
from decnet_decoys.redis.service import RedisService
from decnet_decoys.redis.waiting import Waiting


async def said(one: Client, line: str) -> bytes:
    return encoded(await answer(one, line.encode().split()), one.version)


def beside(one: Client) -> Client:
    """Return another client of the same server."""
    return Client(one.instance, ("192.0.2.3", 1), ("192.0.2.2", 6379))


async def waiting(one: Client, count: int) -> None:
    async with asyncio.timeout(DEADLINE):
        while len(one.instance.waiting) < count:
            await asyncio.sleep(0)


async def test_first_who_waits_gets_the_first_element() -> None:
    one = client()
    one.instance.longest_wait = DEADLINE
    first = asyncio.create_task(said(beside(one), "BLPOP q 0"))
    await waiting(one, 1)
    second = asyncio.create_task(said(beside(one), "BLPOP q 0"))
    await waiting(one, 2)
    assert await said(one, "RPUSH q a") == b":1\r\n"
    assert await first == b"*2\r\n$1\r\nq\r\n$1\r\na\r\n"
    assert not second.done()
    assert await said(one, "RPUSH q b") == b":1\r\n"
    assert await second == b"*2\r\n$1\r\nq\r\n$1\r\nb\r\n"
    assert len(one.instance.waiting) == 0


async def test_all_who_read_a_stream_are_told_of_an_entry() -> None:
    one = client()
    one.instance.longest_wait = DEADLINE
    readers = [asyncio.create_task(said(beside(one), "XREAD BLOCK 0 STREAMS s $")) for _ in range(5)]
    await waiting(one, 5)
    await said(one, "XADD s 1-1 a b")
    assert {await reader for reader in readers} == {
        b"*1\r\n*2\r\n$1\r\ns\r\n*1\r\n*2\r\n$3\r\n1-1\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n"
    }


async def test_write_that_is_not_waited_for_leaves_who_waits_waiting() -> None:
    one = client()
    one.instance.longest_wait = DEADLINE
    waits = asyncio.create_task(said(beside(one), "BRPOP q 0"))
    await waiting(one, 1)
    for number in range(20):
        await said(one, f"SET other {number}")
    await waiting(one, 1)
    assert not waits.done()
    waits.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waits
    assert len(one.instance.waiting) == 0


async def test_time_that_is_over_is_no_list() -> None:
    one = client()
    one.instance.longest_wait = DEADLINE
    assert await said(one, "BLPOP q 0.01") == b"*-1\r\n"
    assert await said(one, "BLMOVE q r LEFT RIGHT 0.01") == b"*-1\r\n"
    assert not one.leaves


async def test_client_that_waits_longer_than_one_may_be_silent_leaves() -> None:
    one = client()
    one.instance.longest_wait = 0.01
    assert await answer(one, [b"BLPOP", b"q", b"0"]) == Pushed([])
    assert one.leaves


async def test_transaction_and_script_do_not_wait() -> None:
    one = client()
    one.instance.longest_wait = DEADLINE
    began = time.monotonic()
    await said(one, "MULTI")
    assert await said(one, "BLPOP q 0") == b"+QUEUED\r\n"
    assert await answer(one, [b"EXEC"]) == Encoded([b"*-1\r\n"])
    script = b"return type(redis.call('blpop', 'q', 0))"
    assert await answer(one, [b"EVAL", script, b"0"]) is not None
    assert time.monotonic() - began < DEADLINE / 2


async def test_script_on_a_replica_writes_nothing() -> None:
    one = client()
    one.instance.master = ("192.0.2.9", "6379")
    reply = encoded(await answer(one, [b"EVAL", b"return redis.call('set', 'a', 'b')", b"0"]), 2)
    assert reply.startswith(b"-READONLY You can't write against a read only replica.")
    assert one.keys.get(b"a") is None


async def test_write_wakes_one_client_at_a_time() -> None:
    made = Waiting()
    order: list[int] = []

    async def one(number: int) -> None:
        assert await made.written(made.joined(), time.monotonic() + DEADLINE)
        order.append(number)
        made.pass_on()

    tasks = [asyncio.create_task(one(number)) for number in range(50)]
    while len(made) < 50:
        await asyncio.sleep(0)
    made.wake()
    assert len(made) == 49
    await asyncio.gather(*tasks)
    assert order == list(range(50))


async def test_who_waits_past_the_bound_of_consumers_wakes_nobody() -> None:
    one = client()
    one.instance.longest_wait = DEADLINE
    await said(one, "XGROUP CREATE s g $ MKSTREAM")
    for number in range(100):
        await said(one, f"XREADGROUP GROUP g c{number} STREAMS s 0")
    readers = [asyncio.create_task(said(beside(one), f"XREADGROUP GROUP g {n} BLOCK 0 STREAMS s >")) for n in "ab"]
    await waiting(one, 2)
    before = one.instance.changes, one.instance.used["xreadgroup"]
    await said(one, "SET other x")
    for _ in range(100):
        await asyncio.sleep(0)
    assert (one.instance.changes - before[0], one.instance.used["xreadgroup"] - before[1]) == (2, 2)
    for reader in readers:
        reader.cancel()
    await asyncio.gather(*readers, return_exceptions=True)


@pytest.mark.parametrize("command", ["BZPOPMIN", "BZPOPMAX"])
async def test_score_that_was_waited_for_comes_with_its_key(command: str) -> None:
    """As redis-server 7.0.15 answers in both versions of the protocol."""
    one = client()
    for version, answered in (
        (2, b"*3\r\n$1\r\nz\r\n$1\r\na\r\n$1\r\n1\r\n"),
        (3, b"*3\r\n$1\r\nz\r\n$1\r\na\r\n,1\r\n"),
    ):
        one.version = version
        await said(one, "ZADD z 1 a")
        assert await said(one, f"{command} z 0") == answered


async def test_who_leaves_passes_on_what_woke_it() -> None:
    one = client()
    one.instance.longest_wait = DEADLINE
    first, second = beside(one), beside(one)
    tasks = [asyncio.create_task(said(each, "BLPOP q 0")) for each in (first, second)]
    await waiting(one, 2)
    await said(one, "RPUSH q a")
    first.leave()
    assert await tasks[0] == b""
    assert await tasks[1] == b"*2\r\n$1\r\nq\r\n$1\r\na\r\n"


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[DeckyHost]:
    made = DeckyHost(tmp_path, fleet_settings("mail-server", offers=("redis",)))
    await made.open()
    yield made
    await made.close()


@pytest.mark.parametrize("behind", [b"", b"PING\r\n" * 3])
async def test_end_of_a_client_that_waits_is_noticed(host: DeckyHost, behind: bytes) -> None:
    service = host.listeners[0]._service
    assert isinstance(service, RedisService)
    _, writer = await asyncio.open_connection(host.decky.address, host.decky.services["redis"])
    writer.write(b"BLPOP secret-queue 0\r\n" + behind)
    async with asyncio.timeout(DEADLINE):
        while not len(service.instance.waiting):
            await asyncio.sleep(0.001)
        writer.close()
        while service.instance.connected or len(service.instance.waiting):
            await asyncio.sleep(0.001)
    found = await host.until(ServiceRequest, 1 + behind.count(b"\n"))
    assert (found[0].action, found[0].detail) == ("BLPOP", {"ARGS": "secret-queue 0"})
    assert [one.action for one in found[1:]] == ["PING"] * behind.count(b"\n")


async def test_what_was_asked_before_a_wait_is_answered_at_once_and_what_comes_meanwhile_after_it(
    host: DeckyHost,
) -> None:
    address, port = host.decky.address, host.decky.services["redis"]
    reader, writer = await asyncio.open_connection(address, port)
    _, other = await asyncio.open_connection(address, port)
    async with asyncio.timeout(DEADLINE):
        writer.write(b"PING\r\nBLPOP q 0\r\nECHO x\r\n")
        assert await reader.readexactly(7) == b"+PONG\r\n"
        writer.write(b"ECHO y\r\n")
        other.write(b"RPUSH q a\r\n")
        answered = b"*2\r\n$1\r\nq\r\n$1\r\na\r\n$1\r\nx\r\n$1\r\ny\r\n"
        assert await reader.readexactly(len(answered)) == answered
    for one in (writer, other):
        one.close()
