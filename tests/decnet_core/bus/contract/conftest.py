# SPDX-License-Identifier: MIT
"""The three buses that must behave alike; `ends()` opens one more end of the bus under test."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from decnet_core.bus.broker.server import Broker
from decnet_core.bus.client import connect
from decnet_core.bus.interface import Bus
from decnet_core.bus.memory import MemoryBus

Ends = Callable[[], Awaitable[Bus]]


@contextlib.asynccontextmanager
async def memory() -> AsyncIterator[Ends]:
    bus = MemoryBus()

    async def opened() -> Bus:
        return bus.share()

    yield opened


@contextlib.asynccontextmanager
async def clients_of(url: str) -> AsyncIterator[Ends]:
    ends: list[Bus] = []

    async def opened() -> Bus:
        client = await connect(url, name=f"contract-{len(ends)}", wait=5.0)
        assert client.connected
        ends.append(client)
        return client

    yield opened
    for end in ends:
        await end.close()


@pytest.fixture(params=["memory", "broker", "nats-server"])
async def ends(request: pytest.FixtureRequest, start_broker: Callable[..., Awaitable[Broker]]) -> AsyncIterator[Ends]:
    if request.param == "memory":
        bus = memory()
    elif request.param == "broker":
        bus = clients_of((await start_broker()).address)
    else:
        bus = clients_of(request.getfixturevalue("nats_url"))
    async with bus as opened:
        yield opened
