# SPDX-License-Identifier: MIT
"""Clients that wait for a key: served in the order in which they came, in time, and nowhere that must not wait."""

from __future__ import annotations

import asyncio
import time

import pytest
from tests.decnet_decoys.decky_host import DEADLINE
from tests.decnet_decoys.redis.test_lua import client

from decnet_decoys.redis.dispatch import answer
from decnet_decoys.redis.instance import Client
from decnet_decoys.redis.protocol import Encoded, Pushed, encoded
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
        assert await made.written(time.monotonic() + DEADLINE)
        order.append(number)
        made.pass_on()

    tasks = [asyncio.create_task(one(number)) for number in range(50)]
    while len(made) < 50:
        await asyncio.sleep(0)
    made.wake()
    assert len(made) == 49
    await asyncio.gather(*tasks)
    assert order == list(range(50))
