# SPDX-License-Identifier: MIT
"""Many messages under one control line, read at once: handled together, they must fare as they would one by one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from decnet_core.bus.broker.server import Broker
from decnet_core.bus.settings import BusSettings, Role

OpenWire = Callable[..., Awaitable[Any]]
StartBroker = Callable[..., Awaitable[Broker]]

COUNT = 50
RUN = b"".join(b"PUB a 2\r\n%02d\r\n" % number for number in range(COUNT))


def delivered(numbers: range, sid: bytes = b"1") -> bytes:
    return b"".join(b"MSG a %b 2\r\n%02d\r\n" % (sid, number) for number in numbers)


async def test_each_subscriber_gets_each_message_in_order(start_broker: StartBroker, wire: OpenWire) -> None:
    broker = await start_broker()
    here, there = await wire(broker), await wire(broker)
    await there.say(b"SUB a 1\r\nSUB a 2\r\n")
    await there.silent()
    await here.say(RUN)
    await here.silent()
    heard = await there.heard()
    assert heard.count(b"MSG a 1") == heard.count(b"MSG a 2") == COUNT
    assert sorted(heard.split(b"MSG")) == sorted(
        (delivered(range(COUNT)) + delivered(range(COUNT), b"2")).split(b"MSG")
    )
    counters = broker.counters()
    assert (counters["in_messages"], counters["out_messages"]) == (COUNT, 2 * COUNT)


async def test_a_subscription_ends_within_a_run(start_broker: StartBroker, wire: OpenWire) -> None:
    broker = await start_broker()
    client = await wire(broker)
    await client.say(b"SUB a 1\r\nUNSUB 1 7\r\n" + RUN)
    assert await client.heard() == delivered(range(7))
    assert broker.counters()["unrouted"] == COUNT - 7


async def test_each_message_goes_to_one_of_a_group(start_broker: StartBroker, wire: OpenWire) -> None:
    broker = await start_broker()
    client = await wire(broker)
    await client.say(b"SUB a q 1\r\nSUB a q 2\r\n" + RUN)
    heard = await client.heard()
    assert heard.count(b"MSG a") == COUNT
    assert 0 < heard.count(b"MSG a 1") < COUNT


async def test_each_message_that_may_not_be_sent_is_refused(start_broker: StartBroker, wire: OpenWire) -> None:
    mute = Role(name="mute", subscribe=(">",))
    broker = await start_broker(BusSettings(tcp="127.0.0.1:0", no_auth_user="mute", roles=(mute,)))
    client = await wire(broker, tcp=True)
    await client.say(b"SUB a 1\r\n" + RUN)
    assert (await client.heard()).count(b"-ERR 'Permissions Violation for Publish to \"a\"'") == COUNT
    assert broker.counters()["refused"] == COUNT


async def test_each_message_of_a_verbose_client_is_confirmed(start_broker: StartBroker, wire: OpenWire) -> None:
    client = await wire(await start_broker(), '{"verbose":true}')
    await client.hear(b"+OK\r\n")
    await client.say(RUN)
    await client.hear(b"+OK\r\n" * COUNT)


async def test_a_client_without_headers_gets_the_payloads(start_broker: StartBroker, wire: OpenWire) -> None:
    broker = await start_broker()
    here, there = await wire(broker, '{"headers":true}'), await wire(broker)
    await there.say(b"SUB a 1\r\n")
    await there.silent()
    await here.say(b"".join(b"HPUB a 12 14\r\nNATS/1.0\r\n\r\n%02d\r\n" % number for number in range(COUNT)))
    await here.silent()
    assert await there.heard() == delivered(range(COUNT))


@pytest.mark.parametrize("size", [1, 3000, 70_000])
async def test_what_fills_many_chunks_arrives_whole(start_broker: StartBroker, wire: OpenWire, size: int) -> None:
    client = await wire(await start_broker())
    payloads = [bytes([65 + number % 26]) * size for number in range(200_000 // size)]
    await client.say(b"SUB a 1\r\n" + b"".join(b"PUB a %d\r\n%b\r\n" % (size, payload) for payload in payloads))
    await client.hear(b"".join(b"MSG a 1 %d\r\n%b\r\n" % (size, payload) for payload in payloads))


@pytest.mark.parametrize(("size", "count"), [(4096, 40), (20_000, 9), (0, 6_000)])
async def test_what_takes_more_than_one_turn_arrives_whole_and_in_order(
    start_broker: StartBroker, wire: OpenWire, size: int, count: int
) -> None:
    broker = await start_broker()
    here, there = await wire(broker), await wire(broker)
    await there.say(b"SUB a 1\r\n")
    await there.silent()
    payloads = [b"%d" % (number % 10) * size for number in range(count)]
    await here.say(b"".join(b"PUB a %d\r\n%b\r\n" % (size, payload) for payload in payloads))
    await there.hear(b"".join(b"MSG a 1 %d\r\n%b\r\n" % (size, payload) for payload in payloads))


async def test_a_flood_of_small_messages_does_not_keep_others_waiting(
    start_broker: StartBroker, wire: OpenWire
) -> None:
    broker = await start_broker()
    here, other, there = await wire(broker), await wire(broker), await wire(broker)
    await there.say(b"SUB a 1\r\nSUB b 2\r\n")
    await there.silent()
    await asyncio.gather(here.say(b"PUB a 0\r\n\r\n" * 11_000), other.say(b"PUB b 0\r\n\r\n"))
    await here.silent()
    await other.silent()
    heard = await there.heard()
    assert heard.count(b"MSG a 1 0\r\n") == 11_000
    assert not heard.endswith(b"MSG b 2 0\r\n\r\n")
