# SPDX-License-Identifier: MIT
"""Who may be the bus: another account that listens in its place is not believed, and what it ordered does not last."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from decnet_core.bus.broker.server import Broker
from decnet_core.bus.client import Client, connect
from decnet_core.bus.interface import BusError
from decnet_core.bus.settings import BusSettings, ClientOptions
from decnet_core.bus.subjects import CONTROL, Control, Health
from decnet_core.runtime.context import Context
from decnet_core.runtime.host import Host, open_context
from decnet_core.runtime.worker import NoSettings, Worker
from decnet_core.settings import Settings

SOON = 120.0
THIEF, BROKER = 65534, 65533
HASTY = ClientOptions(first_retry_seconds=0.01, max_retry_seconds=0.05)

needs_accounts = pytest.mark.skipif(os.geteuid() != 0, reason="needs root and other accounts")


@pytest.fixture
def shared() -> Iterator[Path]:
    """A directory in which every account may make a socket, as `run` used to be."""
    with tempfile.TemporaryDirectory(prefix="decnet-") as name:
        Path(name).chmod(0o777)
        yield Path(name)


@asynccontextmanager
async def broker_of(user: int, path: Path) -> AsyncIterator[Broker]:
    """A broker that listens as `user`; until it does this process is that user, so connect afterwards."""
    broker = Broker(BusSettings(), path)
    os.seteuid(user)
    try:
        await broker.start()
    finally:
        os.seteuid(0)
    try:
        yield broker
    finally:
        await broker.stop()
        path.with_name(f"{path.name}.lock").unlink()  # the next one may be another account's


async def refusal(client: Client) -> str:
    """Wait until the client says why it is not connected to who listens."""
    async with asyncio.timeout(SOON):
        while "listens there" not in client.last_error:
            await asyncio.sleep(0.01)
    return client.last_error


@needs_accounts
async def test_a_server_of_another_account_is_refused(shared: Path) -> None:
    async with broker_of(THIEF, shared / "sock") as broker:
        client = await connect(broker.address, name="worker", options=HASTY)
        assert f"user {THIEF} listens there" in await refusal(client)
        assert not client.connected
        await client.close()


@needs_accounts
@pytest.mark.parametrize("name", ["bus/sock", "bus.sock"])
async def test_the_owner_of_the_sockets_directory_is_the_server(shared: Path, name: str) -> None:
    (shared / "bus").mkdir()
    os.chown(shared / "bus", BROKER, BROKER)
    (shared / "bus.sock").symlink_to("bus/sock")  # its former place
    async with broker_of(BROKER, shared / "bus" / "sock"):
        client = await connect(f"unix://{shared / name}", name="worker", wait=SOON, options=HASTY)
        assert client.connected
        await client.close()


@needs_accounts
async def test_roots_server_is_one_whoever_owns_the_directory(shared: Path) -> None:
    os.chown(shared, BROKER, BROKER)
    async with broker_of(0, shared / "sock") as broker:
        client = await connect(broker.address, name="worker", wait=SOON, options=HASTY)
        assert client.connected
        await client.close()


@needs_accounts
async def test_a_client_finds_the_broker_again_after_an_impostor(shared: Path) -> None:
    async with broker_of(THIEF, shared / "sock") as broker:
        client = await connect(broker.address, name="worker", options=HASTY)
        await refusal(client)
    async with broker_of(0, shared / "sock"):
        assert await client.wait_connected(SOON)
    await client.close()


class Waiting(Worker[NoSettings]):
    """Waits."""

    name = "waiting"

    async def run(self, ctx: Context) -> None:
        await ctx.stopping.wait()


async def test_a_pause_ends_when_the_bus_that_brought_it_is_lost(tmp_path: Path) -> None:
    broker = Broker(BusSettings(), tmp_path / "sock")
    await broker.start()
    settings = Settings({"state": {"dir": str(tmp_path)}, "bus": {"url": broker.address}}, {}, "test")
    ctx = await open_context(Waiting, settings)
    ready = asyncio.Event()
    task = asyncio.ensure_future(Host(Waiting(NoSettings()), ctx).run(ready.set))
    operator = await connect(broker.address, name="operator", wait=SOON)
    try:
        await asyncio.wait_for(ready.wait(), SOON)
        health = await paused(operator)
        assert health.state == "paused"
        assert not ctx.unpaused.is_set()
        await operator.close()
        await broker.stop()
        await asyncio.wait_for(ctx.unpaused.wait(), SOON)
    finally:
        ctx.stop()
        await asyncio.wait_for(task, SOON)


async def paused(operator: Client) -> Health:
    """Order a pause, again until the worker has subscribed."""
    order = msgspec.json.encode(Control("pause"))
    async with asyncio.timeout(SOON):
        while True:
            try:
                answer = await operator.request(CONTROL.of("waiting"), order, timeout=1)
            except (BusError, TimeoutError):
                await asyncio.sleep(0.01)
                continue
            return msgspec.json.decode(answer.payload, type=Health)
