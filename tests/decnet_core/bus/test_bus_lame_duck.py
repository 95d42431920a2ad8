# SPDX-License-Identifier: MIT
"""A broker that goes away in good order: nobody is let in, clients are told, those that stay are closed one by one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from decnet_core.bus.broker.server import Broker
from decnet_core.bus.client import connect
from decnet_core.bus.settings import BusSettings

OpenWire = Callable[..., Awaitable[Any]]
StartBroker = Callable[..., Awaitable[Broker]]

SOON = 120.0
AT_ONCE = BusSettings(lame_duck_grace_seconds=0, lame_duck_seconds=0)


async def test_a_client_is_told_and_may_go_on(start_broker: StartBroker, wire: OpenWire) -> None:
    broker = await start_broker(BusSettings(lame_duck_grace_seconds=60))
    client = await wire(broker, '{"protocol":1}')
    await client.silent()
    retiring = asyncio.create_task(broker.retire())
    assert (await client.info()).ldm
    await client.say(b"SUB a 1\r\nPUB a 1\r\nx\r\n")
    assert await client.heard() == b"MSG a 1 1\r\nx\r\n"
    client.close()
    await asyncio.wait_for(retiring, SOON)
    assert broker.counters()["connections"] == 0


async def test_nobody_is_let_in_and_a_successor_can_have_the_name(
    start_broker: StartBroker, wire: OpenWire, tmp_path: Path
) -> None:
    broker = await start_broker(BusSettings(lame_duck_grace_seconds=60))
    client = await wire(broker, '{"protocol":1}')
    await client.silent()
    retiring = asyncio.create_task(broker.retire())
    await client.info()
    with pytest.raises(FileNotFoundError):
        await asyncio.open_unix_connection(tmp_path / "bus.sock")
    successor = await start_broker()
    await (await wire(successor)).silent()
    await client.silent()
    client.close()
    await asyncio.wait_for(retiring, SOON)
    await (await wire(successor)).silent()


async def test_who_stays_is_closed_in_turn(start_broker: StartBroker, wire: OpenWire) -> None:
    broker = await start_broker(BusSettings(lame_duck_grace_seconds=0, lame_duck_seconds=0.9))
    clients = [await wire(broker) for _ in range(3)]
    for client in clients:
        await client.silent()
    ends: list[float] = []

    async def until_closed(client: Any) -> None:
        assert await client.rest() == b""
        ends.append(time.monotonic())

    began = time.monotonic()
    await asyncio.gather(broker.retire(), *map(until_closed, clients))
    ends.sort()
    assert ends[2] - began >= 0.55  # the third is closed after two pauses of 0.3 s
    assert ends[1] - began >= 0.25


async def test_a_client_that_does_not_read_cannot_keep_the_broker(start_broker: StartBroker, wire: OpenWire) -> None:
    broker = await start_broker(AT_ONCE)
    client = await wire(broker)
    await client.say(b"SUB a 1\r\n")
    await client.silent()
    for _ in range(40):
        await client.say(b"PUB a 100000\r\n" + bytes(100_000) + b"\r\n")
    await asyncio.wait_for(broker.retire(), SOON)


async def test_our_client_moves_to_the_successor_and_loses_nothing_it_said(start_broker: StartBroker) -> None:
    broker = await start_broker(BusSettings(lame_duck_grace_seconds=60))
    client = await connect(broker.address, name="mover", wait=SOON)
    observer = await connect(broker.address, name="observer", wait=SOON)
    inbox = await client.subscribe("events.a")
    heard = await observer.subscribe("events.last")
    client.publish("events.last", b"before")
    retiring = asyncio.create_task(broker.retire())
    assert (await heard.next(SOON)).payload == b"before"
    await asyncio.wait_for(retiring, SOON)  # both have left by themselves
    client.publish("events.a", b"meanwhile")
    await start_broker()
    assert (await inbox.next(SOON)).payload == b"meanwhile"
    assert client.counters()["connections"] == 2
    for one in (client, observer):
        await one.close()
